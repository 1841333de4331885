"""Summary: what each worker did with its time, how much it waited, what it sent.

    events = without_pauses(events)     such as those of a measurement
    rows = summary(events)              a Row for each worker
    print(table(rows))

The time is that from the first event of all workers to the last one. `waits` is waiting for a
message, the caller's next batch included, or for room in a mailbox. `other` is what no event says:
the caller, who is worker 1, draws the next batch, a message is taken out of its mailbox; and what
lies before a worker's first event and after its last one.
"""

from typing import NamedTuple

import numpy as np

from dni_np.errors import UserError
from dni_np.pictures.events import layers_of, span, work


class Row(NamedTuple):
    """Of one worker; times in seconds."""

    worker: object
    layers: tuple
    seconds: dict  # of each kind of work, by its name
    waiting: float  # share of the time, 0 to 1
    other: float  # and of what is neither work nor waiting
    messages: int  # sent to neighbors
    sent_bytes: int | None  # None where the size of a message is not known


def summary(events, message_bytes=None):
    """`message_bytes`: of a message to a neighbor; {worker: bytes} where they differ."""
    if not work(events):
        raise UserError("there is no work among these events: a summary needs some")
    first, last = span(events)
    owners = layers_of(events).items()
    return [_row(*owner, events, last - first, message_bytes) for owner in owners]


def _row(worker, layers, events, time, message_bytes):
    own, seconds = [event for event in events if event.worker == worker], {}
    for event in own:
        seconds[event.kind] = seconds.get(event.kind, 0.0) + event.stop - event.start
    waited = seconds.pop("wait", 0.0)
    messages = sum(event.kind == "send" for event in own)
    each = message_bytes.get(worker, 0) if isinstance(message_bytes, dict) else message_bytes
    waiting = waited / time if time > 0 else 0.0
    other = 1 - waiting - sum(seconds.values()) / time if time > 0 else 0.0
    sent = None if each is None else messages * each
    return Row(worker, tuple(layers), seconds, waiting, other, messages, sent)


def throughput(events):
    """Batches in a second: what the highest layer begins, over the second half."""
    begins = begins_of(events, max((event.layer for event in events), default=0))
    half = begins[len(begins) // 2 :]
    if len(half) < 2:
        raise UserError("a throughput needs events of several batches")
    return (len(half) - 1) / (half[-1] - half[0])


def without_pauses(events):
    """The events as if the time had stood still whenever nobody worked, nor the caller waited, for
    longer than a batch usually takes: the caller measured or saved something.
    """
    events = sorted(events, key=lambda event: event.start)
    steps = np.diff(begins_of(events, min((e.layer for e in events if e.layer), default=0)))
    longest, end = np.median(steps) if len(steps) else np.inf, None
    knots, stood_still = [-1e99], [0.0]  # where pauses begin and end: the sum of them until there
    caller = min((event.worker for event in events), default=None)
    for event in events:
        if event.kind == "wait" and event.worker != caller:
            continue  # it may be the caller's pause that it waits for
        if end is not None and event.start - end > longest:
            knots += [end, event.start]
            stood_still += [stood_still[-1], stood_still[-1] + event.start - end]
        end = event.stop if end is None else max(end, event.stop)
    times = np.array([(event.start, event.stop) for event in events]).reshape(-1, 2)
    times -= np.interp(times, knots, stood_still)
    return [
        event._replace(start=start, stop=stop)
        for event, (start, stop) in zip(events, times.tolist())
    ]


def begins_of(events, layer):
    """When that layer began each batch, sorted."""
    begins = {}
    for event in work(events):
        if event.layer == layer:
            begins[event.batch] = min(event.start, begins.get(event.batch, event.start))
    return sorted(begins.values())


def table(rows):
    """Rows as aligned text: shares of the time in percent, messages, megabytes where known."""
    kinds = list(dict.fromkeys(kind for row in rows for kind in row.seconds))
    known = any(row.sent_bytes is not None for row in rows)
    megabytes = ["MB sent"] if known else []
    heads = *(f"{kind} %" for kind in kinds), "waits %", "other %"
    lines = [["worker", "layers", *heads, "messages"]]
    lines[0] += megabytes
    for row in rows:
        working = 1 - row.waiting - row.other
        time = sum(row.seconds.values()) / working if working > 0 else 0.0
        shares = [row.seconds.get(kind, 0.0) / time if time else 0.0 for kind in kinds]
        shares += [row.waiting, row.other]
        layers = f"{row.layers[0]} to {row.layers[-1]}" if row.layers else ""
        cells = [*(f"{100 * share:.1f}" for share in shares), str(row.messages)]
        sent = [f"{(row.sent_bytes or 0) / 1e6:.1f}"] if known else []
        lines.append([str(row.worker), layers, *cells, *sent])
    return aligned(lines)


def aligned(lines):
    """Lists of cells, one for each line, as text in columns."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = [[cell.rjust(width) for cell, width in zip(line, widths)] for line in lines]
    return "\n".join("  ".join(line) for line in padded)
