"""One look for all pictures: colors that keep their meaning, titles and legends that fit.

The colors differ for color-blind readers, too (orange and blue after Okabe and Ito 2008; the red is
darker than the orange).
"""

import warnings
from math import ceil
from textwrap import wrap

import numpy as np
from matplotlib import colormaps
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from dni_np.pictures.scales import round_ticks

STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "font.size": 10,
}
NO_GRADIENT, BACKPROP, DNI, CDNI = "0.6", "black", "#e69f00", "#0072b2"
TRUE = TARGET = "#c1121f"  # the true gradient is dashed, a target is a full line
FORWARD = "0.35"
RULES = {
    "none": NO_GRADIENT,
    **dict.fromkeys(("backprop", "bptt", "locked"), BACKPROP),
    **dict.fromkeys(("dni", "decoupled"), DNI),
    **dict.fromkeys(("cdni", "decoupled-label"), CDNI),
}
KINDS = {  # of work: the color of its box in a timeline, and of what does it in a network
    "forward": "0.72",
    "backward": BACKPROP,
    "update": "#009e73",
    "guess": DNI,
    "correct": TARGET,
    "guess input": "#cc79a7",
    "correct input": "#7d3c6e",
    "send": "#56b4e9",
}
OTHERS = (
    *("#009e73", "#cc79a7", "#56b4e9", "#8c564b", "#7b5ea7", "#a3a500"),
    *("#d62728", "#17becf", "#1b6b37", "#f49ac2", "#b3de69", "#4b4b9f"),
)

TITLE, LEGEND = 12, 8  # points
LINE = 1.25  # the height of a line of text, by its size


def colors_of(names):
    """A color for each name: a rule's own, where one name alone is the rule or begins with it."""
    named = {name: RULES[name] for name in names if name in RULES}
    for name in names:
        rule = name.split("-")[0]
        alike = [other for other in names if other.split("-")[0] == rule]
        if rule in RULES and alike == [name]:
            named[name] = RULES[rule]
    rest = [name for name in names if name not in named]
    many = len(rest) > len(OTHERS)
    others = colormaps["turbo"](np.linspace(0.05, 0.95, len(rest))) if many else OTHERS
    colors = {**named, **dict(zip(rest, others))}
    return {name: colors[name] for name in names}


def finish(figure, title):
    """Write `title` above the figure, broken to its width; further lines make it higher.

    Axes get ticks that fit, and those without a finite value say that there is none.
    """
    for axes in figure.axes:
        round_ticks(axes)
        if axes.axison and not np.isfinite(axes.dataLim.get_points()).all():
            place = {"transform": axes.transAxes, "ha": "center", "va": "center"}
            axes.text(0.5, 0.5, "no finite value", color="0.4", **place)
    lines = lines_of(title, 72 * figure.get_figwidth() - 2 * TITLE, TITLE)
    figure.set_figheight(figure.get_figheight() + (len(lines) - 1) * TITLE * LINE / 72)
    style = {"fontsize": TITLE, "linespacing": LINE, "parse_math": False}  # a name may have a $
    figure.suptitle("\n".join(lines), **style)


def lines_of(text, width, size):
    """`text` in lines no wider than `width` points, broken between words where there are some."""
    n = max(len(text), 1)
    while True:
        lines = wrap(text, n)
        widest = max((width_of(line, size) for line in lines), default=0)
        if widest <= width or n == 1:
            return lines
        n = min(n - 1, max(1, int(n * width / widest)))


def width_of(text, size):
    """Points that one line of text takes."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Glyph .* missing from font"
        )  # a box stands for it, as wide
        return text_to_path.get_text_width_height_descent(
            text, FontProperties(size=size), ismath=False
        )[0]


def legend_beside(figure, axes):
    """The legend of `axes` right of all, in columns if long; the figure is wider by as much."""
    handles, labels = axes.get_legend_handles_labels()
    rows = max(1, int(72 * figure.get_figheight() / (LEGEND * 1.6)) - 1)
    columns = ceil(len(labels) / rows)
    column = (
        max((width_of(label, LEGEND) for label in labels), default=0) + 5 * LEGEND
    )  # with its line
    figure.set_figwidth(figure.get_figwidth() + columns * column / 72)
    figure.legend(handles, labels, loc="outside right center", fontsize=LEGEND, ncols=columns)


def legend_above(axes, columns=None):
    """The legend of `axes` above it, where it covers no curve; in one row, or so many columns."""
    n = columns or len(axes.get_legend_handles_labels()[1])
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=n, fontsize=LEGEND, borderaxespad=0.2
    )


def curve(axes, x, y, band=None, **style):
    """A line through finite values, a dot where one stands alone; `band` (low, high): shaded."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    finite = np.isfinite(x) & np.isfinite(y)
    alone = finite & ~np.append(finite[1:], False) & ~np.append(False, finite[:-1])
    if alone.any():
        style = {"marker": "o", "markersize": 4, "markevery": list(np.flatnonzero(alone)), **style}
    (line,) = axes.plot(x, y, **style)
    if band is not None:
        low, high = (np.asarray(side, float) for side in band)
        axes.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
        axes.vlines(x[alone], low[alone], high[alone], color=line.get_color(), alpha=0.5)
