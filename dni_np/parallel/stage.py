"""Stage: a worker of a locked pipeline, with the micro-batches that go up and down through it.

Which of them when is its `order`; see `locked`. It never waits for what comes later: a micro-batch
comes back from above only after it went up, and each mailbox has room for all of a batch.
"""

from dni_np.backend import asarray, xp
from dni_np.parallel.mailbox import Message
from dni_np.parallel.optimizer_part import parts_of
from dni_np.rules.rule import numbered

SCHEDULES = ("fill-drain", "1f1b")


class Stage:
    """The worker of the cores of a Backprop in its `share`; `order`: its work for a batch.

    `below` and `above` are the Lines to its neighbors, None at the ends.
    """

    def __init__(self, rule, share, order, clock, report, log, below=None, above=None):
        self.rule, self.group, self.order = rule, share.units, order
        self.clock, self.report, self.log = clock, report, log
        self.below, self.above = below, above
        self.loss, self.optimizer = rule.loss_unit.loss, rule.loss_unit.optimizer
        self.parts = parts_of(self.optimizer, rule.cores)
        self.sums = {i: xp.empty_like(self.parts[i].grads) for i in self.group}

    def train(self, batch, x, y):
        """x (N, ...), or None above the lowest group, with its targets y."""
        self.log.batch, self.clock.step = batch, batch - 1
        losses, self.errors, self.caches = [], {}, {}
        parts = cut(len(y), self.order)
        for kind, j in self.order:
            rows, share = parts[j], (parts[j].stop - parts[j].start) / len(y)
            if kind == "forward":
                h = self._receive(self.below, batch) if self.below else x[rows]
                h = self._forward(h, j)
                if self.above:
                    self._send(self.above, batch, h)
                else:
                    loss, self.errors[j] = self.loss(h, y[rows])
                    losses.append(share * loss)
            else:
                dh = self._receive(self.above, batch) if self.above else self.errors.pop(j)
                dh = self._backward(dh, j, share)
                if self.below:
                    self._send(self.below, batch, dh)
        for i in self.group:
            with self.log.noting("update", i + 1):
                self.parts[i].grads[...] = self.sums[i]
                self.parts[i].update()
        self.optimizer.steps += 1
        self.log.batch = None
        self.report(batch, {"loss": sum(losses[1:], losses[0])} if losses else {})

    def finish(self):
        """Nothing waits here."""

    def _forward(self, h, j):
        self.caches[j] = []
        for i in self.group:
            with self.log.noting("forward", i + 1):
                h, cache = self.rule.cores[i].forward(h)
            self.caches[j].append(cache)
        return h

    def _backward(self, dh, j, share):
        """The gradients of micro-batch j, added to those of the others by its share."""
        caches = self.caches.pop(j)
        for i in reversed(self.group):
            with self.log.noting("backward", i + 1):
                dh = self.rule.cores[i].backward(dh, caches.pop(), i > 0)
                if j == 0:  # it comes back first, in either order
                    xp.multiply(self.parts[i].grads, share, out=self.sums[i])
                else:
                    self.sums[i] += share * self.parts[i].grads
        return dh

    def _send(self, other, batch, array):
        other.put(Message("output", batch, {"array": array}), self.log)

    def _receive(self, other, batch):
        message = other.receive.get(timeout=0)
        if message is None:
            with self.log.noting("wait"):
                message = other.receive.get()
        return asarray(message.arrays["array"])


def owned(rule, group):
    """What has a state of these cores of a Backprop, by name."""
    own = parts_of(rule.loss_unit.optimizer, rule.cores)
    parts = {**numbered("core", rule.cores), **numbered("optimizer", own)}
    return {f"{kind}{i}": parts[f"{kind}{i}"] for kind in ("core", "optimizer") for i in group}


def cut(n, order):
    """[slice] of n samples, one for each that `order` has."""
    m = len(order) // 2
    ends = [round(j * n / m) for j in range(m + 1)]
    return [slice(*pair) for pair in zip(ends, ends[1:])]


def order(schedule, number, workers, micro_batches):
    """[("forward" or "backward", j), ...]: what worker `number` (from 0) does for each batch."""
    m = micro_batches
    first = m if schedule == "fill-drain" else min(m, workers - number)
    work = [("forward", j) for j in range(first)]
    for j in range(m):
        work.append(("backward", j))
        work += [("forward", first + j)] if first + j < m else []
    return work
