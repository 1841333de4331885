"""What a rule costs beside time: memory and waiting, by some steps of a fresh copy of the run."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from dni_np.errors import Diverged
from dni_np.training.memory import peak_memory


@dataclass(frozen=True)
class Costs:
    megabytes: float | None  # held at most: weights, gradients, optimizers, a batch and its caches
    locks: tuple  # what a layer waits for (see rules/rule.py)
    guess_locks: tuple | None = None  # and what its guess waits for; None where nothing is guessed

    def cells(self):
        """{column: cell} of the table."""
        memory = {} if self.megabytes is None else {"MB": _short(self.megabytes)}
        guesses = "-" if self.guess_locks is None else _listed(self.guess_locks)
        return {**memory, "locked": _listed(self.locks), "guesses locked": guesses}


def costs(build_loop, settings, data):
    """Of one run, by one worker.

    Where it draws its own data the memory is little else than data: not given.
    """
    loops, settings = [], settings.of_one_worker()

    def learn():
        loops.append(build_loop(settings, data))
        # If it diverges the run itself has said so.
        with suppress(Diverged), np.errstate(over="ignore", invalid="ignore"):
            rule, task = loops[0].rule, loops[0].task
            for _ in range(2 + getattr(rule, "late", 0)):  # until as many batches wait as ever do
                task.observe(rule.step(*task.next()))

    megabytes = peak_memory(learn) / 1e6
    rule = loops[0].rule
    return Costs(None if data is None else megabytes, rule.locks, rule.guess_locks)


def _listed(locks):
    return ", ".join(locks) or "no"


def _short(megabytes):
    return f"{megabytes:.0f}" if megabytes >= 10 else f"{megabytes:.2g}"
