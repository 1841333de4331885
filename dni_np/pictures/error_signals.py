"""Eight rules beside each other: what comes down to the hidden layers of a small network."""

from math import ceil

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dni_np.errors import UserError
from dni_np.pictures.scene import draw_box, draw_route
from dni_np.pictures.scenes import error_signals as scenes
from dni_np.pictures.style import DNI, FORWARD, LEGEND, STYLE, TARGET, TRUE, finish

SCALE, COLUMNS = 0.68, 4
MEANING = {
    "forward": (FORWARD, "-"),
    "true gradient": (TRUE, (0, (3, 1))),
    "guess": (DNI, "-"),
    "what a guess learns from": (TARGET, "-"),
    "through a fixed random matrix": (scenes.FEEDBACK, "-"),
    "the output's error itself": (scenes.GLOBAL, "-"),
    "gradient of a local loss": (scenes.LOCAL, "-"),
}


def error_signals(rules=None):
    """A panel for each of `rules`, which are names of rules as in style.RULES; by default all.

    UserError for a rule that has no picture.
    """
    known = scenes.error_signals()
    rules = list(known) if rules is None else list(rules)
    strange = [str(rule) for rule in rules if rule not in known]
    if strange or not rules:
        raise UserError(
            f"there is no picture of {', '.join(strange) or 'no rule'}: there is of "
            f"{', '.join(known)}"
        )
    rows = ceil(len(rules) / COLUMNS)
    columns = min(len(rules), COLUMNS)
    with rc_context({**STYLE, "axes.grid": False, "mathtext.fontset": "cm"}):
        figure = Figure(figsize=(10, 3.35 * rows + 0.9), layout="constrained")
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes in panels:
            axes.set_axis_off()
        for axes, rule in zip(panels, rules):
            _panel(axes, known[rule])
        ways = scenes.stack()[1] + [route for rule in rules for route in known[rule].routes]
        used = {color for route in ways for color in route.colors}
        lines = [
            Line2D([], [], color=color, linestyle=style, linewidth=2, label=text)
            for text, (color, style) in MEANING.items()
            if color in used
        ]
        below = {"loc": "outside lower center", "ncols": 4, "fontsize": LEGEND + 1}
        figure.legend(handles=lines, **below)
        finish(figure, "What layers 1 and 2 learn from: what comes down, and from where")
        return figure


def _panel(axes, signals):
    width, height = scenes.SIZE
    axes.set(xlim=(0, width), ylim=(-0.75, height), aspect="equal")
    axes.set_title(signals.title, fontsize=10)
    boxes, routes = scenes.stack()
    for box in (*boxes, *signals.boxes):
        draw_box(axes, box, scale=SCALE)
    for route in (*routes, *signals.routes):
        draw_route(axes, route, scale=SCALE)
    axes.text(width / 2, -0.35, signals.formula, ha="center", va="center", fontsize=10)
