"""Split: which worker has which units, and which guesses it trains. The slowest is the fastest.

    shares = placed((3, 4))             the first three units, and the next four
    shares = balanced(costs, workers)   by what their work costs
    costs = measured(rule, x, y)        what each unit and each guess of a rule costs

Neighbors stay together. The guess at the border between two workers is made by the lower one, and
its target by the upper one. Either of them can train it (see `worker`). So the work is a row

    unit 0, lesson of guess 0, unit 1, lesson of guess 1, ..., the top unit

which is cut into pieces: behind a lesson, or before it, where the worker above can give it. The
first worker is the caller, and has more to do than its piece: see CALLER.
"""

import itertools
import math
import time
from typing import NamedTuple

from dni_np.backend import synchronize
from dni_np.errors import UserError
from dni_np.nn.schedules import RunClock
from dni_np.parallel.events import EventLog
from dni_np.parallel.worker import Worker

# The caller draws each batch, hands it out and takes the reports. With batches of 256 images and
# layers of 256 units that is 4 to 9 % of its time (it is `other` in a run's workers.txt).
CALLER = 1.05
TRIES = 3  # of each piece of work the fastest counts: whatever disturbs makes it slower


class Share(NamedTuple):
    """Of one worker, two ranges: its units, and the units whose guesses it trains."""

    units: range
    guesses: range


class Costs(NamedTuple):
    """Seconds a batch."""

    units: list  # of each unit
    guesses: list  # of the lesson of each unit's guess but the top's
    above: list  # what a lesson costs more on the worker above; infinite where it cannot be there


def groups_of(sizes):
    """(range, ...): so many units for each worker, the lowest first."""
    bounds = [0, *itertools.accumulate(sizes)]
    return tuple(itertools.starmap(range, zip(bounds, bounds[1:])))


def of_units(seconds):
    """The Costs of units without guesses."""
    return Costs(seconds, [0.0] * (len(seconds) - 1), [math.inf] * (len(seconds) - 1))


def balanced(costs, workers):
    """(Share, ...), lowest first, with the largest sum of Costs in one as small as it can be, where
    that of the first counts CALLER times.

    Among equals the one with the least work in all: a lesson above its border is more.
    """
    n = len(costs.units)
    if not 1 <= workers <= n:
        raise UserError(f"{n} units keep 1 to {n} workers busy, not {workers}")
    row = [0.0] * (2 * n - 1)
    row[::2], row[1::2] = costs.units, costs.guesses
    sums = [0.0, *itertools.accumulate(row)]
    # best[k][q]: (largest piece, what was paid more, the last cut) of the first q with k + 1 pieces
    ends = [q for q in range(1, len(row)) if q % 2 == 0 or costs.above[q // 2] < math.inf]
    ends.append(len(row))
    best = [{q: (CALLER * sums[q], 0.0, 0) for q in ends}]
    for _ in range(1, workers):
        best.append({})
        for q in ends:
            found = []
            for p, (largest, paid, _) in best[-2].items():
                if p < q and share(p, q).units:
                    more = costs.above[p // 2] if p % 2 else 0.0
                    found.append((max(largest, sums[q] - sums[p] + more), paid + more, p))
            if found:
                best[-1][q] = min(found)
    cuts = [len(row)]
    for table in reversed(best):
        cuts.append(table[cuts[-1]][2])
    return tuple(itertools.starmap(share, itertools.pairwise(reversed(cuts))))


def placed(sizes, rule=None):
    """(Share, ...) with so many units each, lowest first. With a `rule` the guesses at borders
    learn above them, if they can.
    """
    starts = [units.start for units in groups_of(sizes)[1:]]
    above = [rule is not None and rule.learns_anywhere(start - 1) for start in starts]
    cuts = [0, *(2 * start - moved for start, moved in zip(starts, above)), 2 * sum(sizes) - 1]
    return tuple(itertools.starmap(share, itertools.pairwise(cuts)))


def share(p, q):
    """The Share whose work is that of the row from p to q."""
    return Share(range((p + 1) // 2, (q + 1) // 2), range(p // 2, q // 2))


def measured(rule, x, y):
    """The Costs of a Chain for one batch. It learns from it: give one that nobody needs."""
    n, seconds = len(rule.cores), []
    anywhere = [i for i in range(n - 1) if rule.learns_anywhere(i)]

    def time_method(owner, method, kind, *unit):
        work = getattr(owner, method)

        def timed(*arguments, **options):
            start = time.perf_counter()
            result = work(*arguments, **options)
            synchronize()
            seconds[-1][kind][(*unit, *arguments)[0]] += time.perf_counter() - start
            return result

        setattr(owner, method, timed)

    for method in ("train_unit", "fit_input_guess", "target_below"):
        time_method(rule, method, "units")
    time_method(rule, "fit_guess", "guesses")
    # What the worker above does as well: it makes the guess, and its weights go down.
    time_method(rule, "guess_weights", "above")
    for i in anywhere:
        time_method(rule.units[i].synthetic_gradient, "forward", "above", i)
    (everything,), clock = placed((n,)), RunClock()
    worker = Worker(rule, everything, clock, 0, lambda *report: None, EventLog(1))
    for batch in range(1, TRIES + 2):
        seconds.append({kind: [0.0] * n for kind in Costs._fields})
        worker.train(batch, x, y)
        for i in anywhere:
            rule.guess_weights(i)
    units, guesses, above = (  # the first batch is slow
        [min(unit) for unit in zip(*(one[kind] for one in seconds[1:]))] for kind in Costs._fields
    )
    above = [above[i] if i in anywhere else math.inf for i in range(n - 1)]
    return Costs(units, guesses[:-1], above)
