"""What happened when: the events that a timeline draws, planned (schedule) or measured.

An event is one piece of work: which worker did what for which batch, from when to when. Anything
with these fields will do, such as the events that a parallel run writes down.
"""

from typing import NamedTuple

from dni_np.errors import UserError


class Event(NamedTuple):
    """`kind`: forward, backward, update, guess, correct, guess input, correct input, send, wait."""

    worker: object  # its number, or a name
    batch: int  # from 1
    kind: str
    start: float
    stop: float
    layer: int = 0


def work(events):
    """The events without the waiting, which is what lies between them."""
    return [event for event in events if event.kind != "wait"]


def span(events):
    """(first start, last stop)."""
    return min(event.start for event in events), max(event.stop for event in events)


def layers_of(events):
    """{worker: [its layers]}, sorted. Where only a guess is corrected is not where its layer is."""
    layers = {event.worker: set() for event in sorted(events, key=lambda e: str(e.worker).zfill(9))}
    for event in events:
        if event.kind != "correct":
            layers[event.worker] |= {event.layer} - {0}
    return {worker: sorted(own) for worker, own in layers.items()}


def window(events, batch, batches=3):
    """What was done while `batches` batches from number `batch` were worked on, from time 0 on.

    Work of other batches in that time is there too, cut where the time begins and ends.
    """
    own = [event for event in work(events) if batch <= event.batch < batch + batches]
    if not own:
        raise UserError(f"there is no work of batch {batch} or the {batches - 1} after it")
    start, stop = span(own)
    return [
        event._replace(start=max(event.start, start) - start, stop=min(event.stop, stop) - start)
        for event in events
        if event.start < stop and event.stop > start
    ]


def idle_share(events):
    """Between the first start and the last stop: the share of all workers' time without work."""
    start, stop = span(events)
    time = (stop - start) * len({event.worker for event in events})
    return 1 - sum(event.stop - event.start for event in work(events)) / time if time > 0 else 0.0


def batches_done(events, until):
    """How many batches had all their work behind them at that time."""
    last = {}
    for event in work(events):
        last[event.batch] = max(last.get(event.batch, event.stop), event.stop)
    return sum(stop <= until for stop in last.values())


def joined(events, gap=0.1):
    """The events with those of one worker, batch and kind as one that follow each other directly:
    such as the forward passes of a worker's layers. `gap`: less than this is directly.
    """
    found = {}
    for event in sorted(work(events), key=lambda event: event.start):
        own = found.setdefault(event.worker, [])
        last = own[-1] if own else None
        if last and last[1:3] == event[1:3] and event.start - last.stop < gap:
            own[-1] = last._replace(stop=event.stop)
        else:
            own.append(event)
    return [event for own in found.values() for event in own]
