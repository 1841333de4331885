"""What every figure must keep, whatever is drawn: `check_figure(figure)`.

All text inside the canvas, no text over another, no legend over data, and all data inside their
axes: a value that falls off a log axis, or stands alone on a line without markers, is missing.
"""

import warnings

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

DPI = 110  # as figures are saved
APART = 2  # pixels between texts on one line


class Recorder(RendererAgg):
    """Draws, and keeps the texts that are really drawn (of an axis's ticks: those in view)."""

    def __init__(self, figure):
        super().__init__(*figure.bbox.size, figure.dpi)
        self.texts = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if s.strip() and mtext is not None and mtext not in self.texts:
            self.texts.append(mtext)
        super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)


def check_figure(figure):
    """Draw `figure`, and fail with a list of what cannot be read in it."""
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as a layout that found no room
        renderer = Recorder(figure)
        figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in renderer.texts]
    faults = [f"{text!r} leaves the canvas" for text, box in boxes if not inside(box, figure.bbox)]
    faults += overlaps(boxes)
    faults += [
        fault for axes in figure.axes if axes.get_visible() for fault in missing(axes, renderer)
    ]
    faults += [
        fault for legend in figure.findobj(Legend) for fault in covered(legend, figure, renderer)
    ]
    assert figure.axes, "the figure is empty"
    assert not faults, "\n".join(faults)


def inside(box, around, slack=1.5):
    return (
        box.x0 >= around.x0 - slack
        and box.y0 >= around.y0 - slack
        and box.x1 <= around.x1 + slack
        and box.y1 <= around.y1 + slack
    )


def overlaps(boxes):
    """The pairs of texts of which one covers the other, or that run together on a line."""
    for i, (one, a) in enumerate(boxes):
        for other, b in boxes[i + 1 :]:
            wide = min(a.x1, b.x1) - max(a.x0, b.x0) + APART
            high = min(a.y1, b.y1) - max(a.y0, b.y0) - 1
            if wide > 0 and high > 0:
                yield f"{one!r} and {other!r} overlap"


def missing(axes, renderer):
    """What `axes` should show and does not."""
    name = axes.get_ylabel() or axes.get_xlabel() or axes.get_title()
    view = axes.get_window_extent(renderer)
    something = bool(axes.texts or axes.images)
    for line in axes.lines:
        if not line.get_transform().contains_branch_seperately(axes.transData) == (True, True):
            continue  # a line for the eye, across the axes
        data = np.column_stack(
            [np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)]
        )
        yield from out_of_view(data, axes, view, f"{name}: {line.get_label()}")
        finite = np.isfinite(data).all(axis=1)
        something = something or finite.any()
        if line.get_marker() in ("None", None, "", " ") or line.get_markevery() is not None:
            lonely = finite & ~np.append(finite[1:], False) & ~np.append(False, finite[:-1])
            marked = (
                line.get_markevery() if line.get_marker() not in ("None", None, "", " ") else []
            )
            if set(np.flatnonzero(lonely)) - set(marked):
                yield f"{name}: {line.get_label()} has a value alone, and no marker"
    for collection in axes.collections:
        points = points_of(collection, axes)
        something = something or len(points) > 0
        yield from out_of_view(points, axes, view, f"{name}: {type(collection).__name__}")
    for patch in axes.patches:
        something = True
        box = patch.get_window_extent(renderer)
        if np.isfinite(box.get_points()).all() and not inside(
            box, view if patch.get_clip_on() else axes.figure.bbox
        ):
            yield f"{name}: {patch} is cut off"
    if axes.axison and not something:
        yield f"{name}: nothing is drawn"
    for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
        if (
            axis.get_visible()
            and axis.get_tick_params()["labelleft" if axis is axes.yaxis else "labelbottom"]
        ):
            if not any(label.get_text() for label in axis.get_ticklabels()):
                yield f"{name}: an axis has no number"


def points_of(collection, axes):
    """What a collection shows, in data coordinates: its dots, or the corners of lines and areas."""
    if collection.get_offset_transform().contains_branch(axes.transData):
        points = np.ma.filled(np.ma.asarray(collection.get_offsets(), float), np.nan)
    elif collection.get_transform().contains_branch(axes.transData):
        points = np.concatenate(
            [np.empty((0, 2)), *(path.vertices for path in collection.get_paths())]
        )
    else:
        return np.empty((0, 2))
    return points[np.isfinite(points).all(axis=1)]


def out_of_view(data, axes, view, name):
    """Finite data outside the axes; along x not where limits were set by hand: it may be a zoom."""
    data = data[np.isfinite(data).all(axis=1)]
    with np.errstate(all="ignore"):
        x, y = axes.transData.transform(data).T if len(data) else np.empty((2, 0))
    in_x = (x >= view.x0 - 1) & (x <= view.x1 + 1)
    in_y = (y >= view.y0 - 1) & (y <= view.y1 + 1)
    if axes.get_autoscalex_on() and not in_x.all():
        yield f"{name}: x = {data[~in_x][0, 0]:g} is out of view"
    if not in_y[in_x].all():
        yield f"{name}: y = {data[in_x & ~in_y][0, 1]:g} is out of view"
    if len(data) and not in_x.any():
        yield f"{name}: nothing of it is in view"


def covered(legend, figure, renderer):
    box = legend.get_window_extent(renderer)
    if not inside(box, figure.bbox):
        yield "a legend leaves the canvas"
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_transform().contains_branch(axes.transData):
                points = axes.transData.transform(line.get_xydata().astype(float))
                if Bbox(box).count_contains(points):
                    yield f"a legend covers {line.get_label()}"
