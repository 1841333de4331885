"""What a rule costs beside time: memory, and waiting. Both are told by a fresh copy of the run, which learns two batches."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from dni_np.errors import Diverged
from dni_np.training.memory import peak_memory


@dataclass(frozen=True)
class Costs:
    megabytes: float  # held at most while it was built and learned: weights, optimizers, a batch and all it leaves behind
    locks: tuple | None  # what a layer waits for (see nn/rule.py); None: not a question for this kind of experiment

    def cells(self):
        """{column: cell} of the table."""
        megabytes = {"MB": f"{self.megabytes:.0f}" if self.megabytes >= 10 else f"{self.megabytes:.2g}"}
        return megabytes if self.locks is None else {**megabytes, "locked": ", ".join(self.locks) or "no"}


def costs(kind, settings, data):
    """Of one run; the data it shares with others is not counted (on a GPU it is)."""
    locks = []

    def learn():
        loop = kind.build_loop(settings, data)
        locks.append(loop.rule.locks)
        with suppress(Diverged), np.errstate(over="ignore", invalid="ignore"):  # the runs themselves have said so
            for _ in range(2):
                loop.task.step(loop.rule)

    return Costs(peak_memory(learn) / 1e6, locks[0])
