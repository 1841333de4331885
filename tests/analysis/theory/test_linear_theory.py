"""Linear networks under linear guesses: where they end, and that they are the package's DNI."""

import numpy as np
import pytest

from dni_np.analysis.theory.linear_theory import LinearDNI, exact_guess, least_squares, product
from dni_np.backend import to_numpy
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SquaredError
from dni_np.nn.optimizers import SGD
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import DecoupledLossUnit

pytestmark = pytest.mark.usefixtures("on_the_host")


def problem(noise, n=60, inputs=3, outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, inputs))
    return x, x @ rng.standard_normal((inputs, outputs)) + noise * rng.standard_normal((n, outputs))


def run(net, x, y, steps, rate, guess_rate):
    for _ in range(steps):
        net.step(x, y, rate, guess_rate)
    return net


def test_linear_regression_ends_at_least_squares_and_at_a_guess_that_is_right():
    x, y = problem(noise=1)
    net = run(LinearDNI([np.zeros((3, 2))]), x, y, 2000, 0.1, 0.1)
    guess = net.guesses[0]
    np.testing.assert_allclose(net.product(), np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-12)
    np.testing.assert_allclose(guess.A, np.eye(2), atol=1e-11)
    np.testing.assert_allclose(guess.B, -np.eye(2), atol=1e-11)
    np.testing.assert_allclose(guess.C, 0, atol=1e-11)
    assert max(map(float, net.distances()[0])) < 1e-11


def test_without_noise_the_guess_need_not_be_right():
    """At the solution p = y: all that can be learned is A = -B."""
    x, y = problem(noise=0)
    net = run(LinearDNI([np.zeros((3, 2))]), x, y, 2000, 0.1, 0.1)
    guess = net.guesses[0]
    np.testing.assert_allclose(x @ net.product(), y, atol=1e-12)
    np.testing.assert_allclose(guess.A, -guess.B, atol=1e-12)
    assert float(net.distances()[0][0]) > 0.5


@pytest.mark.parametrize("depth", [2, 5])
def test_deep_linear_networks_end_there_too(depth):
    """From near the identity, all guesses made of the next ones."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 3))
    y = x @ (np.eye(3) + 0.3 * rng.standard_normal((3, 3))) + 0.7 * rng.standard_normal((60, 3))
    start = [np.eye(3) + 0.01 * rng.standard_normal((3, 3)) for _ in range(depth)]
    net = LinearDNI(start)
    first = abs(net.product() - least_squares(x, y)).max()
    run(net, x, y, 3000, 0.05, 0.1)
    assert abs(net.product() - least_squares(x, y)).max() < 1e-8 < 0.1 < first
    assert max(float(value) for row in net.distances() for value in row) < 1e-6
    assert len(net.distances()) == depth


def test_the_closed_form_is_the_gradient():
    """h A + y B against the chain rule, by the weights above."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) for shape in ((3, 4), (4, 5), (5, 2))]
    x, y = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
    error = x @ product(weights) - y
    for k, h in ((1, x @ weights[0]), (2, x @ weights[0] @ weights[1]), (3, x @ product(weights))):
        A, B = exact_guess(weights[k:], 2, float)
        gradient = error @ product(weights[k:]).T if k < 3 else error
        np.testing.assert_allclose(h @ A + y @ B, gradient, atol=1e-12)


def test_it_is_the_package_s_chain_of_linear_units(backend):
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) / 2 for shape in ((3, 4), (4, 2))]
    mine = LinearDNI([backend.asarray(W) for W in weights])
    cores, units = [], []
    for W in weights:
        core = Linear(*W.shape, rng, bias=False, init=lambda m, n, rng, W=W: W, dtype=np.float64)
        conditioning = Conditioning(("output", "label"), W.shape[1], label=2)
        model = SyntheticGradient(W.shape[1], conditioning, rng, dtype=np.float64)
        cores.append(core)
        units.append(DNI(core, model, SGD(core, 0.05), SGD(model, 0.1)))
    theirs = DNIChain(units[:-1], DecoupledLossUnit(units[-1], SquaredError()), 2)
    x, y = (backend.asarray(array) for array in problem(noise=1, n=20))
    for _ in range(5):
        loss = mine.step(x, y, 0.05, 0.1)
        assert float(theirs.step(x, y)["loss"]) == pytest.approx(float(loss), rel=1e-12)
    for W, start, core in zip(mine.weights, weights, cores, strict=True):
        assert abs(to_numpy(W) - start).max() > 1e-3
        np.testing.assert_allclose(to_numpy(W), to_numpy(core.params["W"]), atol=1e-14)
    for guess, unit in zip(mine.guesses, units, strict=True):
        joined = np.concatenate([to_numpy(guess.A), to_numpy(guess.B)])
        np.testing.assert_allclose(
            joined, to_numpy(unit.synthetic_gradient.params["0.W"]), atol=1e-14
        )
