"""One figure over all rules: how well each learns, what it costs, what its layers wait for."""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from dni_np.pictures.scales import percent_axis
from dni_np.pictures.style import STYLE, finish, legend_above, width_of
from dni_np.rules.rule import LOCKS

TEST, TRAIN, COST, LOCKED = "C3", "0.5", "C0", "0.3"


@dataclass(frozen=True)
class Line:
    """One rule; errors in percent."""

    name: str
    test_errors: list  # of each seed
    train_error: float  # the mean over the seeds, as all that follows
    # Of the gradient a core learns from (or of its guess) with the true one, lowest first; or []
    cosines: list
    seconds: float
    megabytes: float | None
    locks: tuple  # what a layer waits for
    guess_locks: tuple | None = None  # what its guess waits for; None where nothing is guessed


def overview(lines, title):
    """Lines from the best to the worst: errors, cosines of gradients, costs, squares for locks."""
    lines = sorted(lines, key=lambda line: np.nan_to_num(np.mean(line.test_errors), nan=np.inf))
    costs = {
        "training (s)": [line.seconds for line in lines],
        "memory (MB)": [line.megabytes for line in lines],
    }
    costs = {name: values for name, values in costs.items() if None not in values}
    with rc_context({**STYLE, "axes.grid.axis": "x"}):
        names = max(width_of(line.name, 10) for line in lines) / 72  # inches
        figure = Figure(figsize=(11.5 + names, 1.7 + 0.27 * len(lines)), layout="constrained")
        figure.get_layout_engine().set(wspace=0.04)
        first, second, *others, layers, guesses = figure.subplots(
            1, 4 + len(costs), sharey=True, width_ratios=(4, 2, *(2 for _ in costs), 1.2, 1.2)
        )
        _errors(first, lines)
        _cosines(second, lines)
        for axes, (name, values) in zip(others, costs.items()):
            axes.barh(range(len(lines)), values, color=COST, height=0.6)
            axes.set(xlabel=name)
        _locks(layers, [line.locks for line in lines], "a layer\nwaits for")
        _locks(guesses, [line.guess_locks for line in lines], "its guess\nwaits for")
        first.set_yticks(range(len(lines)), [line.name for line in lines])
        first.set_ylim(len(lines) - 0.4, -0.6)
        finish(figure, title)
        return figure


def _errors(axes, lines):
    for i, line in enumerate(lines):  # from the best seed to the worst
        style = {"color": TEST, "alpha": 0.4, "marker": "|", "linewidth": 2}
        axes.plot(line.test_errors, [i] * len(line.test_errors), **style)
    y = range(len(lines))
    means = [np.mean(line.test_errors) for line in lines]
    axes.plot(means, y, "o", color=TEST, label="test")
    train = [line.train_error for line in lines]
    axes.plot(train, y, "o", color=TRAIN, fillstyle="none", label="training")
    percent_axis(axes, "error (%)", "x")
    legend_above(axes)


def _cosines(axes, lines):
    for i, line in enumerate(lines):
        n = len(line.cosines)
        shades = colormaps["viridis"](np.linspace(0.1, 0.8, max(n, 1)))[:n]
        axes.scatter(line.cosines, [i] * n, color=shades, s=25)
    axes.axvline(0, color="0.5", linestyle=":", linewidth=1)
    low = min([0, *(cosine for line in lines for cosine in line.cosines)])
    axes.set(xlabel="cosine with the true\ngradient (dark: lowest)", xlim=(low - 0.15, 1.05))


def _locks(axes, locks_of_each, title):
    for i, locks in enumerate(locks_of_each):
        for j, lock in enumerate(LOCKS if locks is not None else ()):
            face = LOCKED if lock in locks else "none"
            axes.scatter(j, i, marker="s", s=60, facecolor=face, edgecolor="0.7", linewidth=0.5)
    axes.set(xlabel=title, xlim=(-0.6, 2.6))
    axes.set_xticks(range(len(LOCKS)), LOCKS, rotation=90, fontsize=8)
    axes.grid(False)
