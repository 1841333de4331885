"""Optimizers beside PyTorch's:

flat vectors, saved state, schedules, and a problem with a known answer.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, on_host, to_numpy
from dni_np.errors import UserError
from dni_np.nn import optimizers
from dni_np.nn.activations import ReLU
from dni_np.nn.initializers import glorot_uniform, he_normal, trask_normal, zeros
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SquaredError
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.schedules import AtRunStep, RunClock, StepDecay
from dni_np.nn.sequential import Sequential

MAKERS = {
    "sgd": lambda layer: SGD(layer, 0.1),
    "momentum": lambda layer: SGD(layer, 0.05, momentum=0.8),
    "adam": lambda layer: Adam(layer, StepDecay(0.05, at=(1500,))),
}


@pytest.mark.parametrize("name", MAKERS)
def test_linear_regression_finds_the_least_squares_solution(name):
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((50, 3)), rng.standard_normal((50, 2))
    layer = Linear(3, 2, rng, bias=False, dtype=np.float64)
    optimizer = MAKERS[name](layer)
    loss = SquaredError()
    for _ in range(2000):
        y, cache = layer.forward(asarray(x))
        layer.backward(loss(y, asarray(target))[1], cache)
        optimizer.step()
    np.testing.assert_allclose(
        to_numpy(layer.params["W"]), np.linalg.lstsq(x, target, rcond=None)[0], atol=1e-6
    )


@pytest.mark.parametrize("name", MAKERS)
def test_saved_and_restored_continues_bit_for_bit(name):
    rng = np.random.default_rng(1)
    gradients = rng.standard_normal((10, 4, 3)).astype(np.float32)

    def train(layer, optimizer, some):
        for gradient in some:
            layer.grads["W"][...] = asarray(gradient)
            optimizer.step()

    def fresh():
        layer = Linear(4, 3, np.random.default_rng(2), bias=False)
        return layer, MAKERS[name](layer)

    whole, whole_optimizer = fresh()
    train(whole, whole_optimizer, gradients)
    first, first_optimizer = fresh()
    train(first, first_optimizer, gradients[:6])
    second, second_optimizer = fresh()
    second.load_state(first.state())
    second_optimizer.load_state(first_optimizer.state())
    train(second, second_optimizer, gradients[6:])
    np.testing.assert_array_equal(to_numpy(second.params["W"]), to_numpy(whole.params["W"]))


@pytest.mark.parametrize("name", MAKERS)
def test_blocks_change_nothing(name, monkeypatch):
    results = []
    for block in (7, 10_000):
        monkeypatch.setattr(optimizers, "BLOCK", block)
        layer = Linear(8, 5, np.random.default_rng(3))
        optimizer = MAKERS[name](layer)
        assert len(optimizer.blocks) == (8 if block == 7 and on_host() else 1)  # 45 numbers
        for _ in range(3):
            layer.grads["W"][...] = asarray(
                np.random.default_rng(4).standard_normal((8, 5)).astype(np.float32)
            )
            optimizer.step()
        results.append(to_numpy(layer.params["W"]).copy())
    np.testing.assert_array_equal(*results)


def test_an_optimizer_and_its_layer_share_memory():
    layer = Sequential(
        [Linear(3, 2, np.random.default_rng(0)), ReLU(), Linear(2, 1, np.random.default_rng(1))]
    )
    before = {name: to_numpy(value).copy() for name, value in layer.params.items()}
    optimizer = SGD(layer, 1.0)
    for name, value in layer.params.items():
        np.testing.assert_array_equal(to_numpy(value), before[name])  # moved, not changed
    assert optimizer.params.size == 3 * 2 + 2 + 2 * 1 + 1
    optimizer.params += 1
    layer.grads["2.b"][...] = 5
    assert float(optimizer.grads[-1]) == 5
    np.testing.assert_allclose(to_numpy(layer.params["0.W"]), before["0.W"] + 1)


def test_rates_drop_at_their_milestones():
    schedule = StepDecay(3e-5, at=(300_000, 400_000))
    rates = [schedule(step) for step in (0, 299_999, 300_000, 399_999, 400_000, 499_999)]
    np.testing.assert_allclose(rates, [3e-5, 3e-5, 3e-6, 3e-6, 3e-7, 3e-7])


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "0.1", None, True])
def test_a_rate_must_be_positive(rate):
    with pytest.raises(UserError, match=r"the learning rate must be a number in \(0, inf\)"):
        StepDecay(rate)


def test_nothing_to_optimize():
    with pytest.raises(UserError, match="no parameters"):
        Adam(ReLU(), 1e-3)


def test_initializers_have_their_variances():
    rng = np.random.default_rng(0)
    assert he_normal(400, 300, rng).std() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert glorot_uniform(400, 300, rng).std() == pytest.approx((2 / 700) ** 0.5, rel=0.02)
    assert np.abs(glorot_uniform(400, 300, rng)).max() <= (6 / 700) ** 0.5
    drawn = trask_normal(400, 300, rng)
    assert drawn.mean() == pytest.approx(-0.1, abs=0.005) and drawn.std() == pytest.approx(
        0.2, rel=0.02
    )
    assert not zeros(4, 3, rng).any()


def test_a_schedule_may_follow_the_run_while_adam_counts_its_own_updates():
    """Every fifth step only: the rate falls by the run's steps, the bias correction by updates."""
    clock = RunClock()
    rare, often = (Linear(4, 3, np.random.default_rng(2)) for _ in range(2))
    by_run = Adam(rare, AtRunStep(StepDecay(0.1, at=(60,)), clock))
    by_update = Adam(often, StepDecay(0.1, at=(12,)))
    for clock.step in range(100):
        if clock.step % 5 == 0:
            for layer, optimizer in ((rare, by_run), (often, by_update)):
                layer.grads["W"][...] = clock.step - 30
                optimizer.step()
        assert by_run.learning_rate == (0.1 if clock.step < 60 else pytest.approx(0.01))
    assert by_run.steps == 20
    np.testing.assert_array_equal(to_numpy(rare.params["W"]), to_numpy(often.params["W"]))
