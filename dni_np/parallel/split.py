"""Split: which worker has which units. Neighbors stay together, the slowest group is the fastest.

groups_of([3, 4])              the first three units, and the next four
balanced(seconds, workers)     by what each unit costs
measured(rule, x, y)           what each unit of a rule costs
"""

import itertools
import time

from dni_np.backend import synchronize
from dni_np.errors import UserError

TRIES = 3  # of each unit the fastest counts: whatever disturbs makes it slower


def groups_of(sizes):
    """(range, ...): so many units for each worker, the lowest first."""
    bounds = [0, *itertools.accumulate(sizes)]
    return tuple(itertools.starmap(range, zip(bounds, bounds[1:])))


def balanced(costs, workers):
    """As groups_of, with the largest sum of `costs` in a group as small as it can be."""
    n = len(costs)
    if not 1 <= workers <= n:
        raise UserError(f"{n} units keep 1 to {n} workers busy, not {workers}")
    sums = [0.0, *itertools.accumulate(costs)]
    # best[k][m]: (largest group, where the last one begins) of the first m units with k workers
    best = [{m: (sums[m], 0) for m in range(1, n + 1)}]
    for k in range(1, workers):
        best.append(
            {
                m: min((max(best[-1][j][0], sums[m] - sums[j]), j) for j in range(k, m))
                for m in range(k + 1, n + 1)
            }
        )
    bounds = [n]
    for table in reversed(best):
        bounds.append(table[bounds[-1]][1])
    return tuple(itertools.starmap(range, itertools.pairwise(reversed(bounds))))


def measured(rule, x, y):
    """Seconds of each unit for one batch. The rule learns from it: give one that nobody needs."""
    batches = []

    def timed(work):
        def timed_work(i, *arguments):
            start = time.perf_counter()
            result = work(i, *arguments)
            synchronize()
            batches[-1][i] += time.perf_counter() - start
            return result

        return timed_work

    for name in ("train_unit", "fit_guess", "fit_input_guess"):
        setattr(rule, name, timed(getattr(rule, name)))
    for _ in range(TRIES + 1):
        batches.append([0.0] * len(rule.cores))
        rule.step(x, y)
    return [min(unit) for unit in zip(*batches[1:])]  # the first is slow
