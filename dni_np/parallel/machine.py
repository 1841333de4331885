"""Machine: what a simulation supposes of the workers and of the lines between them.

A message arrives `latency` + bytes / `bandwidth` after it was sent. `slow` and `slowdowns` are
stragglers: a worker that is always slower, and workers that are slower now and then.
"""

import itertools
from typing import NamedTuple

import numpy as np

from dni_np.errors import UserError


class Machine(NamedTuple):
    """Times in seconds."""

    latency: float = 0.0
    bandwidth: float = np.inf  # bytes in a second
    message_bytes: float = 0.0
    send: float = 0.0  # what a message takes its sender
    jitter: float | None = None  # None: times drawn from the measured ones (see Durations.draw)
    slow: dict = {}  # {worker, from 1: how many times slower}
    slowdowns: tuple = (0.0, 1.0)  # in this share of its batches a worker is so many times slower

    def checked(self):
        """Itself, with values that a machine can have."""
        times = (self.latency, self.message_bytes, self.send)
        if not all(0 <= one < np.inf for one in times) or not self.bandwidth > 0:
            raise UserError(
                "latency, bytes and the time of a send cannot be negative or endless, and a "
                f"bandwidth is more than 0: not {self}"
            )
        share, factor = self.slowdowns
        factors = factor, *self.slow.values()
        if not 0 <= share <= 1 or not all(0 < one < np.inf for one in factors):
            raise UserError(
                "a slowdown has a share of the batches, 0 to 1, and a factor above 0, not "
                f"{self.slowdowns} and {self.slow}"
            )
        return self

    def delay(self):
        """Seconds from the end of a send until the message is there."""
        return self.latency + self.message_bytes / self.bandwidth

    def draw(self, durations, groups, batches, rng, above=()):
        """{kind: seconds (batches, layers)} on these workers, each with a range of layers; where
        `above`, the guess of the highest learns on the next worker.
        """
        times = durations.draw(batches, rng, self.jitter)
        share, factor = self.slowdowns
        strange = set(self.slow) - set(range(1, len(groups) + 1))
        if strange:
            raise UserError(f"there is no worker {min(strange)} among {len(groups)} to be slow")
        workers = np.array([self.slow.get(w, 1.0) for w in range(1, len(groups) + 1)])
        factors = np.where(rng.random((batches, len(groups))) < share, factor, 1.0) * workers
        factors = np.repeat(factors, [len(group) for group in groups], axis=1)
        lessons = factors.copy()
        for group in itertools.compress(groups, above):
            lessons[:, group[-1]] = factors[:, group[-1] + 1]
        return {
            kind: seconds * (lessons if kind == "correct" else factors)
            for kind, seconds in times.items()
        }


class Simulation:
    """What comes out: `ends` and `busy` (batches, workers) are when each worker had done its part
    of a batch, and how long it had worked for it; `events()` are made as a run's own.
    """

    def __init__(self, ends, busy, make_events):
        self.ends, self.busy, self.events = ends, busy, make_events

    def throughput(self):
        """Batches in a second, over the second half: the pipeline is full then."""
        half, n = len(self.ends) // 2, len(self.ends)
        return (n - half) / (self.ends[-1, -1] - self.ends[half - 1, -1])

    def waiting(self):
        """Of each worker the share of its time, over the second half, in which it did nothing."""
        half = len(self.ends) // 2
        time = self.ends[-1] - self.ends[half - 1]
        free = 1 - self.busy[half:].sum(axis=0) / time
        return np.maximum(free, 0)  # below it by rounding where nobody ever waits


def even_groups(layers, workers):
    """(range, ...): neighboring layers for each worker, as many for each as for the others."""
    if not 1 <= workers <= layers:
        raise UserError(f"{layers} layers keep 1 to {layers} workers busy, not {workers}")
    bounds = [w * layers // workers for w in range(workers + 1)]
    return tuple(range(a, b) for a, b in zip(bounds, bounds[1:]))
