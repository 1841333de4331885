"""BP(lambda):

DNI at one end, backpropagation at the other, cuts for zeros and ones, the weighted mean in between.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.analysis.gradient_probe import undisturbed
from dni_np.backend import to_numpy
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop
from dni_np.rules.bp_lambda import BPLambda
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import LossUnit
from tests.rules.networks import (
    SIZES,
    adam,
    assert_goes_on_from_its_saved_state,
    dni_network,
    main_layers,
    minibatch,
    on_device,
)

LABEL = ("output", "label")


def build(lambdas, **options):
    network = dni_network(**{"sees": LABEL, **options})
    return BPLambda(network.units, network.loss_unit, network.classes, lambdas)


def assert_same_steps(one, other, steps=6):
    """The same losses, and the same parameters afterwards, bit for bit."""
    for step in range(steps):
        batch = on_device(minibatch(seed=step))
        assert float(one.step(*batch)["loss"]) == float(other.step(*batch)["loss"])
    layers = [Sequential(network.cores) for network in (one, other)]
    states = [
        [value for leaf in whole.leaves() for value in leaf.state().values()] for whole in layers
    ]
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("hidden", [(), (9,)], ids=["linear", "hidden"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lambda_0_is_dni(dtype, hidden):
    decoupled = dni_network(LABEL, hidden, dtype=dtype)
    network = build([0.0], hidden=hidden, dtype=dtype)
    batch = on_device(minibatch(dtype=dtype))
    assert {k: float(v) for k, v in network.step(*batch).items()} == {
        k: float(v) for k, v in decoupled.step(*batch).items()
    }
    assert_same_steps(network, decoupled)
    for name, value in decoupled.state().items():  # the guesses too
        np.testing.assert_array_equal(network.state()[name], value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lambda_1_is_backprop(dtype):
    assert_same_steps(
        build([1.0], dtype=dtype), Backprop(main_layers(dtype=dtype), SoftmaxCrossEntropy(), adam)
    )


def test_zeros_and_ones_are_cuts():
    """The layers of lambda 1 might as well have no guess."""
    network, donor = build([1, 0, 1]), dni_network(LABEL)
    lower, upper = Sequential(main_layers()[:2]), Sequential(main_layers()[2:])
    unit = DNI(lower, donor.units[1].synthetic_gradient, adam(lower), donor.units[1].sg_optimizer)
    top = LossUnit(upper, SoftmaxCrossEntropy(), adam(upper))
    assert_same_steps(network, DNIChain([unit], top, SIZES[-1]))


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_each_layer_learns_from_a_weighted_mean_of_all_guesses_above_it(lambdas):
    """gbar_k = sum_n c_k^n g_n J_n ...

    J_{k+1}, with c_k^n = (1 - lambda_n) lambda_k ... lambda_{n-1}; section A.2.
    """
    network = build(lambdas)
    x, y = on_device(minibatch())
    with undisturbed(network.cores):
        wanted = [to_numpy(gradient) for gradient in weighted_means(network, x, y, lambdas)]
    network.step(x, y)
    for core, gradient in zip(network.cores, wanted):
        np.testing.assert_allclose(to_numpy(core.grads["0.0.W"]), gradient, rtol=1e-9, atol=1e-12)


def weighted_means(network, x, y, lambdas):
    """For each hidden core, its dW under gbar_k, from the sum over n."""
    context, h, guesses, caches = network.context(x, y), x, [], []
    for core, unit in zip(network.cores, [*network.units, None]):
        h, cache = core.forward(h)
        caches.append(cache)
        if unit:
            guesses.append(unit.synthetic_gradient.forward(h, context)[0])
        else:
            guesses.append(network.loss_unit.loss(h, y)[1])
    shares = [*lambdas, 0]  # the true gradient takes all that is left
    for k in range(len(lambdas)):
        total = 0
        for n in range(k, len(guesses)):
            gradient = guesses[n]
            for j in reversed(range(k + 1, n + 1)):
                gradient = network.cores[j].backward(gradient, caches[j])
            total = total + (1 - shares[n]) * np.prod(shares[k:n]) * gradient
        network.cores[k].backward(total, caches[k])
        yield network.cores[k].grads["0.0.W"].copy()


def test_models_learn_what_came_back():
    """The targets depend on lambda: nothing but guesses at 0, the truth at 1."""
    losses = [build([lam]).step(*on_device(minibatch())) for lam in (0, 0.5, 1)]
    assert (
        len({float(one["gradient_loss_3"]) for one in losses}) == 1
    )  # the top one always sees the truth
    assert len({float(one["gradient_loss_1"]) for one in losses}) == 3


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(lambda: build([0.2, 0.5, 0.9]))


@pytest.mark.parametrize("lam", [-0.1, 1.1, float("nan")])
def test_lambdas_outside_are_refused(lam):
    with pytest.raises(UserError, match=rf"lambda .* must be a number in \[0, 1\], not {lam}"):
        build([0.5, lam, 0.5])


@pytest.mark.parametrize("lambdas", [[], [0.5, 0.5], [0.5] * 4])
def test_a_wrong_number_of_lambdas_is_refused(lambdas):
    with pytest.raises(
        UserError, match=f"3 guesses needs 3 lambdas, or one for all, not {len(lambdas)}"
    ):
        build(lambdas)
