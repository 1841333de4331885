"""Simulator: what decoupled workers would do, from the times of their work.

    durations = measured(events)                                     of a run, see `durations`
    result = decoupled(durations, groups_of((4, 3)), staleness=1)    see `split`
    result.throughput(), result.waiting(), result.events()

The schedule is that of `worker`: for each batch a worker waits for what its lower neighbor sends,
trains its lowest layer, sends a target down (or the weights of the guess that learned from it here,
where the border is `above`), trains the next ones, goes forward in its highest
layer, learns the targets that have come (and waits for those of batches more than `staleness`
before), trains its highest layer, and sends its output up. The lowest one begins a batch only if
the batch `room` before is done.

**How it is computed.** Worker w (from 0) can have batch n (from 0) only after itself had n - 1, its
lower neighbor n, and its upper one n - 1. So all pairs (w, n) with the same 2n + w depend on those
with smaller 2n + w alone, and are computed at once, as arrays: a wave. Nothing is approximated.
"""

import numpy as np

from dni_np.arguments import size
from dni_np.parallel.durations import TRAIN
from dni_np.parallel.machine import Machine, Simulation
from dni_np.parallel.simulated_events import decoupled_events
from dni_np.parallel.worker import on_the_way


def decoupled(
    durations, groups, staleness=1, machine=Machine(), batches=200, seed=0, room=None, above=None
):
    """The Simulation of so many batches on workers that have `groups` (ranges) of the layers.

    `above`: of each border, does its guess learn on the worker above it? (None: as in the run that
    was measured, if it had these groups, or else nowhere.)
    `room`: batches on the way at most (None: as many as a Pipeline allows).
    """
    size("batches", batches, least=4), size("seed", seed, least=0)
    size("staleness", staleness, least=0)
    room = on_the_way(len(groups), staleness) if room is None else room
    size("room", room, staleness + len(groups) + 3)
    if above is None:
        above = durations.above if tuple(map(len, groups)) == durations.split else ()
    above = np.array([*above, *[False] * (len(groups) - len(above))])
    rng = np.random.default_rng(seed)
    times = machine.checked().draw(durations, groups, batches, rng, above)
    targets = any(kind == "correct" for kind, _ in durations.samples)
    waves = Waves(times, groups, targets, above & targets, staleness, room, machine)
    for s in range(2 * (batches - 1) + len(groups)):
        w = np.arange(max(s % 2, s - 2 * (batches - 1)), min(len(groups) - 1, s) + 1, 2)
        if len(w):
            waves.compute((s - w) // 2, w)
    waves.finish()
    return Simulation(waves.ends, waves.busy, lambda: decoupled_events(waves, times, groups))


class Waves:
    """The times of all workers, (batches, workers), filled wave by wave."""

    def __init__(self, times, groups, targets, above, staleness, room, machine):
        train, correct = sum(times[kind] for kind in TRAIN), times["correct"]
        forward = times["forward"]
        batches, workers = len(train), len(groups)
        low, high = (np.array([group[i] for group in groups]) for i in (0, -1))
        train_sums, correct_sums = _sums(train), _sums(correct)
        self.many = low < high  # has a lowest layer and, beside it, a highest one
        self.low = np.where(self.many, train[:, low], 0.0)
        self.middle = train_sums[:, high] - train_sums[:, np.minimum(low + 1, high)]
        self.middle += correct_sums[:, np.maximum(high - 1, low)] - correct_sums[:, low]
        self.middle += forward[:, high]
        self.high = train[:, high] - forward[:, high]
        self.high += np.where(self.many, correct[:, high - 1], 0.0)
        # The guess below learns on this worker, right after the layer above it was trained.
        self.below = np.append(False, above[:-1])
        below = np.where(self.below, correct[:, low - 1], 0.0)
        self.low += np.where(self.many, below, 0.0)
        self.high += np.where(self.many, 0.0, below)
        self.correct = np.where(above, 0.0, correct[:, high])
        self.targets = np.full(workers, targets)  # do targets come from above?
        self.targets[-1] = False
        self.staleness, self.room = staleness, room
        self.delay, self.send = machine.delay(), machine.send
        self.free, self.next_target = np.zeros(workers), np.zeros(workers, int)
        self.output_at, self.target_at = np.zeros((2, batches, workers))  # of messages
        # When these began: the batch, what the highest layer does after its forward, to learn the
        # target of the batch.
        self.begins, self.highs, self.learns = np.zeros((3, batches, workers))
        # When a worker goes on to the next batch, when nothing of this one is left to be learned.
        self.ends, self.done = np.zeros((2, batches, workers))
        self.busy = np.zeros((batches, workers))

    def compute(self, n, w):
        """Batches n on workers w, arrays of the same length: one wave."""
        if w[0] == 0 and n[0] >= self.room:
            self.output_at[n[0], 0] = self.done[n[0] - self.room].max() + self.delay
        t = self.begins[n, w] = np.maximum(self.free[w], self.output_at[n, w])
        t = t + self.low[n, w]
        t = self._send(n, w, t, self.targets[w - 1] & (w > 0) & self.many[w], self.target_at, -1)
        t = t + self.middle[n, w]
        self.busy[n, w] += t - self.begins[n, w]
        self.busy[n, w] += self._learn(n, w, t, n - self.staleness)
        self.highs[n, w] = t
        t = t + self.high[n, w]
        t = self._send(n, w, t, self.targets[w - 1] & (w > 0) & ~self.many[w], self.target_at, -1)
        t = self._send(n, w, t, w < len(self.free) - 1, self.output_at, 1)
        self.busy[n, w] += t - self.highs[n, w]
        self.free[w] = self.ends[n, w] = t
        self.done[n, w] = np.where(self.targets[w], np.inf, t)

    def finish(self):
        """After the last batch all targets are waited for."""
        w = np.arange(len(self.free))
        batches = np.full(len(w), len(self.ends))
        self._learn(batches, w, self.free, batches)

    def _send(self, n, w, t, some, arrivals, way):
        """Where `some`, to the neighbor `way` (-1: below) of w at time t; until when it takes."""
        t = t + self.send * some
        arrivals[n[some], w[some] + way] = t[some] + self.delay
        return t

    def _learn(self, n, w, t, before):
        """Learn the targets that have come by t, and all of batches earlier than `before`.

        `t` is then when that is done; how long it took, without waiting, is returned.
        """
        last, took = len(self.target_at) - 1, np.zeros(len(w))
        while True:
            first = self.next_target[w]
            there = self.target_at[np.minimum(first, last), w] <= t
            some = self.targets[w] & (first < n) & (there | (first < before))
            if not some.any():
                return took
            i, v = first[some], w[some]
            self.learns[i, v] = np.maximum(t[some], self.target_at[i, v])
            t[some] = self.done[i, v] = self.learns[i, v] + self.correct[i, v]
            took[some] += self.correct[i, v]
            self.next_target[v] += 1


def _sums(times):
    """(batches, layers + 1): [:, b] - [:, a] is the sum of layers a to b - 1."""
    return np.concatenate([np.zeros((len(times), 1)), np.cumsum(times, axis=1)], axis=1)
