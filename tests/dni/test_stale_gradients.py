"""Stale gradients: an exponential average by the letter, in a unit, and for other batch sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.backend import asarray, to_numpy
from dni_np.dni.stale_gradients import StaleGradient, averaging
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.rules.dni_chain import DNIChain, cut
from dni_np.rules.loss_unit import LossUnit
from tests.rules.networks import (
    SIZES,
    adam,
    assert_goes_on_from_its_saved_state,
    main_layers,
    minibatch,
    on_device,
)


def build(decay=0.5):
    cores = cut(main_layers(), (1, 2, 3))
    units = []
    for core, n in zip(cores, SIZES[1:-1]):
        model = StaleGradient((16, n), dtype=np.float64)
        units.append(DNI(core, model, adam(core), averaging(model, decay)))
    return DNIChain(units, LossUnit(cores[-1], SoftmaxCrossEntropy(), adam(cores[-1])), SIZES[-1])


@given(st.floats(0, 0.99))
def test_it_is_an_exponential_average(decay):
    rng = np.random.default_rng(0)
    unit, wanted = build(decay).units[0], np.zeros((16, 8))
    for step in range(5):
        _, h = unit.forward_and_synthetic_update(on_device(minibatch(step))[0])
        (waiting,), gradient = unit.waiting.values(), rng.standard_normal((16, 8))
        np.testing.assert_allclose(to_numpy(waiting.guess), wanted, atol=1e-12)
        unit.update_synthetic_weights(asarray(gradient))
        wanted = decay * wanted + (1 - decay) * gradient
    np.testing.assert_allclose(to_numpy(unit.synthetic_gradient.forward(h)[0]), wanted, atol=1e-12)


def test_without_memory_the_guess_is_the_last_batch_s_target():
    network = build(decay=0.0)
    x, y = on_device(minibatch(0))
    h = x
    for core in network.cores[:-1]:
        h, _ = core.forward(h)
    prediction, cache = network.loss_unit.core.forward(h)
    truth = network.loss_unit.core.backward(network.loss_unit.loss(prediction, y)[1], cache)
    truth = to_numpy(truth).copy()
    network.step(x, y)
    other, _ = on_device(minibatch(1, n=16))
    guess = network.units[-1].synthetic_gradient.forward(asarray(np.zeros((16, SIZES[3]))))[0]
    np.testing.assert_allclose(to_numpy(guess), truth, rtol=1e-9)
    assert np.abs(truth).max() > 1e-2


def test_news_travels_down_one_layer_a_step():
    network = build()
    changed = []
    for step in range(4):
        changed.append(
            [
                bool(to_numpy(unit.synthetic_gradient.params["average"]).any())
                for unit in network.units
            ]
        )
        network.step(*on_device(minibatch(step)))
    assert changed == [[False] * 3, [False, False, True], [False, True, True], [True] * 3]


@pytest.mark.parametrize("n", [3, 16, 40])
def test_batches_of_another_size_take_the_rows_in_turn(n):
    model = StaleGradient((16, 5))
    model.params["average"][...] = asarray(np.arange(80.0).reshape(16, 5))
    guess = to_numpy(model.forward(asarray(np.zeros((n, 5))))[0])
    np.testing.assert_array_equal(guess[:, 0] / 5, np.arange(n) % 16)


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(build)


def test_mistakes():
    with pytest.raises(UserError, match=r"needs floats of shape \(16, 8\)"):
        build().units[0].synthetic_gradient.backward(asarray(np.zeros((4, 8))), None)
    for decay in (1, -0.1, float("nan")):
        with pytest.raises(UserError, match=rf"must be a number in \[0, 1\), not {decay}"):
            build(decay)
