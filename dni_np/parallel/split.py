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
    timed = [_one_batch(rule, x, y) for _ in range(TRIES + 1)]
    return [min(unit) for unit in zip(*timed[1:])]  # the first is slow


def _one_batch(rule, x, y):
    n = len(rule.cores)
    seconds, metrics, h = [0.0] * n, {}, x

    def timed(i, work, *arguments):
        start = time.perf_counter()
        result = work(*arguments, metrics)
        synchronize()
        seconds[i] += time.perf_counter() - start
        return result

    context = rule.context(x, y)
    inputs = rule.guess_inputs(range(n), x, context)
    for i in range(n):
        back, h = timed(i, rule.train_unit, i, inputs.get(i, h), y, context)
        if back is not None:
            timed(i - 1, rule.fit_guess, i - 1, back)
        if i + 1 in inputs:
            timed(i + 1, rule.fit_input_guess, i + 1, h)
    return seconds
