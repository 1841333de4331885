"""Trace: measured or simulated events as a file of Chrome's trace format, and back.

    save(events, "trace.json")       open it at https://ui.perfetto.dev: a row for each worker
    events, about = load("trace.json")

Each event is a "complete event" of the format: its name is the kind of work and the layer, its
category the kind, `ts` and `dur` are microseconds, `tid` is the row; the batch and the layer are
among its arguments. (Format: "Trace Event Format", Google; from memory, not checked.)
"""

import json
import math
from pathlib import Path

from dni_np.pictures.events import Event
from dni_np.training.files import reading, write_text

MICRO = 1e6  # microseconds in a second
ADVICE = "give the trace.json of a run with several workers"


def save(events, path, about=()):
    """Write events (seconds) as JSON, whole or not at all. `about`: further facts, by name."""
    events = sorted(events, key=lambda event: event.start)
    whole = {**to_chrome(events), "otherData": dict(about)}
    write_text(path, json.dumps(whole, allow_nan=False))


def to_chrome(events):
    """The events as an object of the format, which json can write."""
    workers = sorted({event.worker for event in events}, key=lambda one: str(one).zfill(9))
    rows = {worker: row for row, worker in enumerate(workers, 1)}
    names = [
        {"ph": "M", "pid": 1, "tid": row, "name": "thread_name", "args": {"name": _name(worker)}}
        for worker, row in rows.items()
    ]
    boxes = [
        {
            "ph": "X",
            "pid": 1,
            "tid": rows[event.worker],
            "name": f"{event.kind} {event.layer}" if event.layer else event.kind,
            "cat": event.kind,
            "ts": MICRO * event.start,
            "dur": MICRO * (event.stop - event.start),
            "args": {"worker": event.worker, "batch": event.batch, "layer": event.layer},
        }
        for event in events
    ]
    return {"displayTimeUnit": "ms", "traceEvents": names + boxes}


def load(path):
    """(events in the order in which they start, facts by name) of a file that `save` wrote."""
    with reading(path, ADVICE):
        whole = json.loads(Path(path).read_text(encoding="utf-8"))
        events = [_event(box) for box in whole["traceEvents"] if box["ph"] == "X"]
        about = dict(whole["otherData"])
    return sorted(events, key=lambda event: event.start), about


def _event(box):
    start, long, own = box["ts"] / MICRO, box["dur"] / MICRO, box["args"]
    worker, batch, layer = own["worker"], own["batch"], own["layer"]
    numbers = type(batch) is type(layer) is int and type(worker) in (int, str)
    if not (numbers and math.isfinite(start) and 0 <= long < math.inf and batch >= 1 > -layer):
        raise ValueError(f"an event cannot have {own}, ts {box['ts']} and dur {box['dur']}")
    return Event(worker, batch, str(box["cat"]), start, start + long, layer)


def _name(worker):
    return f"worker {worker}" if isinstance(worker, int) else str(worker)
