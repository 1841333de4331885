"""A few batches of a run with several workers, as its events say: who worked, who waited."""

import numpy as np

from dni_np.errors import UserError
from dni_np.pictures.events import span, window, work
from dni_np.pictures.timeline import timeline

MILLI = 1e3


def measured(runs, batches=3):
    """A panel for each of `runs`, {name: events in seconds}: so many batches of each, in
    milliseconds, and of all that follow each other those that took the median time.
    """
    panels = {}
    for name, events in runs.items():
        numbers = sorted({event.batch for event in work(events)})
        if len(numbers) < batches:
            raise UserError(f"{name} has {len(numbers)} batches with work, not {batches}")
        panels[name] = [
            event._replace(start=round(MILLI * event.start, 3), stop=round(MILLI * event.stop, 3))
            for event in typical(events, numbers, batches)
        ]
    times = [f"{name} {np.diff(span(events))[0]:.3g}" for name, events in panels.items()]
    word = "batch" if batches == 1 else "batches"
    return timeline(panels, unit="ms", title=f"{batches} {word}, measured: {', '.join(times)} ms")


def typical(events, numbers, batches):
    """The window of so many of the batches `numbers` (sorted) that took the median time."""
    first, last = {}, {}
    for event in work(events):
        first[event.batch] = min(event.start, first.get(event.batch, event.start))
        last[event.batch] = max(event.stop, last.get(event.batch, event.stop))
    long = {n: last[m] - first[n] for n, m in zip(numbers, numbers[batches - 1 :])}
    middle = sorted(long, key=long.get)[len(long) // 2]
    return window(events, middle, batches)
