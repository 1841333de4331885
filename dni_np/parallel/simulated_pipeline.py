"""A locked pipeline, simulated: backpropagation on workers that have some layers each.

    result = locked(durations, groups, micro_batches=8, schedule="1f1b")

Each batch is cut into m micro-batches. These go up through the workers one after another, and back
down; when all are back, each worker updates its layers and begins the next batch (the weights are
those of plain backpropagation, so every batch waits for the one before).

    fill-drain   all go up, then all come down (GPipe, Huang et al. 2019)
    1f1b         as soon as one is back, one up, one down (Narayanan et al. 2019; with a flush): as
                 long, but a worker keeps no more than p micro-batches in memory

With p equal workers the share (p - 1) / (m + p - 1) of the time is waiting, the bubble. One
micro-batch is plain backpropagation on p workers, of which one works at a time.

Supposed in its favor: a micro-batch takes 1/m of the batch's time, and the update is all that is
done for each batch besides.

**How it is computed.** Each worker does one thing at a time, in a fixed order; its place in that
order, counted so that all it needs has a smaller count, is its slot. All work of one slot, at most
one piece a worker, is computed at once.
"""

import numpy as np

from dni_np.arguments import size
from dni_np.errors import UserError
from dni_np.parallel.machine import Machine, Simulation
from dni_np.parallel.simulated_events import with_waiting
from dni_np.parallel.stage import SCHEDULES
from dni_np.pictures.events import Event


def locked(
    durations, groups, micro_batches=8, schedule="1f1b", machine=Machine(), batches=20, seed=0
):
    """The Simulation of so many batches. The measured guesses and corrections are left out."""
    size("batches", batches, least=4), size("seed", seed, least=0)
    size("micro_batches", micro_batches)
    if schedule not in SCHEDULES:
        raise UserError(f"there is no schedule {schedule!r}: choose among {', '.join(SCHEDULES)}")
    drawn = machine.checked().draw(durations, groups, batches, np.random.default_rng(seed))
    first, m = [group[0] for group in groups], micro_batches
    pieces = {"forward": m, "backward": m, "update": 1}  # of a batch
    times = {kind: np.add.reduceat(drawn[kind], first, axis=1) for kind in pieces}
    run = Slots(len(groups), m, schedule, machine)
    ends, busy = np.zeros((2, batches, len(groups)))
    for n in range(batches):
        run.batch(n, {kind: times[kind][n] / many for kind, many in pieces.items()})
        ends[n] = run.free
        busy[n] = sum(seconds[n] for seconds in times.values()) + m * run.sends
    return Simulation(ends, busy, run.events)


class Slots:
    """`workers`, of which each does what its slots say; `free` is when they have."""

    def __init__(self, workers, micro_batches, schedule, machine):
        self.p, self.m, self.schedule = workers, micro_batches, schedule
        self.delay, self.send = machine.delay(), machine.send
        self.free, self.log = np.zeros(workers), []
        ends = (np.arange(workers) == 0) | (np.arange(workers) == workers - 1)
        self.sends = machine.send * np.where(ends, 1, 2) * (workers > 1)

    def batch(self, n, times):
        """One batch after the other."""
        p, m, w = self.p, self.m, np.arange(self.p)
        if self.schedule == "fill-drain":
            ups, downs, step = w, m + p - 1 + (p - 1 - w), 1
        else:
            ups, downs, step = w, 2 * p - 1 - w, 2
        arrivals = {kind: np.zeros((m, p)) for kind in ("forward", "backward")}
        for slot in range(downs.max() + step * (m - 1) + 1):
            for kind, begin, way in (("forward", ups, 1), ("backward", downs, -1)):
                j = (slot - begin) // step
                own = w[((slot - begin) % step == 0) & (0 <= j) & (j < m)]
                if len(own):
                    self._work(n, kind, own, j[own], times[kind][own], arrivals[kind], way)
        self.log.append((n, "update", w, self.free, times["update"]))
        self.free = self.free + times["update"]

    def _work(self, n, kind, w, j, seconds, arrivals, way):
        start = np.maximum(self.free[w], arrivals[j, w])
        self.log.append((n, kind, w, start, seconds))
        stop, to = start + seconds, w + way
        some = (0 <= to) & (to < self.p)
        if self.send and some.any():
            self.log.append((n, "send", w[some], stop[some], np.full(some.sum(), self.send)))
        self.free[w] = stop + self.send * some
        arrivals[j[some], to[some]] = self.free[w[some]] + self.delay

    def events(self):
        """In the order in which they began. The number of a worker stands for its layers."""
        own = [[] for _ in range(self.p)]
        for n, kind, workers, starts, seconds in self.log:
            for w, start, took in zip(workers.tolist(), starts.tolist(), seconds.tolist()):
                layer = 0 if kind == "send" else w + 1
                own[w].append(Event(w + 1, n + 1, kind, start, start + took, layer))
        events = [event for some in own for event in with_waiting(some)]
        return sorted(events, key=lambda event: event.start)
