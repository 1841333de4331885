"""Measured events: which worker did what, for which batch, from when to when.

    Event(worker, batch, kind, start, stop, layer)      as in pictures/events.py

`worker` counts from 1, `layer` too (the lowest is 1; 0 where the work is of no layer), `batch` is
the number of the step. `start` and `stop` are seconds of time.perf_counter, one clock for all
processes of a machine. The kinds of work:

    forward, guess, backward, update     of a unit, in this order
    correct                              the guess learns from its target
    guess input, correct input           of complete unlock
    send, wait                           a message is handed on; nothing has come yet
"""

import time
from collections import deque
from contextlib import contextmanager
from functools import wraps

from dni_np.pictures.events import Event

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
        if self.inside or self.batch is None:
            yield
            return
        self.inside, start = True, time.perf_counter()
        try:
            yield
        finally:
            self.inside, stop = False, time.perf_counter()
            batch = self.batch if batch is None else batch
            self.events.append(Event(self.worker, batch, kind, start, stop, layer))

    def watch(self, owner, method, kind, layer):
        """Note every call of a method of `owner`, such as a core's forward."""
        call = getattr(owner, method)

        @wraps(call)
        def noted(*arguments, **options):
            with self.noting(kind, layer):
                return call(*arguments, **options)

        setattr(owner, method, noted)
