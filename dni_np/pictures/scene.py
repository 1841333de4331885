"""A network while it learns, module by module: boxes, what flows between them, step after step.

A scene is a table of boxes, routes and steps; a step names what is at work in it. `draw` shows one
step: what is at work in full color, what was there before faintly. In all scenes values on their
way forward are gray, guesses orange, targets red, and the true gradient is dashed.
"""

from typing import NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from dni_np.errors import UserError
from dni_np.pictures.style import KINDS, STYLE, finish

FAINT, PALE, NEUTRAL = (
    0.3,
    0.06,
    0.35,
)  # how much is left of a color: earlier routes, boxes at rest, at work
SAYS = {"update": "is updated", "guess": "guesses", "guess input": "guesses"}
SAYS |= dict.fromkeys(("correct", "correct input"), "is corrected")
LEARNS = ("update", "correct", "correct input")  # a box that has learned keeps the color of it


class Box(NamedTuple):
    """A module around (x, y)."""

    x: float
    y: float
    text: str
    width: float = 1.8
    height: float = 1.8


class Route(NamedTuple):
    """What flows along `points` to the last; of two colors it turns from one into the other."""

    points: tuple
    colors: tuple
    text: str = ""
    at: tuple = ()  # where the text stands
    dashed: bool = False


class Step(NamedTuple):
    """What happens: {box: the kind of work it does}, and the routes at work."""

    caption: str
    formula: str
    boxes: dict
    routes: tuple


class Scene(NamedTuple):
    """A picture with corners (0, 0) and `size`; caption and formula are of all steps in one."""

    caption: str
    formula: str
    size: tuple
    boxes: dict
    routes: dict
    steps: tuple


def draw(scene, step=None):
    """Step 1, 2, ... of a scene as a figure; without a number all routes at once."""
    count = len(scene.steps)
    if step is not None and not 1 <= step <= count:
        raise UserError(f"the steps of this picture are 1 to {count}, not {step}")
    whole = Step(scene.caption, scene.formula, {}, tuple(scene.routes))
    now = scene.steps[step - 1] if step else whole
    before = scene.steps[: step - 1] if step else ()
    width, height = scene.size
    with rc_context({**STYLE, "mathtext.fontset": "cm"}):
        figure = Figure(figsize=(9, 9 * height / width + 0.35), layout="constrained")
        axes = figure.subplots()
        axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        axes.set_axis_off()
        for name, box in scene.boxes.items():
            earlier = [one.boxes[name] for one in before if name in one.boxes]
            draw_box(axes, box, now.boxes.get(name), earlier)
        for name, route in scene.routes.items():
            if name in now.routes:
                draw_route(axes, route)
            elif any(name in one.routes for one in before):
                draw_route(axes, route, FAINT)
        axes.text(width / 2, 0.3, now.formula, ha="center", va="center", fontsize=16)
        finish(figure, f"{step} of {count}: {now.caption}" if step else now.caption)
        return figure


def mixed(color, share):
    """A color with white, of which `share` is left."""
    return tuple(1 - (1 - np.array(to_rgb(color))) * share)


def draw_box(axes, box, kind=None, earlier=(), scale=1.0):
    """A box at work of some `kind`, or at rest after `earlier` work; `scale` is of text, lines."""
    learned = [one for one in earlier if one in LEARNS]
    color = KINDS.get(kind or (learned[-1] if learned else None), "0.6")
    corner = box.x - box.width / 2, box.y - box.height / 2
    face = mixed(color, NEUTRAL if kind else PALE)
    shape = {"boxstyle": "round,pad=0,rounding_size=0.15", "facecolor": face, "edgecolor": color}
    wide = scale * (2.2 if kind else 1.2)
    axes.add_patch(FancyBboxPatch(corner, box.width, box.height, **shape, linewidth=wide, zorder=2))
    text = f"{box.text}\n{SAYS[kind]}" if kind in SAYS else box.text
    axes.text(box.x, box.y, text, ha="center", va="center", fontsize=11 * scale, zorder=5)


def draw_route(axes, route, share=1.0, scale=1.0):
    """A line with an arrow's head; of its color `share` is left."""
    first, last = (mixed(color, share) for color in (route.colors[0], route.colors[-1]))
    points = np.array(route.points, float)
    tip, back = points[-1].copy(), points[-1] - points[-2]
    back /= np.linalg.norm(back)
    points[-1] = tip - 0.1 * scale * back  # the line ends inside the arrow's head
    line = {"linewidth": 2.6 * scale, "zorder": 4}
    if len(route.colors) == 1:
        dashes = (0, (3, 1)) if route.dashed else "-"
        axes.plot(*points.T, color=first, linestyle=dashes, solid_joinstyle="round", **line)
    else:
        fine = np.concatenate([np.linspace(a, b, 30) for a, b in zip(points, points[1:])])
        shades = np.linspace(first, last, len(fine) - 1)
        pairs = np.stack([fine[:-1], fine[1:]], axis=1)
        axes.add_collection(LineCollection(pairs, colors=shades, capstyle="round", **line))
    style = f"-|>,head_width={3.5 * scale},head_length={7 * scale}"
    head = {"arrowstyle": style, "shrinkA": 0, "shrinkB": 0}
    path = Path([tip - 0.05 * back, tip])
    axes.add_patch(FancyArrowPatch(path=path, color=last, linewidth=0.5, zorder=4, **head))
    if route.text:
        color = mixed(route.colors[-1], max(share, 0.6))
        text = {"ha": "center", "va": "center", "fontsize": 14 * scale}
        axes.text(*route.at, route.text, color=color, zorder=6, **text)
