"""Summary: what each worker did with its time, how much it waited, what it sent.

    rows = summary(events)       a Row for each worker
    print(table(rows))

Waiting is all time between the first event of all workers and the last one that is not work: also
what no event says, such as the time in which a worker waits for the next batch of the caller.
"""

from typing import NamedTuple

import numpy as np

from dni_np.errors import UserError
from dni_np.pictures.events import span, work


PAUSE = 20  # a step that takes this many times the usual one is the caller's pause


class Row(NamedTuple):
    """Of one worker; times in seconds."""

    worker: object
    layers: tuple
    seconds: dict  # of each kind of work, by its name
    waiting: float  # share of the time, 0 to 1
    messages: int  # sent to neighbors
    sent_bytes: int | None  # None where the size of a message is not known


def summary(events, message_bytes=None):
    """`message_bytes`: of a message to a neighbor; {worker: bytes} where they differ."""
    if not work(events):
        raise UserError("there is no work among these events: a summary needs some")
    first, last = span(events)
    owners = sorted({event.worker for event in events}, key=lambda one: str(one).zfill(9))
    return [_row(worker, work(events), last - first, message_bytes) for worker in owners]


def _row(worker, events, time, message_bytes):
    own, seconds = [event for event in events if event.worker == worker], {}
    for event in own:
        seconds[event.kind] = seconds.get(event.kind, 0.0) + event.stop - event.start
    layers = tuple(sorted({event.layer for event in own} - {0}))
    messages = sum(event.kind == "send" for event in own)
    each = message_bytes.get(worker, 0) if isinstance(message_bytes, dict) else message_bytes
    waiting = 1 - sum(seconds.values()) / time if time > 0 else 0.0
    sent = None if each is None else messages * each
    return Row(worker, layers, seconds, waiting, messages, sent)


def throughput(events):
    """Batches in a second: what the highest layer begins, over the second half.

    The caller's pauses, such as for a measurement, are left out: steps of over 20 times the usual.
    """
    top = max((event.layer for event in events), default=0)
    firsts = {}
    for event in work(events):
        if event.layer == top:
            firsts[event.batch] = min(event.start, firsts.get(event.batch, event.start))
    steps = np.diff(sorted(firsts.values()))[len(firsts) // 2 :]
    if not len(steps):
        raise UserError("a throughput needs events of several batches")
    return 1 / steps[steps <= PAUSE * np.median(steps)].mean()


def table(rows):
    """Rows as aligned text: shares of the time in percent, messages, megabytes where known."""
    kinds = list(dict.fromkeys(kind for row in rows for kind in row.seconds))
    known = any(row.sent_bytes is not None for row in rows)
    megabytes = ["MB sent"] if known else []
    lines = [["worker", "layers", *(f"{kind} %" for kind in kinds), "waits %", "messages"]]
    lines[0] += megabytes
    for row in rows:
        work_time = sum(row.seconds.values())
        time = work_time / (1 - row.waiting) if row.waiting < 1 else 0.0
        shares = [row.seconds.get(kind, 0.0) / time if time else 0.0 for kind in kinds]
        layers = f"{row.layers[0]} to {row.layers[-1]}" if row.layers else ""
        cells = [*(f"{100 * share:.1f}" for share in (*shares, row.waiting)), str(row.messages)]
        sent = [f"{(row.sent_bytes or 0) / 1e6:.1f}"] if known else []
        lines.append([str(row.worker), layers, *cells, *sent])
    return aligned(lines)


def aligned(lines):
    """Lists of cells, one for each line, as text in columns."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = [[cell.rjust(width) for cell, width in zip(line, widths)] for line in lines]
    return "\n".join("  ".join(line) for line in padded)
