"""A locked pipeline: backpropagation on several workers, to compare decoupled ones with.

    rule = LockedPipeline(build, workers=2, micro_batches=4)      build(clock) makes a Backprop
    metrics = rule.step(x, y)

Each worker owns some neighboring cores. A batch is cut into micro-batches, which go up and back
down through the workers, in one of two orders:

    fill-drain   all go up, then all come down (GPipe, Huang et al. 2019)
    1f1b         as soon as one is back, one up, one down (Narayanan et al. 2019; with a flush)

When all are back each worker updates its cores: with the sum of the gradients of its micro-batches,
each by its share of the samples. What that is equal to:

    one micro-batch      Backprop on one worker, bit for bit
    several              the same up to rounding, since sums are made in another order; but batch
                         normalization takes its statistics from each micro-batch, and there it is
                         another function
    any number           the same bits for either order, any split and any engine

It is used as any other Pipeline, and its state is that of the Backprop.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dni_np.arguments import size
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.nn.schedules import RunClock
from dni_np.parallel.apart import check_split
from dni_np.parallel.events import EventLog
from dni_np.parallel.pipeline import Pipeline
from dni_np.parallel.split import TRIES, of_units, placed
from dni_np.parallel.stage import SCHEDULES, Stage, order, owned
from dni_np.rules.backprop import Backprop


class LockedPipeline(Pipeline):
    """`build(clock)` makes a Backprop; otherwise as a Pipeline."""

    def __init__(
        self,
        build,
        workers=2,
        engine="processes",
        split=(),
        micro_batches=4,
        schedule="1f1b",
        clock=None,
    ):
        if schedule not in SCHEDULES:
            raise UserError(f"unknown schedule {schedule!r}: choose among {', '.join(SCHEDULES)}")
        self.micro_batches, self.schedule = size("micro_batches", micro_batches), schedule
        super().__init__(build, workers, engine, split, clock=clock)
        self.border = max(self.border, self.micro_batches)

    def check(self, split):
        if not isinstance(self.rule, Backprop):
            raise UserError(
                f"a locked pipeline trains by Backprop, not by {type(self.rule).__name__}"
            )
        self.cores, self.loss_unit = self.rule.cores, self.rule.loss_unit
        self.locks = self.rule.locks
        self.split = check_split(split, self.workers, len(self.cores))

    def job(self, shares):
        work, rooms = (self.micro_batches, self.schedule), (self.room, self.border)
        return LockedJob(self.build, shares, *work, *rooms)

    def own_worker(self, share, report, above):
        work = order(self.schedule, 0, self.workers, self.micro_batches)
        return Stage(self.rule, share, work, self.own, report, self.log, above=above)

    def needs_input(self, share):
        return False

    def costs(self, x, y):
        log, clock, n = EventLog(1), RunClock(), len(self.cores)
        (everything,) = placed((n,))
        work = order(self.schedule, 0, 1, self.micro_batches)
        stage = Stage(self.build(clock), everything, work, clock, lambda *report: None, log)
        seconds = np.zeros((TRIES + 1, n))
        for batch in range(1, TRIES + 2):
            stage.train(batch, x, y)
        for event in log.events:
            seconds[event.batch - 1, event.layer - 1] += event.stop - event.start
        return of_units(seconds[1:].min(axis=0).tolist())  # the first is slow

    def step(self, x, y):
        check_batch("a locked pipeline", x)
        m = self.micro_batches
        if not m <= len(x) == len(y):
            batch = f"{len(x)} samples with {len(y)} targets"
            raise UserError(f"{batch} cannot be cut into {m} micro-batches")
        return self.hand_in(x, y)


class LockedJob(NamedTuple):
    """What the workers beside the caller begin with, as a Job."""

    build: Callable
    shares: tuple
    micro_batches: int
    schedule: str
    room: int
    border: int

    def worker(self, number, lines, clock, report, log):
        work = order(self.schedule, number - 1, len(self.shares), self.micro_batches)
        own = self.build(clock), self.shares[number - 1], work, clock, report, log
        return Stage(*own, below=lines.below, above=lines.above)

    def owned(self, rule, share):
        return owned(rule, share.units)

    known = owned
