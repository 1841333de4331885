"""What must be equal:

a perfect guess and backprop; a guess of zero and standing still; trask's classes and ours.
"""

import numpy as np
import pytest

from dni_np import tutorial
from dni_np.analysis.gradient_probe import undisturbed
from dni_np.backend import asarray, to_numpy
from dni_np.data.binary_addition import binary_addition
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.activations import Sigmoid
from dni_np.nn.initializers import trask_normal, zeros
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import DecoupledLossUnit, LossUnit
from tests.rules.networks import SIZES, adam, dni_network, main_layers, minibatch, on_device


class Oracle(Layer):
    """A synthetic gradient model that returns the true gradient."""

    def forward(self, h, context=None):
        return self.answer, None

    def backward(self, dguess, cache, input_gradient=False):
        return None, {}


class NothingToLearn:
    steps = 0

    def step(self):
        pass


def true_gradients(cores, loss, x, y):
    """[dL/dh_1, dL/dh_2, ...] by backpropagation through the cores as they are."""
    with undisturbed(cores):
        caches, h = [], x
        for core in cores:
            h, cache = core.forward(h)
            caches.append(cache)
        gradients, dh = [], loss(h, y)[1]
        for core, cache in zip(reversed(cores[1:]), reversed(caches[1:])):
            dh = core.backward(dh, cache)
            gradients.insert(0, dh)
    return gradients


def test_a_perfect_guess_is_backprop_bit_for_bit():
    loss = SoftmaxCrossEntropy()
    locked = Backprop(main_layers(), loss, adam)
    cores = main_layers()
    units = [DNI(core, Oracle(), adam(core), NothingToLearn()) for core in cores[:-1]]
    decoupled = DNIChain(units, LossUnit(cores[-1], loss, adam(cores[-1])), SIZES[-1])
    for step in range(5):
        x, y = on_device(minibatch(seed=step))
        for unit, truth in zip(units, true_gradients(cores, loss, x, y)):
            unit.synthetic_gradient.answer = truth
        metrics = decoupled.step(x, y)
        assert float(locked.step(x, y)["loss"]) == float(metrics["loss"])
        assert all(
            float(metrics[f"gradient_loss_{i}"]) < 1e-25 for i in (1, 2, 3)
        )  # the targets are the truth
    for ours, theirs in zip(decoupled.cores, locked.cores):
        for name, value in theirs.state().items():
            np.testing.assert_array_equal(ours.state()[name], value)


@pytest.mark.parametrize("hidden", [(), (9,)], ids=["linear", "hidden"])
def test_zero_guesses_change_nothing_below_the_top_at_first(hidden):
    network = dni_network(hidden=hidden, last_init=zeros)
    before = [{k: to_numpy(v).copy() for k, v in core.params.items()} for core in network.cores]
    network.step(*on_device(minibatch()))
    for core, was in zip(network.cores[:-1], before):
        for name, value in core.params.items():
            np.testing.assert_array_equal(to_numpy(value), was[name])
    assert any((to_numpy(v) != before[-1][k]).any() for k, v in network.cores[-1].params.items())
    # After this step only the top guess has seen a target that is not zero; then they wake, one
    # each step.
    changed = []
    for step in range(3):
        changed.append(
            [
                bool(to_numpy(list(unit.synthetic_gradient.params.values())[-2]).any())
                for unit in network.units
            ]
        )
        network.step(*on_device(minibatch(seed=step)))
    assert changed == [[False, False, True], [False, True, True], [True, True, True]]


@pytest.mark.parametrize("with_labels", [False, True], ids=["output", "output and label"])
def test_the_package_equals_the_tutorial(with_labels):
    """Three DNIs of trask 2017, gradients summed over 10 sums, and ours at ten times the rate."""
    bits, alpha, batch = 4, 0.01, 10
    sizes = [2 * bits, 7, 5, bits]
    slow = []  # the tutorial's classes
    rng = np.random.default_rng(0)
    for m, n in zip(sizes, sizes[1:]):
        slow.append(
            tutorial.DNI(
                m,
                n,
                tutorial.sigmoid,
                tutorial.sigmoid_out2deriv,
                rng,
                alpha,
                context_dim=bits if with_labels else 0,
            )
        )

    rng = np.random.default_rng(0)  # draws the same weights, in the same order
    units = []
    for m, n in zip(sizes, sizes[1:]):
        core = Sequential(
            [Linear(m, n, rng, bias=False, init=trask_normal, dtype=np.float64), Sigmoid()]
        )
        conditioning = Conditioning(
            ("output", "label") if with_labels else ("output",), n, label=bits
        )
        model = SyntheticGradient(
            n, conditioning, rng, last_init=trask_normal, bias=False, dtype=np.float64
        )
        units.append(DNI(core, model, SGD(core, alpha * batch), SGD(model, alpha * batch)))
    network = DNIChain(units[:-1], DecoupledLossUnit(units[-1], SquaredError()), bits)

    for step in range(20):
        x, y = (
            asarray(part.astype(np.float64))
            for part in binary_addition(batch, bits, rng=np.random.default_rng(step))
        )
        network.step(x, y)
        context = y if with_labels else None
        h = x
        for i, layer in enumerate(slow):
            back, h = layer.forward_and_synthetic_update(h, context)
            if i > 0:
                slow[i - 1].update_synthetic_weights(back)
        slow[-1].update_synthetic_weights(h - y)
    for theirs, unit in zip(slow, units):
        np.testing.assert_allclose(
            to_numpy(unit.core.params["0.W"]), to_numpy(theirs.weights), rtol=1e-9
        )
        np.testing.assert_allclose(
            to_numpy(unit.synthetic_gradient.params["0.W"]),
            to_numpy(theirs.weights_synthetic_grads),
            rtol=1e-9,
        )


def test_the_tutorials_layer_is_backprop():
    rng = np.random.default_rng(0)
    layers = [
        tutorial.Layer(m, n, tutorial.sigmoid, tutorial.sigmoid_out2deriv, rng)
        for m, n in ((8, 6), (6, 4))
    ]
    rng = np.random.default_rng(0)
    cores = [
        Sequential([Linear(m, n, rng, bias=False, init=trask_normal, dtype=np.float64), Sigmoid()])
        for m, n in ((8, 6), (6, 4))
    ]
    rule = Backprop(cores, SquaredError(), lambda layer: SGD(layer, 0.1 * 10))
    for step in range(20):
        x, y = (
            asarray(part.astype(np.float64))
            for part in binary_addition(10, 4, rng=np.random.default_rng(step))
        )
        rule.step(x, y)
        h = layers[1].forward(layers[0].forward(x))
        layers[0].backward(layers[1].backward(h - y))
        for layer in layers:
            layer.update(alpha=0.1)
    for theirs, core in zip(layers, cores):
        np.testing.assert_allclose(
            to_numpy(core.params["0.W"]), to_numpy(theirs.weights), rtol=1e-10
        )
