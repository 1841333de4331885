"""Figures of runs on sequences. Plain matplotlib on host numbers; nothing here knows about training.

Each function returns a Figure; whoever called it saves it.
"""

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dni_np.experiments.plotting import STYLE, plain

LINES = {"bptt": "--", "dni": "-", "dni-aux": "-.", "cdni": ":"}  # as in figure 16: dashed without a guess
MARKERS = {"bptt": "o", "dni": "s", "dni-aux": "^", "cdni": "D"}
SOLVED = 0.15  # bits


def copy_curves(history, title):
    """Bits per symbol, the level that is learned and the longest one solved, and the guess's loss; against samples."""
    with rc_context(STYLE):
        figure, (bits, level, *guess) = _panels(history, title)
        bits.plot(*columns(history, "samples", "bits"), color="C0")
        bits.axhline(SOLVED, color="0.5", linestyle=":", linewidth=1)
        bits.set(xlabel="samples", ylabel="bits per scored symbol", ylim=(0, None))
        level.step(*columns(history, "samples", "span"), where="post", color="C7", label="being learned")
        level.step(*from_zero(*columns(history, "samples", "solved_span")), where="post", color="C3", label="solved")
        level.set(xlabel="samples", ylabel="time dependency (N R + 3)")
        level.yaxis.set_major_locator(MaxNLocator(integer=True))
        level.legend()
        _losses(guess, history, "samples")
        return figure


def character_curves(history, title):
    """Bits per character on training and validation text, the best validation so far, and the guess's loss."""
    with rc_context(STYLE):
        figure, (bits, late, *guess) = _panels(history, title)
        for axes in (bits, late):
            for name, color in (("train_bits", "C7"), ("valid_bits", "C0")):
                axes.plot(*history.column(name), color=color, label=name.removesuffix("_bits"))
            axes.set(xlabel="step", ylabel="bits per character")
        steps, valid = history.column("valid_bits")
        best = int(np.argmin(valid))
        late.plot(steps[best], history.rows[best]["test_bits"], "*", color="C3", label="test, the best network's")
        half = [row for row in history.rows if row["step"] >= steps[-1] / 2]  # the first half makes the rest look flat
        shown = [row[name] for row in half for name in ("train_bits", "valid_bits", "test_bits")]
        late.set(xlim=(0.49 * steps[-1], 1.01 * steps[-1]), ylim=(min(shown) - 0.05, max(shown) + 0.05))
        late.legend()
        _losses(guess, history, "step")
        return figure


def figure_17(curves, title):
    """The longest time dependency solved, against samples and against T; `curves`: [(rule, T, seeds' histories)]."""
    return _comparison(
        curves, title, ("samples", "solved_span", "samples"), "time dependency solved (N R + 3)", "solved_span"
    )


def figure_16(curves, title):
    """Validation bits per character against steps, and those on the test text against T."""
    return _comparison(curves, title, ("step", "valid_bits", "step"), "validation bits per character", "test_bits")


def _comparison(curves, title, along, ylabel, final):
    """A color for each T, a kind of line for each rule, a line for each seed; beside it how the runs ended."""
    (x, y, xlabel), solving = along, final == "solved_span"
    unrolls = sorted({unroll for _, unroll, _ in curves})
    colors = dict(zip(unrolls, colormaps["viridis"](np.linspace(0, 0.85, len(unrolls)))))
    with rc_context(STYLE):
        figure = Figure(figsize=(11, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        for rule, unroll, histories in curves:
            for i, history in enumerate(histories):
                line = {"color": colors[unroll], "linestyle": LINES.get(rule, ":"), "linewidth": 1.4}
                name = f"{rule}, T = {unroll}" if i == 0 else None
                if solving:
                    left.step(*from_zero(*columns(history, x, y)), **line, where="post", label=name)
                else:
                    left.plot(*columns(history, x, y), **line, label=name)
        left.set(xlabel=xlabel, ylabel=ylabel)
        for i, rule in enumerate(dict.fromkeys(rule for rule, _, _ in curves)):
            ends = {T: [history.rows[-1][final] for history in seeds] for name, T, seeds in curves if name == rule}
            middle = np.array([np.mean(values) for values in ends.values()])
            spread = [middle - [min(v) for v in ends.values()], [max(v) for v in ends.values()] - middle]
            style = {"marker": MARKERS.get(rule, "x"), "linestyle": LINES.get(rule, ":"), "color": f"C{i}"}
            right.errorbar(list(ends), middle, yerr=spread, capsize=3, label=rule, **style)
        right.set(xlabel="T, time steps in a chunk", ylabel="solved at the end" if solving else "test bits per character")
        right.set_xticks(unrolls)
        if solving:
            left.yaxis.set_major_locator(MaxNLocator(integer=True))
        right.legend()
        figure.legend(*left.get_legend_handles_labels(), loc="outside right center", fontsize=8)
        figure.suptitle(plain(title))
        return figure


def _panels(history, title):
    """A figure of two panels, or of three where there is a guess."""
    n = 3 if history.columns("gradient_loss") else 2
    figure = Figure(figsize=(4.2 * n, 3.4), layout="constrained")
    figure.suptitle(plain(title))
    return figure, figure.subplots(1, n)


def _losses(panels, history, x):
    """What the guess, and the auxiliary task where there is one, are away from their targets."""
    for axes in panels:
        for name, color in (("gradient_loss", "C2"), ("foresight_loss", "C4")):
            if history.columns(name):
                axes.plot(*columns(history, x, name), color=color, label=name.removesuffix("_loss"))
        positive = any(value > 0 for line in axes.lines for value in line.get_ydata())
        axes.set(xlabel=x, ylabel="loss of the guess", yscale="log" if positive else "linear")
        axes.legend()


def from_zero(x, y):
    """A curve of what is solved, begun at the beginning: then nothing was."""
    return [0, *x], [0, *y]


def columns(history, x, y):
    """The values of two columns in the rows that have both."""
    rows = [row for row in history.rows if x in row and y in row]
    return [row[x] for row in rows], [row[y] for row in rows]
