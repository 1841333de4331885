"""Measured events: which worker did what, for which batch, from when to when.

    Event(worker, batch, kind, start, stop, layer)      as in pictures/events.py

`worker` counts from 1, `layer` too (the lowest is 1; 0 where the work is of no layer), `batch` is
the number of the step. `start` and `stop` are seconds of time.perf_counter, one clock for all
processes of a machine. The kinds of work:

    forward, guess, backward, update     of a unit, in this order
    correct                              the guess learns from its target
    guess input, correct input           of complete unlock
    send, wait                           a message is handed on; nothing has come yet

What lies between two events is of no kind: the caller, who is worker 1, draws the next batch; a
message is taken out of its mailbox.
"""

import time
from collections import deque
from contextlib import contextmanager
from functools import wraps

import numpy as np

from dni_np.pictures.events import Event

KINDS = (
    *("forward", "guess", "backward", "update", "correct", "guess input", "correct input"),
    *("send", "wait"),
)
KEPT = 50_000  # events of a worker, the newest


class EventLog:
    """The events of one worker, written down by itself; nothing is noted between two batches."""

    def __init__(self, worker):
        self.worker, self.events = worker, deque(maxlen=KEPT)
        self.batch = None  # the one that is worked on
        self.inside = False  # of work that is being noted already, such as the guess of a `correct`

    @contextmanager
    def noting(self, kind, layer=0, batch=None):
        """Note what is done in the block as one event."""
        batch = self.batch if batch is None else batch
        if self.inside or batch is None:
            yield
            return
        self.inside, start = True, time.perf_counter()
        try:
            yield
        finally:
            self.inside = False
            self.add(kind, layer, batch, start)

    def add(self, kind, layer, batch, start):
        """What was done from `start` until now. A wait that goes on is one event."""
        last = self.events[-1] if self.events else None
        if last and kind == "wait" == last.kind and last.batch == batch:
            start = self.events.pop().start
        self.events.append(Event(self.worker, batch, kind, start, time.perf_counter(), layer))

    def watch_units(self, rule, group):
        """Note the work of the units in `group` (a range) of a Chain."""
        for i in group:
            core, parts = rule.cores[i], rule.parts_of([i])
            self.watch(core, "forward", "forward", i + 1)
            self.watch(core, "backward", "backward", i + 1)
            for name, part in parts.items():
                if name.endswith("/optimizer") or name.startswith("optimizer"):
                    self.watch(part, "step", "update", i + 1)
                elif name.endswith("/model"):
                    self.watch(part, "forward", "guess", i + 1)
        for unit, layer in zip(getattr(rule, "units", ()), range(1, len(rule.cores))):
            if layer - 1 in group:
                self.watch(unit, "update_synthetic_weights", "correct", layer)
        for model, layer in zip(getattr(rule, "inputs", ()), range(2, len(rule.cores) + 1)):
            if layer - 1 in group:
                self.watch(model, "guess", "guess input", layer)
                self.watch(model, "learn", "correct input", layer)

    def watch(self, owner, method, kind, layer):
        """Note every call of a method of `owner`, such as a core's forward."""
        call = getattr(owner, method)

        @wraps(call)
        def noted(*arguments, **options):
            with self.noting(kind, layer):
                return call(*arguments, **options)

        setattr(owner, method, noted)


def to_array(events):
    """Events as numbers (N, 6), to be sent."""
    rows = [(e.worker, e.batch, KINDS.index(e.kind), e.start, e.stop, e.layer) for e in events]
    return np.array(rows, np.float64).reshape(-1, 6)


def from_array(rows):
    """The events that `to_array` made numbers of."""
    return [
        Event(int(worker), int(batch), KINDS[int(kind)], start, stop, int(layer))
        for worker, batch, kind, start, stop, layer in rows.tolist()
    ]
