"""One network on two workers, against other ways to keep the same cores busy.

    one worker, a thread        the rule as it is, one BLAS thread
    one worker                  the same with all threads
    processes, threads          the rule on as many workers as threads, one BLAS thread each
    backprop                    locked, all threads
    locked pipeline             backpropagation on the same workers, with micro-batches
    PyTorch                     the rule, all threads

What is on the way when a turn ends is finished after the clock was read, as what was on the way
before it began is finished within.
"""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from dni_np.backend import asarray
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_rule
from dni_np.parallel.locked import LockedPipeline
from dni_np.parallel.pipeline import Pipeline
from tests.benchmarks.cases import Step

STALENESS, MICRO_BATCHES = 4, 4


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


def on_workers(case, threads, engine):
    return Steps(Pipeline(case.again, threads, engine, staleness=STALENESS), case)


def locked_pipeline(case, threads, engine="processes"):
    return Steps(LockedPipeline(case.again, threads, engine, micro_batches=MICRO_BATCHES), case)


def contenders(case, threads):
    """{name: (what prepares its step, the arguments)}."""
    locked = Apart(case.name, "", case.recipe, "backprop", "", case.batch, case.of_network())
    found = {
        "processes": (on_workers, case, threads, "processes"),
        "threads": (on_workers, case, threads, "threads"),
        "one worker, a thread": (alone, case, 1),
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
