"""Grown guesses: a run whose guesses have grown without bound, said at its end.

A guess whose target is made of another guess can feed on itself: each correction makes the next
target larger. The numbers stay finite for long, so that the run is not stopped as diverged, but
what the core learns from then on is noise. (Copy with `dni-trace` and 64 units did so after 1.7
million sequences, see notebooks/RESULTS.md.)
"""

import math
import statistics

FACTOR = 1e4  # times what was usual
FEW = 5  # measurements that tell nothing yet


def grown_note(history, name):
    """A sentence about the run `name`, or None where no guess has grown."""
    for column in history.columns("gradient_loss"):
        steps, losses = history.column(column)
        finite = [loss for loss in losses if math.isfinite(loss)]
        if len(finite) <= FEW:
            continue
        usual, *_ = statistics.quantiles(finite)  # the lower quartile: most of the run may be lost
        if losses[-1] > FACTOR * usual > 0:
            begin = next(step for step, loss in zip(steps, losses) if loss > FACTOR * usual)
            return (
                f"the guesses of {name} have grown without bound: since step {begin} their loss "
                f"({column}) is large, in the end {losses[-1]:.2g}, where about {usual:.2g} was "
                "usual; take a lower --sg-learning-rate, or, where they learn by rls, a larger "
                "--ridge"
            )
    return None
