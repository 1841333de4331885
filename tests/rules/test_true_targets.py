"""Guesses that learn from true gradients:

which gradients, by which step, and on from a saved state.
"""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.nn.initializers import zeros
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential
from dni_np.rules.lambda_targets import LambdaTargets
from dni_np.rules.true_targets import TrueTargets, true_gradients
from tests.rules.networks import (
    assert_goes_on_from_its_saved_state,
    dni_network,
    main_layers,
    minibatch,
    on_device,
)

RATE = 0.1


def build(**options):
    network = dni_network(**options)
    return TrueTargets(network.units, network.loss_unit, network.classes)


def test_the_gradients_are_those_of_the_layers_above():
    layers, (x, y) = main_layers(), on_device(minibatch())
    hs, truths = true_gradients(layers, SoftmaxCrossEntropy(), x, y)
    assert len(hs) == len(truths) == 3
    for i, (h, truth) in enumerate(zip(hs, truths), 1):
        above = Sequential(layers[i:])
        prediction, cache = above.forward(h)
        _, gradient = SoftmaxCrossEntropy()(prediction, y)
        wanted = above.backward(gradient, cache)
        np.testing.assert_allclose(to_numpy(truth), to_numpy(wanted), rtol=1e-12)
        assert np.abs(to_numpy(wanted)).max() > 1e-3


def test_a_step_fits_every_guess_to_the_truth():
    """Guesses of zero leave the hidden layers as they are; then -(0 - truth) is all that moves a
    guess's bias.
    """
    network = build(last_init=zeros, optimizer=lambda layer: SGD(layer, RATE))
    x, y = on_device(minibatch())
    metrics = network.step(x, y)
    _, truths = true_gradients(network.cores, network.loss_unit.loss, x, y)
    for i, (unit, truth) in enumerate(zip(network.units, map(to_numpy, truths)), 1):
        bias = to_numpy(unit.synthetic_gradient.net.layers[-1].params["b"])
        np.testing.assert_allclose(bias, RATE * truth.mean(axis=0), rtol=1e-9, atol=1e-15)
        assert float(metrics[f"gradient_loss_{i}"]) == pytest.approx(
            0.5 * (truth**2).sum() / len(truth)
        )


@pytest.mark.parametrize("rate, same", [(0, True), (RATE, False)])
def test_where_the_layers_rest_lambda_1_teaches_the_same_bit_for_bit(rate, same):
    """Otherwise the targets here are those of the updated layers, there of the layers before."""
    rules, (x, y) = [], on_device(minibatch())
    for kind, options in ((TrueTargets, {}), (LambdaTargets, {"lambdas": (1,)})):
        network = dni_network(optimizer=lambda layer: SGD(layer, RATE))
        moving = [*(unit.core_optimizer for unit in network.units), network.loss_unit.optimizer]
        for optimizer in moving:
            optimizer.schedule = lambda step: rate
        rules.append(kind(network.units, network.loss_unit, network.classes, **options))
    for rule in rules:
        for _ in range(3):
            rule.step(x, y)
    weights = [
        [unit.synthetic_gradient.net.layers[-1].params["W"] for unit in rule.units]
        for rule in rules
    ]
    equal = [np.array_equal(*map(to_numpy, pair)) for pair in zip(*weights, strict=True)]
    assert equal == [same] * len(rules[0].units)


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(build)
