"""Clipping by the norm: the direction stays, small gradients are left alone."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy, using
from dni_np.errors import UserError
from dni_np.nn.clip import Clipped
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD, Adam
from tests.strict_array import strict


def step(gradient, limit, optimizer=lambda layer: SGD(layer, 1.0)):
    """What a step subtracts from W (4, 3) and b (3,)."""
    layer = Linear(4, 3, np.random.default_rng(0), dtype=np.float64)
    clipped = Clipped(optimizer(layer), limit)
    before = to_numpy(clipped.params).copy()
    clipped.grads[...] = asarray(gradient)
    clipped.step()
    return before - to_numpy(clipped.params)


def test_a_small_gradient_is_left_alone(backend):
    g = np.random.default_rng(1).standard_normal(15)
    g *= 0.9 / np.linalg.norm(g)
    np.testing.assert_allclose(step(g, 1.0), g, rtol=1e-15, atol=1e-15)
    np.testing.assert_array_equal(step(0 * g, 1.0), 0)


def test_a_large_one_keeps_its_direction(backend):
    g = np.random.default_rng(1).standard_normal(15)
    np.testing.assert_allclose(step(g, 0.5), 0.5 * g / np.linalg.norm(g), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("limit", [0.1, 3.0, 1e6])
def test_beside_pytorch(limit):
    torch = pytest.importorskip("torch")
    g = np.random.default_rng(1).standard_normal(15)
    theta = torch.zeros(15, dtype=torch.float64, requires_grad=True)
    theta.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_([theta], limit)
    np.testing.assert_allclose(step(g, limit), theta.grad.numpy(), rtol=1e-5)  # theirs adds 1e-6


def test_a_gradient_that_is_not_finite_stays_so(backend):
    with np.errstate(invalid="ignore"):
        assert np.isnan(step(np.full(15, np.inf), 1.0)).any()


def test_it_is_an_optimizer_like_the_one_inside():
    layer = Linear(4, 3, np.random.default_rng(0))
    inside = Adam(layer, 0.1)
    clipped = Clipped(inside, 1.0)
    layer.grads["W"][...] = 1
    clipped.step()
    assert clipped.steps == inside.steps == 1
    state = clipped.state()
    clipped.step()
    clipped.load_state(state)
    assert inside.steps == 1


def test_on_a_device_it_never_waits():
    with using(strict):
        layer = Linear(4, 3, np.random.default_rng(0))
        clipped = Clipped(Adam(layer, 0.1), 1.0)
        waits = strict.record.synchronizations
        clipped.step()
        assert strict.record.synchronizations == waits


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_limit_must_be_positive(limit):
    with pytest.raises(UserError, match=rf"clipped must be a number in \(0, inf\), not {limit}"):
        Clipped(None, limit)
