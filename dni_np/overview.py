"""One figure over all rules: how well each learns, what it costs, what its layers wait for."""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from dni_np.nn.rule import LOCKS
from dni_np.plotting import STYLE, percent_axis, plain

TEST, TRAIN, COST, LOCKED = "C3", "0.5", "C0", "0.3"
LEAST = 0.01  # percent: on a log scale no error at all is drawn here


@dataclass(frozen=True)
class Line:
    """One rule: errors in percent, of each seed on the test data, of their mean on the training data."""

    name: str
    test_errors: list
    train_error: float
    seconds: float
    megabytes: float
    locks: tuple
    cosines: list  # between what each core learns from and the true gradient, lowest first; [] where that is known


def overview(lines, title):
    """Lines from the best to the worst: errors, how true the gradients are, seconds, memory, and a square for each lock."""
    lines = sorted(lines, key=lambda line: np.mean(line.test_errors))
    y = np.arange(len(lines))
    with rc_context({**STYLE, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(11.5, 1.4 + 0.27 * len(lines)), layout="constrained")
        errors, cosines, seconds, memory, locks = figure.subplots(1, 5, sharey=True, width_ratios=(4, 2, 2, 2, 1.2))
        for i, line in enumerate(lines):
            errors.plot(line.test_errors, [i] * len(line.test_errors), color=TEST, alpha=0.4, marker="|", linewidth=2)
            shades = colormaps["viridis"](np.linspace(0.1, 0.8, max(1, len(line.cosines))))
            cosines.scatter(line.cosines, [i] * len(line.cosines), color=shades[: len(line.cosines)], s=25)
        errors.plot([np.mean(line.test_errors) for line in lines], y, "o", color=TEST, label="test")
        errors.plot(
            [max(line.train_error, LEAST) for line in lines], y, "o", color=TRAIN, fillstyle="none", label="training"
        )
        percent_axis(errors, "error (%)", "x")
        errors.legend(loc="upper right", fontsize=8)
        cosines.axvline(0, color="0.5", linestyle=":", linewidth=1)
        cosines.set(xlabel="cosine with the true\ngradient (dark: lowest)", xlim=(-0.55, 1.05))
        for axes, values, name in (
            (seconds, [line.seconds for line in lines], "training (s)"),
            (memory, [line.megabytes for line in lines], "memory (MB)"),
        ):
            axes.barh(y, values, color=COST, height=0.6)
            axes.set(xlabel=name)
        for i, line in enumerate(lines):
            for j, lock in enumerate(LOCKS):
                face = LOCKED if lock in line.locks else "none"
                locks.scatter(j, i, marker="s", s=60, facecolor=face, edgecolor="0.7", linewidth=0.5)
        locks.set(xlabel="waits for", xlim=(-0.6, 2.6))
        locks.set_xticks(range(3), LOCKS, rotation=90, fontsize=8)
        locks.grid(False)
        errors.set_yticks(y, [line.name for line in lines])
        errors.set_ylim(len(lines) - 0.4, -0.6)
        figure.suptitle(plain(title))
        return figure
