"""Figures of runs on sequences: matplotlib on host numbers; nothing here knows of training.

Each function returns a Figure; whoever called it saves it.
"""

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dni_np.experiments.plotting import means_and_ranges
from dni_np.experiments.sequences.rules import RULES
from dni_np.pictures.scales import GivenTicks, axis_from_zero, log_axis
from dni_np.pictures.style import STYLE, colors_of, curve, finish, legend_above, legend_beside

SOLVED = 0.15  # bits


def copy_curves(history, title):
    """Bits per symbol, the level learned and the longest solved, the guess's loss; by samples."""
    with rc_context(STYLE):
        figure, (bits, level, *guess) = _panels(history)
        curve(bits, *columns(history, "samples", "bits"), color="C0")
        bits.axhline(SOLVED, color="0.5", linestyle=":", linewidth=1)
        bits.set(xlabel="samples", ylabel="bits per scored symbol")
        axis_from_zero(bits)
        steps = {"drawstyle": "steps-post"}
        curve(
            level, *columns(history, "samples", "span"), **steps, color="C7", label="being learned"
        )
        solved = from_zero(*columns(history, "samples", "solved_span"))
        curve(level, *solved, **steps, color="C3", label="solved")
        level.set(xlabel="samples", ylabel="time dependency (N R + 3)")
        whole_axis_from_zero(level)
        legend_above(level)
        _losses(guess, history, "samples")
        finish(figure, title)
        return figure


def character_curves(history, title):
    """Bits per character on training and validation text, the best network's, the guess's loss."""
    with rc_context(STYLE):
        figure, (bits, late, *guess) = _panels(history)
        best = min(history.rows, key=lambda row: (np.isnan(row["valid_bits"]), row["valid_bits"]))
        half = min(history.rows[-1]["step"] / 2, best["step"])  # what was before flattens it
        later = [row for row in history.rows if row["step"] >= half]
        for axes, rows in ((bits, history.rows), (late, later)):
            steps = [row["step"] for row in rows]
            for name, color in (("train_bits", "C7"), ("valid_bits", "C0")):
                line = {"color": color, "label": name.removesuffix("_bits")}
                curve(axes, steps, [row[name] for row in rows], **line)
            axes.set(xlabel="step", ylabel="bits per character")
        late.plot(
            best["step"], best["test_bits"], "*", color="C3", label="test, the best network's"
        )
        legend_above(late)
        _losses(guess, history, "step")
        finish(figure, title)
        return figure


def figure_17(curves, title):
    """The longest time dependency solved; `curves`: [(rule, T, seeds' histories)]."""
    along = ("samples", "solved_span")
    return _comparison(curves, title, along, "time dependency solved (N R + 3)", "solved_span")


def figure_16(curves, title):
    """Validation bits per character by steps, and those on the test text by T."""
    along = ("step", "valid_bits")
    return _comparison(curves, title, along, "validation bits per character", "test_bits")


def _comparison(curves, title, along, ylabel, final):
    """A color for each T, a style for each rule, a line for each seed; beside it how they ended."""
    solving = final == "solved_span"
    shades = _shades(curves)
    rules = list(dict.fromkeys(rule for rule, _, _ in curves))
    with rc_context(STYLE):
        figure = Figure(figsize=(9.5, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        for history, line in _lines(curves, shades):
            x, y = columns(history, *along)
            if solving:
                curve(left, *from_zero(x, y), drawstyle="steps-post", **line)
            else:
                curve(left, x, y, **line)
        left.set(xlabel=along[0], ylabel=ylabel)
        for rule, color in colors_of(rules).items():
            seeds = {T: histories for name, T, histories in curves if name == rule}
            ends = [
                [history.rows[-1][final] for history in histories] for histories in seeds.values()
            ]
            style = {"marker": RULES[rule].marker, "linestyle": RULES[rule].line}
            means_and_ranges(right, list(seeds), ends, label=rule, color=color, **style)
        right.set(xlabel="T, time steps in a chunk")
        right.set_ylabel("solved at the end" if solving else "test bits per character")
        right.xaxis.set_major_locator(GivenTicks(shades))
        if solving:
            whole_axis_from_zero(left)
            whole_axis_from_zero(right)
        legend_above(right)
        legend_beside(figure, left)
        finish(figure, title)
        return figure


def bits_by_place(curves, title):
    """How well each symbol of the level being learned is written at the end; `curves`: as above."""
    with rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4), layout="constrained")
        axes = figure.subplots()
        for history, line in _lines(curves, _shades(curves)):
            last = history.rows[-1]
            bits = [last[f"place_{i}"] for i in range(1, last["N"] + 1) if f"place_{i}" in last]
            curve(axes, range(1, len(bits) + 1), bits, **line)
        axes.axhline(1, color="0.5", linestyle=":", linewidth=1)  # by chance
        axes.set(xlabel="place of the symbol, from the first that was read", ylabel="bits")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis_from_zero(axes)
        legend_beside(figure, axes)
        finish(figure, title)
        return figure


def _shades(curves):
    """{T: a color}."""
    unrolls = sorted({unroll for _, unroll, _ in curves})
    return dict(zip(unrolls, colormaps["viridis"](np.linspace(0, 0.85, len(unrolls)))))


def _lines(curves, shades):
    """Of each seed of each rule and T: (history, how its line is drawn)."""
    for rule, unroll, histories in curves:
        for i, history in enumerate(histories):
            line = {"color": shades[unroll], "linestyle": RULES[rule].line, "linewidth": 1.4}
            yield history, {**line, "label": f"{rule}, T = {unroll}" if i == 0 else None}


def _panels(history):
    """A figure of two panels, or of three where there is a guess."""
    n = 3 if history.columns("gradient_loss") else 2
    figure = Figure(figsize=(4.2 * n, 3.4), layout="constrained")
    return figure, figure.subplots(1, n)


def _losses(panels, history, x):
    """What the guess, and the auxiliary task where there is one, are away from their targets."""
    for axes in panels:
        for name, color in (("gradient_loss", "C2"), ("foresight_loss", "C4")):
            if history.columns(name):
                line = {"color": color, "label": name.removesuffix("_loss")}
                curve(axes, *columns(history, x, name), **line)
        axes.set(xlabel=x, ylabel="loss of the guess")
        log_axis(axes)
        legend_above(axes)


def whole_axis_from_zero(axes):
    """For what is counted: no ticks between whole numbers."""
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis_from_zero(axes)


def from_zero(x, y):
    """A curve of what is solved, begun at the beginning: then nothing was."""
    return [0, *x], [0, *y]


def columns(history, x, y):
    """The values of two columns in the rows that have both."""
    rows = [row for row in history.rows if x in row and y in row]
    return [row[x] for row in rows], [row[y] for row in rows]
