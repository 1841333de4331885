"""A locked pipeline: backpropagation on several workers, to compare decoupled ones with.

    rule = LockedPipeline(cores, loss, make_optimizer, workers=2, micro_batches=4)
    metrics = rule.step(x, y)

Each worker owns some neighboring cores. A batch is cut into micro-batches, which go up and back
down through the workers, in one of two orders:

    fill-drain   all go up, then all come down (GPipe, Huang et al. 2019)
    1f1b         as soon as one is back, one up, one down (Narayanan et al. 2019; with a flush)

When all are back each worker updates its cores: with the sum of the gradients of its micro-batches,
each by its share of the samples. So a step is that of backpropagation on the whole batch, up to
rounding. Only batch normalization differs: it takes its statistics from each micro-batch.

The workers are threads, of which the first is the caller.
"""

from concurrent.futures import ThreadPoolExecutor

from dni_np.arguments import size
from dni_np.errors import UserError
from dni_np.parallel.apart import check_split
from dni_np.parallel.blas import one_thread
from dni_np.parallel.events import EventLog
from dni_np.parallel.mailbox import Closed, Message
from dni_np.parallel.split import balanced, groups_of
from dni_np.parallel.threads import line
from dni_np.rules.loss_unit import LossUnit
from dni_np.rules.rule import LOCKS, Rule, numbered

SCHEDULES = ("fill-drain", "1f1b")


class LockedPipeline(Rule):
    """`split`: how many of `cores` each worker has, lowest first (default: as many as the others).

    `make_optimizer(core)`: one for each core. `loss(prediction, y)` is that of the last one.
    """

    locks = LOCKS

    def __init__(
        self, cores, loss, make_optimizer, workers=2, micro_batches=4, schedule="1f1b", split=()
    ):
        if schedule not in SCHEDULES:
            raise UserError(f"unknown schedule {schedule!r}: choose among {', '.join(SCHEDULES)}")
        self.cores, self.workers = list(cores), size("workers", workers)
        self.micro_batches, self.schedule = size("micro_batches", micro_batches), schedule
        self.optimizers = [make_optimizer(core) for core in self.cores]
        self.loss_unit = LossUnit(self.cores[-1], loss, self.optimizers[-1])
        split = check_split(split, self.workers, len(self.cores))
        even = balanced([1] * len(self.cores), self.workers)
        self.groups = groups_of(split) if split else even
        self.stages = [Stage(self, number) for number in range(self.workers)]
        self.batch, self.pool = 0, None

    def step(self, x, y):
        m = self.micro_batches
        if not m <= len(x) == len(y):
            batch = f"{len(x)} samples with {len(y)} targets"
            raise UserError(f"{batch} cannot be cut into {m} micro-batches")
        if self.pool is None:
            self.pool, self.restore_threads = ThreadPoolExecutor(self.workers), one_thread()
        self.batch += 1
        ends = [round(j * len(x) / m) for j in range(m + 1)]
        parts = [slice(*pair) for pair in zip(ends, ends[1:])]
        lines = [line(m) for _ in self.stages[1:]]
        belows, aboves = [None, *(b for _, b in lines)], [*(a for a, _ in lines), None]
        calls = [(self.batch, x, y, parts, *two) for two in zip(belows, aboves)]
        others = [
            self.pool.submit(stage.train, *call) for stage, call in zip(self.stages[1:], calls[1:])
        ]
        faults = []
        try:
            self.stages[0].train(*calls[0])
        except BaseException as error:  # Ctrl-C too: then the others end as well
            faults.append(error)
        for other in others:
            error = other.exception()
            faults += [error] if error else []
        if faults:
            raise next((one for one in faults if not isinstance(one, Closed)), faults[0])
        losses = self.stages[-1].losses
        return {"loss": sum(losses[1:], losses[0])}

    def parts(self):
        return {**numbered("core", self.cores), **numbered("optimizer", self.optimizers)}

    def events(self):
        """What the workers noted of their last batches."""
        found = [event for stage in self.stages for event in stage.log.events]
        return sorted(found, key=lambda event: event.start)

    def close(self):
        """End the workers; a later step starts new ones."""
        if self.pool is not None:
            self.pool.shutdown()
            self.restore_threads()
            self.pool = None


class Stage:
    """One worker's cores, and what it does with a batch."""

    def __init__(self, pipeline, number):
        self.loss, group = pipeline.loss_unit.loss, pipeline.groups[number]
        self.cores = [pipeline.cores[i] for i in group]
        self.optimizers = [pipeline.optimizers[i] for i in group]
        self.order = order(pipeline.schedule, number, pipeline.workers, pipeline.micro_batches)
        self.log = EventLog(number + 1)
        for i, core, optimizer in zip(group, self.cores, self.optimizers):
            self.log.watch(core, "forward", "forward", i + 1)
            self.log.watch(core, "backward", "backward", i + 1)
            self.log.watch(optimizer, "step", "update", i + 1)

    def train(self, batch, x, y, parts, below, above):
        """All its work for one batch, of which `parts` are the micro-batches (slices)."""
        self.log.batch, self.losses, self.errors, self.caches = batch, [], {}, {}
        self.sums = [{} for _ in self.cores]
        try:
            for kind, j in self.order:
                rows, share = parts[j], (parts[j].stop - parts[j].start) / len(x)
                if kind == "forward":
                    h = self._receive(below, batch) if below else x[rows]
                    h = self._forward(h, j)
                    if above:
                        self._send(above, batch, h)
                    else:
                        loss, self.errors[j] = self.loss(h, y[rows])
                        self.losses.append(share * loss)
                else:
                    dh = self._receive(above, batch) if above else self.errors.pop(j)
                    dh = self._backward(dh, j, share, below is not None)
                    if below:
                        self._send(below, batch, dh)
            for core, optimizer, sums in zip(self.cores, self.optimizers, self.sums):
                for name, total in sums.items():
                    core.grads[name][...] = total
                optimizer.step()
        finally:
            self.log.batch = None
            for other in (below, above):  # nobody waits for ever for who has failed
                if other:
                    other.send.close()

    def _forward(self, h, j):
        self.caches[j] = []
        for core in self.cores:
            h, cache = core.forward(h)
            self.caches[j].append(cache)
        return h

    def _backward(self, dh, j, share, input_gradient):
        """The gradients of micro-batch j, added to those of the others by its share."""
        caches = self.caches.pop(j)
        for i in reversed(range(len(self.cores))):
            dh = self.cores[i].backward(dh, caches[i], input_gradient or i > 0)
            for name, gradient in self.cores[i].grads.items():
                if name in self.sums[i]:
                    self.sums[i][name] += share * gradient
                else:
                    self.sums[i][name] = share * gradient
        return dh

    def _send(self, other, batch, array):
        with self.log.noting("send"):
            other.send.put(Message("output", batch, {"array": array}))

    def _receive(self, other, batch):
        message = other.receive.get(timeout=0)
        if message is None:
            with self.log.noting("wait"):
                message = other.receive.get()
        return message.arrays["array"]


def order(schedule, number, workers, micro_batches):
    """[("forward" or "backward", j), ...]: what worker `number` (from 0) does for each batch."""
    m = micro_batches
    first = m if schedule == "fill-drain" else min(m, workers - number)
    work = [("forward", j) for j in range(first)]
    for j in range(m):
        work.append(("backward", j))
        work += [("forward", first + j)] if first + j < m else []
    return work
