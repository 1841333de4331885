"""Guesses fitted by recursive least squares: the options for them, alike in all experiments.

    sg_optimizer: str = option(...)          "rls", or what learns at a rate
    sg_beta: float = option(0.98, BETA, share(0), only=BY_LEAST_SQUARES)
    ridge: float = option(1e-3, RIDGE, POSITIVE, only=BY_LEAST_SQUARES)

(See nn/recursive_least_squares.py.)
"""

from functools import partial

from dni_np.experiments.checks import SIZES, Check
from dni_np.experiments.memory import NUMBER
from dni_np.experiments.options import Only
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares

RLS = "rls"
BY_LEAST_SQUARES = Only("--sg-optimizer rls", lambda s: s.sg_optimizer == RLS, asked=True)
AT_A_RATE = Only("guesses that learn at a rate, not by rls", lambda s: s.sg_optimizer != RLS)
BETA = "of rls: what a batch still counts when the next one has come"
RIDGE = "of rls: as a share of the mean of the diagonal"
LINEAR = Check(lambda sizes: sizes == (), "0 with --sg-optimizer rls, which fits linear guesses")


def sizes_of_guess(settings):
    """The check of a guess's hidden layers."""
    return LINEAR if settings.sg_optimizer == RLS else SIZES


def least_squares(settings):
    """What makes the optimizer of a linear model."""
    return partial(RecursiveLeastSquares, beta=settings.sg_beta, ridge=settings.ridge)


def optimizer_of_guesses(settings, adam):
    """What makes the optimizer of a model: by least squares, or `adam` at its rate."""
    if settings.sg_optimizer == RLS:
        return least_squares(settings)
    return partial(adam, learning_rate=settings.sg_learning_rate or settings.learning_rate)


def memory_of(n_in):
    """Bytes for one model of so many inputs: what it has seen, twice, and what a step takes."""
    return 5 * NUMBER * (n_in + 1) ** 2
