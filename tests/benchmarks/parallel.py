"""One network on two workers, against other ways to keep the same cores busy.

    one worker, a thread        the rule as it is, one BLAS thread
    runs at once                as many such runs, which know nothing of each other: seconds a batch
                                of all together, the most that this machine can make of its cores
    one worker                  the same with all threads
    processes, threads          the rule on as many workers as threads, one BLAS thread each
    backprop                    locked, all threads
    locked pipeline             backpropagation on the same workers, with micro-batches
    PyTorch                     the rule, all threads

Of workers those batches count that all have learned (see `OnWorkers`): the lowest of them may be
some batches ahead of the others when a turn ends.

So what workers gain over one with a thread has three factors (`parts`): how evenly the layers can
be given out, what runs at once reach of so many machines, and the rest: messages, waiting, and what
the caller does beside.
"""

import multiprocessing
import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from dni_np.backend import asarray
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_rule
from dni_np.parallel.locked import LockedPipeline
from dni_np.parallel.pipeline import Pipeline
from dni_np.parallel.split import balanced, measured
from tests.benchmarks.cases import Step
from tests.benchmarks.timing import Contender, ratio, timed

STALENESS, MICRO_BATCHES = 4, 4
ALONE, AT_ONCE = "one worker, a thread", "runs at once"


@dataclass(frozen=True)
class Apart(Step):
    """A Step whose rule runs on several workers."""

    @property
    def table(self):
        return "parallel"

    def of_network(self):
        """The changes that make the network, without those of the guesses."""
        return {name: value for name, value in self.changes.items() if name != "hidden"}

    def again(self, clock=None):
        """The rule, built by a worker."""
        x, y = self.data()
        dataset = Dataset("random", x[:1], y[:1], x[:1], y[:1], 10, image=(28, 28, 1))
        return build_rule(self.settings(), dataset, np.random.default_rng(0), clock)


class Steps:
    """A step that is called, and `finish`, which waits for what is on the way."""

    def __init__(self, rule, case):
        self.rule, self.batch = rule, tuple(map(asarray, case.data()))

    def __call__(self):
        return self.rule.step(*self.batch)

    def finish(self):
        self.rule.drain()

    def close(self):
        self.rule.close()


def alone(case, threads):
    threadpool_limits(threads)
    return Steps(case.build(), case)


class AtOnce(Steps):
    """Several runs of one worker with one thread, each in a process, none of which has workers."""

    def __init__(self, case, runs):
        threadpool_limits(1)
        super().__init__(case.build(), case)
        self.others = [Contender(alone, case, 1) for _ in range(runs - 1)]

    def timed(self, steps):
        """Seconds a step, when those of all runs are counted."""
        for other in self.others:
            other.pipe.send(steps)
        seconds = [timed(self, steps), *(other.pipe.recv() for other in self.others)]
        return 1 / sum(1 / one for one in seconds)

    def close(self):
        for other in self.others:
            other.stop()


class OnWorkers(Steps):
    """A rule on workers, whose step returns the metrics of a batch that is learned everywhere, if
    there is one.
    """

    def timed(self, steps):
        """Seconds a batch, from one that is learned to the last one that is."""
        for _ in range(1 + steps // 4):
            self()
        learned = [time.perf_counter() for _ in range(max(steps, 2 * self.rule.room)) if self()]
        return (learned[-1] - learned[0]) / (len(learned) - 1)


def on_workers(case, engine, split):
    sizes, above = split
    how = {"split": sizes, "guesses_above": above, "staleness": STALENESS}
    return OnWorkers(Pipeline(case.again, len(sizes), engine, **how), case)


def split_of(case, workers):
    """((how many layers each worker has, do guesses at borders learn above?), how many times faster
    than one they would be if nothing else mattered), by what all costs with one thread.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return shared_out(pool.apply(costs_of, (case,)), workers)


def shared_out(costs, workers):
    """The same of Costs."""
    shares = balanced(costs, workers)
    above = any(share.guesses.start < share.units.start for share in shares)
    whole = sum(costs.units) + sum(costs.guesses)
    seconds = [
        sum(costs.units[i] for i in share.units)
        + sum(costs.guesses[i] for i in share.guesses)
        + sum(costs.above[i] for i in share.guesses if i < share.units.start)
        for share in shares
    ]
    return ([len(share.units) for share in shares], above), whole / max(seconds)


def costs_of(case):
    threadpool_limits(1)
    return measured(case.build(), *map(asarray, case.data()))


def parts(times, workers, bound):
    """What the workers gain over one with a thread: gained = split machine / workers rest."""
    gained, machine = ratio(times, ALONE, "processes"), ratio(times, ALONE, AT_ONCE)
    rest = gained / (bound * machine / workers)
    return {"gained": gained, "split": bound, "machine": machine, "rest": rest}


def locked_pipeline(case, threads, engine="processes"):
    return OnWorkers(LockedPipeline(case.again, threads, engine, micro_batches=MICRO_BATCHES), case)


def contenders(case, threads, split):
    """{name: (what prepares its step, the arguments)}."""
    locked = Apart(case.name, "", case.recipe, "backprop", "", case.batch, case.of_network())
    found = {
        "processes": (on_workers, case, "processes", split),
        "threads": (on_workers, case, "threads", split),
        ALONE: (alone, case, 1),
        AT_ONCE: (AtOnce, case, threads),
        "one worker": (alone, case, threads),
        "backprop": (alone, locked, threads),
    }
    if case.settings().network == "fcn":
        found["locked pipeline"] = locked_pipeline, locked, threads
    return found


WIDE = {"layers": 7}
CASES = [
    Apart("parallel cdni", "6 hidden layers of 256, linear guesses from output and label",
          "mnist-fcn", "cdni", "1.8 of one worker with a thread", changes=WIDE),
    Apart("parallel dni", "the same, guesses by 2 x 1024 with BN and ReLU",
          "mnist-fcn", "dni", "1.8 of one worker with a thread",
          changes={**WIDE, "hidden": (1024, 1024)}),
    Apart("parallel cnn", "two 5x5 convolutions of 64 channels, batch 64", "mnist-cnn", "cdni", "",
          batch=64),
]  # fmt: skip
