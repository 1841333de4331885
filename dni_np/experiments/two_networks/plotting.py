"""Figures of runs with two networks: matplotlib on host numbers; nothing here knows of training.

Each function returns a Figure; whoever called it saves it.
"""

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from dni_np.experiments.plotting import means_and_ranges
from dni_np.experiments.two_networks.rules import RULES
from dni_np.pictures.scales import GivenTicks, log_axis, percent_axis
from dni_np.pictures.style import STYLE, colors_of, curve, finish, legend_above, legend_beside

NETWORKS = {"odd": "A: odd digits", "threes": "B: threes"}
COLORS = {"odd": "C0", "threes": "C3"}
STREAMS = "thousands of streams seen"


def curves(history, title):
    """Losses on training streams, errors on test streams; of a guess its cosine with the truth."""
    guessed = bool(history.columns("cosine"))
    with rc_context(STYLE):
        figure = Figure(figsize=(13 if guessed else 9, 3.4), layout="constrained")
        loss, error, *guess = figure.subplots(1, 3 if guessed else 2)
        for name, network in NETWORKS.items():
            line = {"color": COLORS[name], "label": network}
            curve(loss, *along_streams(history, f"{name}_loss"), **line)
            curve(error, *along_streams(history, f"test_{name}_error"), **line)
        loss.set(xlabel=STREAMS, ylabel="training loss")
        log_axis(loss)
        error.set(xlabel=STREAMS)
        percent_axis(error, "wrong counts on test streams (%)")
        legend_above(error)
        for axes in guess:
            curve(axes, *along_streams(history, "cosine"), color="C2")
            axes.axhline(0, color="0.5", linestyle=":", linewidth=1)
            axes.set(xlabel=STREAMS, ylabel="cosine with the true gradient")
        finish(figure, title)
        return figure


def comparison(groups, title):
    """The errors of A and of B, at the end by T; `groups`: [(rule, T, seeds' histories)]."""
    unrolls = sorted({unroll for _, unroll, _ in groups})
    shades = dict(zip(unrolls, colormaps["viridis"](np.linspace(0, 0.85, len(unrolls)))))
    colors = colors_of(list(dict.fromkeys(rule for rule, _, _ in groups)))
    rows = 1 if len(unrolls) == 1 else 2
    with rc_context(STYLE):
        figure = Figure(figsize=(9.5, 3.8 * rows), layout="constrained")
        panels = figure.subplots(rows, 2, squeeze=False)
        for axes, (name, network) in zip(panels[0], NETWORKS.items()):
            for rule, unroll, histories in groups:
                color = colors[rule] if rows == 1 else shades[unroll]
                for i, history in enumerate(histories):
                    line = {"color": color, "linestyle": RULES[rule].line, "linewidth": 1.4}
                    line["label"] = f"{rule}, T = {unroll}" if i == 0 else None
                    curve(axes, *along_streams(history, f"test_{name}_error"), **line)
            axes.set(xlabel=STREAMS, title=network)
            percent_axis(axes, "wrong counts on test streams (%)")
        for axes, name in zip(panels[1], NETWORKS) if rows == 2 else ():
            for rule, color in colors.items():
                seeds = {T: histories for one, T, histories in groups if one == rule}
                ends = [
                    [each.rows[-1][f"test_{name}_error"] for each in some]
                    for some in seeds.values()
                ]
                means_and_ranges(
                    axes, list(seeds), ends, linestyle=RULES[rule].line, color=color, label=rule
                )
            axes.set(xlabel="T, digits of A between two messages")
            axes.xaxis.set_major_locator(GivenTicks(unrolls))
            percent_axis(axes, "wrong at the end (%)")
            legend_above(axes, columns=2)
        legend_beside(figure, panels[0, 0])
        finish(figure, title)
        return figure


def along_streams(history, name):
    """(thousands of streams, values) of the rows that have `name`."""
    rows = [row for row in history.rows if name in row]
    return [row["streams"] / 1000 for row in rows], [row[name] for row in rows]
