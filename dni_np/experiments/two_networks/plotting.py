"""Figures of runs with two networks. Plain matplotlib on host numbers; nothing here knows about training.

Each function returns a Figure; whoever called it saves it.
"""

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from dni_np.experiments.plotting import STYLE, percent_axis, plain

LINES = {"locked": "--", "decoupled": "-", "decoupled-label": "-."}
NETWORKS = {"odd": "A: odd digits", "threes": "B: threes"}
COLORS = {"odd": "C0", "threes": "C3"}
STREAMS = "thousands of streams seen"


def curves(history, title):
    """Losses on training streams, errors on held-out ones; with a guess also its loss and its cosine with the truth."""
    guessed = bool(history.columns("cosine"))
    with rc_context(STYLE):
        figure = Figure(figsize=(13 if guessed else 9, 3.4), layout="constrained")
        loss, error, *guess = figure.subplots(1, 3 if guessed else 2)
        for name, network in NETWORKS.items():
            loss.plot(*along_streams(history, f"{name}_loss"), color=COLORS[name], label=network)
            error.plot(*along_streams(history, f"test_{name}_error"), color=COLORS[name], label=network)
        loss.set(xlabel=STREAMS, ylabel="training loss", yscale="log")
        error.set(xlabel=STREAMS)
        percent_axis(error, "wrong counts on test streams (%)")
        error.legend()
        for axes in guess:
            axes.plot(*along_streams(history, "cosine"), color="C2")
            axes.axhline(0, color="0.5", linestyle=":", linewidth=1)
            axes.set(xlabel=STREAMS, ylabel="cosine with the true gradient")
        figure.suptitle(plain(title))
        return figure


def comparison(groups, title):
    """The errors of A and of B against streams, and at the end against T; `groups`: [(rule, T, seeds' histories)]."""
    unrolls = sorted({unroll for _, unroll, _ in groups})
    colors = dict(zip(unrolls, colormaps["viridis"](np.linspace(0, 0.85, len(unrolls)))))
    with rc_context(STYLE):
        figure = Figure(figsize=(11, 3.8) if len(unrolls) == 1 else (11, 7.5), layout="constrained")
        panels = figure.subplots(1 if len(unrolls) == 1 else 2, 2, squeeze=False)
        for axes, (name, network) in zip(panels[0], NETWORKS.items()):
            for rule, unroll, histories in groups:
                color = f"C{list(LINES).index(rule)}" if len(unrolls) == 1 else colors[unroll]
                for i, history in enumerate(histories):
                    style = {"color": color, "linestyle": LINES[rule], "linewidth": 1.4}
                    label = f"{rule}, T = {unroll}" if i == 0 else None
                    axes.plot(*along_streams(history, f"test_{name}_error"), label=label, **style)
            axes.set(xlabel=STREAMS, title=network)
            percent_axis(axes, "wrong counts on test streams (%)")
        for axes, name in zip(panels[1], NETWORKS) if len(unrolls) > 1 else ():
            _ends(axes, groups, f"test_{name}_error")
            axes.set_xticks(unrolls)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
        figure.suptitle(plain(title))
        return figure


def _ends(axes, groups, name):
    """A line for each rule: the mean of its seeds' last errors at each T, and their range."""
    for i, rule in enumerate(dict.fromkeys(rule for rule, _, _ in groups)):
        ends = {T: [history.rows[-1][name] for history in seeds] for one, T, seeds in groups if one == rule}
        middle = np.array([np.mean(values) for values in ends.values()])
        spread = [middle - [min(v) for v in ends.values()], [max(v) for v in ends.values()] - middle]
        axes.errorbar(
            list(ends), middle, yerr=spread, capsize=3, marker="o", linestyle=LINES[rule], color=f"C{i}", label=rule
        )
    axes.set(xlabel="T, digits of A between two messages")
    percent_axis(axes, "wrong at the end (%)")
    axes.legend()


def along_streams(history, name):
    """(thousands of streams, values) of the rows that have `name`."""
    rows = [row for row in history.rows if name in row]
    return [row["streams"] / 1000 for row in rows], [row[name] for row in rows]
