"""Backprop and no gradient at all: what moves, what does not, what is saved."""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import SGD
from dni_np.rules.backprop import Backprop
from dni_np.rules.no_backprop import NoBackprop
from tests.rules.networks import (
    adam,
    assert_goes_on_from_its_saved_state,
    main_layers,
    minibatch,
    on_device,
)

RULES = [Backprop, NoBackprop]


def build(rule, optimizer=adam):
    return rule(main_layers(), SoftmaxCrossEntropy(), optimizer)


def parameters(core):
    return {name: to_numpy(value).copy() for name, value in core.params.items()}


def changed(core, before):
    return any((to_numpy(value) != before[name]).any() for name, value in core.params.items())


def test_backprop_updates_every_layer_and_no_backprop_the_top_one():
    for rule, wanted in ((Backprop, [True] * 4), (NoBackprop, [False, False, False, True])):
        network = build(rule)
        before = [parameters(core) for core in network.cores]
        network.step(*on_device(minibatch()))
        assert [changed(core, was) for core, was in zip(network.cores, before)] == wanted


def test_statistics_of_frozen_layers_follow_the_data():
    network = build(NoBackprop)
    before = to_numpy(network.cores[0].buffers["1.mean"]).copy()
    network.step(*on_device(minibatch()))
    assert (to_numpy(network.cores[0].buffers["1.mean"]) != before).all()


def test_a_step_of_sgd_is_the_gradient_of_the_whole_network():
    rate = 0.5
    network = build(Backprop, lambda layer: SGD(layer, rate))
    x, y = on_device(minibatch())

    def loss():
        h = x
        for core in network.cores:
            h, _ = core.forward(h)
        return float(network.loss_unit.loss(h, y)[0])

    before = [parameters(core) for core in network.cores]
    network.step(x, y)
    gradients = [
        {k: (was[k] - to_numpy(v)) / rate for k, v in core.params.items()}
        for core, was in zip(network.cores, before)
    ]
    for core, was in zip(network.cores, before):  # back to where the gradient was taken
        core.load_state({**core.state(), **was})
    rng = np.random.default_rng(0)
    for core, gradient in zip(network.cores, gradients):
        for name, array in core.params.items():
            assert check_gradient(loss, array, gradient[name], rng) < 1e-6


@pytest.mark.parametrize("rule", RULES)
def test_goes_on_from_its_saved_state_bit_for_bit(rule):
    assert_goes_on_from_its_saved_state(lambda: build(rule))


@pytest.mark.parametrize("rule", RULES)
def test_prediction_changes_nothing(rule):
    network = build(rule)
    network.step(*on_device(minibatch()))
    before = network.state()
    network.predict(on_device(minibatch(5))[0])
    for name, value in network.state().items():
        np.testing.assert_array_equal(value, before[name])
