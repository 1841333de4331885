"""One figure over all rules: how well each learns, what it costs, what its layers wait for."""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from dni_np.experiments.plotting import STYLE, percent_axis, plain
from dni_np.rules.rule import LOCKS

TEST, TRAIN, COST, LOCKED = "C3", "0.5", "C0", "0.3"
LEAST = 0.01  # percent: on a log scale smaller errors are drawn here


@dataclass(frozen=True)
class Line:
    """One rule; errors in percent."""

    name: str
    test_errors: list  # of each seed
    train_error: float  # the mean over the seeds, as all that follows
    cosines: list  # of the gradient that a core learns from (or of its guess) with the true one, lowest core first; or []
    seconds: float
    megabytes: float | None
    locks: tuple


def overview(lines, title):
    """Lines from the best to the worst: errors, how true the gradients are, seconds, memory, and a square for each lock."""
    lines = sorted(lines, key=lambda line: np.mean(line.test_errors))
    costs = {"training (s)": [line.seconds for line in lines], "memory (MB)": [line.megabytes for line in lines]}
    costs = {name: values for name, values in costs.items() if None not in values}
    with rc_context({**STYLE, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(11.5, 1.4 + 0.27 * len(lines)), layout="constrained")
        first, second, *others, last = figure.subplots(
            1, 3 + len(costs), sharey=True, width_ratios=(4, 2, *(2 for _ in costs), 1.2)
        )
        _errors(first, lines)
        _cosines(second, lines)
        for axes, (name, values) in zip(others, costs.items()):
            axes.barh(range(len(lines)), values, color=COST, height=0.6)
            axes.set(xlabel=name)
        _locks(last, lines)
        first.set_yticks(range(len(lines)), [line.name for line in lines])
        first.set_ylim(len(lines) - 0.4, -0.6)
        figure.suptitle(plain(title))
        return figure


def _errors(axes, lines):
    def shown(errors):
        return np.maximum(errors, LEAST)

    for i, line in enumerate(lines):  # from the best seed to the worst
        axes.plot(shown(line.test_errors), [i] * len(line.test_errors), color=TEST, alpha=0.4, marker="|", linewidth=2)
    y = range(len(lines))
    axes.plot(shown([np.mean(line.test_errors) for line in lines]), y, "o", color=TEST, label="test")
    axes.plot(shown([line.train_error for line in lines]), y, "o", color=TRAIN, fillstyle="none", label="training")
    percent_axis(axes, "error (%)", "x")
    axes.legend(loc="upper right", fontsize=8)


def _cosines(axes, lines):
    for i, line in enumerate(lines):
        n = len(line.cosines)
        axes.scatter(line.cosines, [i] * n, color=colormaps["viridis"](np.linspace(0.1, 0.8, max(n, 1)))[:n], s=25)
    axes.axvline(0, color="0.5", linestyle=":", linewidth=1)
    low = min([0, *(cosine for line in lines for cosine in line.cosines)])
    axes.set(xlabel="cosine with the true\ngradient (dark: lowest)", xlim=(low - 0.15, 1.05))


def _locks(axes, lines):
    for i, line in enumerate(lines):
        for j, lock in enumerate(LOCKS):
            face = LOCKED if lock in line.locks else "none"
            axes.scatter(j, i, marker="s", s=60, facecolor=face, edgecolor="0.7", linewidth=0.5)
    axes.set(xlabel="waits for", xlim=(-0.6, 2.6))
    axes.set_xticks(range(len(LOCKS)), LOCKS, rotation=90, fontsize=8)
    axes.grid(False)
