"""Sizes, numbers and generators of rules: what is wrong is refused when the rule is made."""

import numpy as np
import pytest

from dni_np.dni.conditioning import Conditioning
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD
from dni_np.rules.bp_lambda import one_for_each
from dni_np.rules.complete_unlock import SyntheticInput
from dni_np.rules.critic import ScalarCritic
from dni_np.rules.direct_feedback_alignment import random_feedback
from dni_np.rules.dni_chain import DNIChain, cut
from dni_np.rules.feedback_alignment import with_fixed_feedback
from dni_np.rules.recurrent.accumulate_bp_lambda import AccumulateBPLambda
from dni_np.rules.recurrent.boundary_guesses import BoundaryGuesses
from dni_np.rules.recurrent.bp_lambda import RecurrentBPLambda
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.dni_trace import DNITrace
from dni_np.rules.sparse_updates import SparseUpdates
from dni_np.rules.target_guesses import TargetGuesses
from dni_np.rules.two_networks.decoupled import Decoupled
from dni_np.rules.two_networks.networks import NetworkA, NetworkB
from tests.rules.networks import dni_network
from tests.rules.recurrent import traces
from tests.wrong_arguments import check_generator, check_number, check_size, refused

RNG = np.random.default_rng(0)
LOOKS = Conditioning(("output", "label"), 3, label=2)
HEAD = dni_network().loss_unit


def through_time(rule, guess=None, **options):
    """A small rule with a linear guess of what it takes."""
    guess = Linear(2 * traces.H, 2 * traces.H, RNG, dtype=np.float64) if guess is None else guess
    return rule(*traces.parts(), guess=guess, guess_optimizer=SGD(guess, 0.1), **options)


def labeled(look_ahead=2, classes=3):
    return through_time(LabeledRecurrentDNI, look_ahead=look_ahead, classes=classes)


def decoupled(factor):
    networks, guess = (
        (NetworkA(4, 3, 2, 2, RNG), NetworkB(3, 2, 2, RNG)),
        state_guess(3, RNG, 1, ()),
    )
    optimizers = [SGD(network, 0.1) for network in networks]
    return Decoupled(*networks, *optimizers, guess, SGD(guess, 0.1), factor)


SIZES = {
    "ScalarCritic hidden": lambda n: ScalarCritic(LOOKS, RNG, (n,)),
    "DNIChain classes": lambda n: DNIChain([], HEAD, n),
    "TargetGuesses period": lambda n: TargetGuesses([], HEAD, 2, n),
    "SyntheticInput shape": lambda n: SyntheticInput(None, None, (n, 3)),
    "random_feedback classes": lambda n: random_feedback(n, [3], RNG),
    "random_feedback sizes": lambda n: random_feedback(3, [n], RNG),
    "NetworkA units": lambda n: NetworkA(4, n, 2, 2, RNG),
    "NetworkA steps": lambda n: NetworkA(4, 3, n, 2, RNG),
    "NetworkB ticks": lambda n: NetworkB(4, 2, n, RNG),
    "BoundaryGuesses": lambda n: BoundaryGuesses(n, traces.at_rest),
    "look_ahead": lambda n: labeled(look_ahead=n),
    "classes through time": lambda n: labeled(classes=n),
}
NUMBERS = {
    "lambda": ("[0, 1]", lambda v: one_for_each([v], 2)),
    "lambda through time": ("[0, 1]", lambda v: through_time(RecurrentBPLambda, lam=v)),
    "lambda of a trace": ("[0, 1]", lambda v: traces.trace(DNITrace, lam=v)),
    "lambda of an exact trace": ("[0, 1]", lambda v: through_time(AccumulateBPLambda, lam=v)),
    "gamma": ("[0, 1]", lambda v: through_time(AccumulateBPLambda, gamma=v)),
    "probability": ("(0, 1]", lambda v: SparseUpdates([], HEAD, 2, v, RNG)),
    "scale": ("[0, inf)", lambda v: through_time(RecurrentDNI, scale=v)),
    "factor": ("[0, inf)", decoupled),
}
GENERATORS = {
    "with_fixed_feedback": lambda rng: with_fixed_feedback(Linear(3, 2, RNG), rng),
    "SparseUpdates": lambda rng: SparseUpdates([], HEAD, 2, 0.5, rng),
    "random_feedback": lambda rng: random_feedback(3, [2], rng),
    "ScalarCritic": lambda rng: ScalarCritic(LOOKS, rng, (3,)),
    "NetworkA": lambda rng: NetworkA(4, 3, 2, 2, rng),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name):
    check_size(SIZES[name])


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    check_number(*NUMBERS[name])


@pytest.mark.parametrize("name", GENERATORS)
def test_generators(name):
    check_generator(GENERATORS[name])


def test_places_windows_and_lambdas():
    layers = [Linear(2, 2, RNG) for _ in range(3)]
    refused(
        lambda after: cut(layers, after), [1, None, "1", [], [0], [-1], [3], ["1"], [1.0], [True]]
    )
    refused(lambda window: traces.trace(DNITrace, window=window), [-1, 1.0, "1", True, [1]])
    refused(
        lambda lambdas: one_for_each(lambdas, 2), [0.5, None, "0.5", [], [0.5] * 3, ["0.5"], [None]]
    )
