"""Who works and who waits: a row for each worker, a box for each work with its batch's number.

Drawn from events and from nothing else, planned (schedule) or measured, so that no picture can
promise what the dependencies forbid. What lies between the boxes is waiting, and hatched.
"""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from dni_np.errors import UserError
from dni_np.pictures.events import batches_done, idle_share, layers_of, span, work
from dni_np.pictures.style import KINDS, LEGEND, STYLE, finish, lines_of, width_of

HEIGHT = 0.84  # of a box, in rows
IDLE = {"facecolor": "0.95", "edgecolor": "0.7", "hatch": "////", "linewidth": 0}
DARK = ("backward", "update", "correct", "correct input")  # white numbers are read on these


def timeline(plans, until=None, unit="units of time", title=None):
    """A panel for each of `plans`, {name: events}; with `until` only what was done by then.

    The titles say what follows from the events: how long all took, and how long workers waited.
    `title` stands above all in place of the first.
    """
    if not all(work(events) for events in plans.values()) or not plans:
        raise UserError("a timeline needs events: one list at least, with some work in it")
    strange = {event.kind for events in plans.values() for event in work(events)} - set(KINDS)
    if strange:
        strange = ", ".join(sorted(strange))
        raise UserError(f"a timeline has no color for {strange}: it has for {', '.join(KINDS)}")
    first = min(span(events)[0] for events in plans.values())
    last = max(span(events)[1] for events in plans.values())
    now = last if until is None else min(max(until, first), last)
    rows = [rows_of(events) for events in plans.values()]
    with rc_context({**STYLE, "axes.grid": False, "hatch.linewidth": 0.5}):
        height = sum(0.27 * len(row) + 0.45 for row in rows) + 1.25
        figure = Figure(figsize=(9, height), layout="constrained")
        ratios = [len(row) for row in rows]
        grid = figure.subplots(len(plans), sharex=True, squeeze=False, height_ratios=ratios)
        for axes, (name, events), row in zip(grid[:, 0], plans.items(), rows):
            axes.set_xlim(first, first + 1.01 * (last - first))
            _draw(axes, events, row, now, last - first)
            lines = lines_of(panel_title(name, events, now), 72 * 8, 9)
            axes.set_title("\n".join(lines), loc="left", fontsize=9, parse_math=False)
        grid[-1, 0].set_xlabel(unit)
        kinds = [kind for kind in KINDS if any(e.kind == kind for es in plans.values() for e in es)]
        handles = [Patch(color=KINDS[kind], label=kind) for kind in kinds]
        handles.append(Patch(**IDLE, label="waits"))
        below = {"loc": "outside lower center", "ncols": len(handles), "fontsize": LEGEND}
        figure.legend(handles=handles, **below, handlelength=1.2, columnspacing=1.4)
        finish(figure, title or title_of(plans, now, unit))
        return figure


def rows_of(events):
    """{worker: the name of its row}, the first one lowest; its layers, where they are known."""
    names = {}
    for worker, own in layers_of(events).items():
        plural = "s" if len(own) > 1 else ""
        names[worker] = f"layer{plural} {', '.join(map(str, own))}" if own else str(worker)
    return names


def _draw(axes, events, rows, now, length):
    places = {worker: place for place, worker in enumerate(rows)}
    start, stop = span(events)
    for place in places.values():  # all is waiting where no work lies over it
        wide = max(min(stop, now) - start, 0)
        axes.add_patch(Rectangle((start, place - HEIGHT / 2), wide, HEIGHT, **IDLE))
    points = 72 * axes.figure.get_figwidth() * 0.85 / length  # of one unit of time, about
    for event in work(events):
        stop = min(event.stop, now)
        if event.start >= stop:
            continue
        box = (event.start, places[event.worker] - HEIGHT / 2), stop - event.start, HEIGHT
        axes.add_patch(
            Rectangle(*box, facecolor=KINDS[event.kind], edgecolor="white", linewidth=0.8)
        )
        text, size = str(event.batch), 8
        if width_of(text, size) + 2 < points * (stop - event.start):
            middle, color = (event.start + stop) / 2, "white" if event.kind in DARK else "black"
            place = {"ha": "center", "va": "center_baseline", "fontsize": size, "color": color}
            axes.text(middle, places[event.worker], text, **place)
    axes.set_ylim(-0.55, len(rows) - 0.45)
    axes.set_yticks(list(places.values()), list(rows.values()))
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def panel_title(name, events, now):
    """How long the workers waited, once all is done."""
    start, stop = span(events)
    idle = 100 * idle_share(events)
    end = f"{name}: done after {stop - start:g}, the workers waited {idle:.0f} % of it"
    return end if now >= stop else name


def title_of(plans, now, unit):
    """The finding: how much each has done by now, at the end how long each took."""
    first, done = min(span(events)[0] for events in plans.values()), {}
    for name, events in plans.items():
        done[name] = batches_done(events, now)
    if all(now >= span(events)[1] for events in plans.values()) and len(set(done.values())) == 1:
        times = [f"{name} {np.diff(span(events))[0]:g}" for name, events in plans.items()]
        n = max(done.values())
        return f"{n} {'batch' if n == 1 else 'batches'}: {', '.join(times)} {unit}"
    counts = ", ".join(f"{name} {count}" for name, count in done.items())
    return f"Batches done after {now - first:g} {unit}: {counts}"
