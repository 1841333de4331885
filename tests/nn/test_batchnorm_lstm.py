"""The batch-normalized LSTM: central differences, the same written with autograd, statistics of
each step.

What it shares with the LSTM (chunks, precision, what is left alone) is in `test_lstm`.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from tests.nn.recurrent import N_IN, UNITS, check_recurrent, draw, make, sequence
from tests.pytorch_twin import tensor, torch

MAX_STEPS = 4  # of the layers that `make` makes
needs_torch = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)


@pytest.mark.parametrize("steps, start", [(1, 0), (3, 0), (6, 0), (2, 3)])
@pytest.mark.parametrize("training", [True, False], ids=["training", "test time"])
def test_each_element(training, steps, start):
    rng = np.random.default_rng(0)
    assert check_recurrent(make("batchnorm lstm", rng), rng, steps, 5, training, start) < 1e-6


@needs_torch
@pytest.mark.parametrize("training", [True, False], ids=["training", "test time"])
def test_it_is_the_same_as_with_autograd(training):
    rng = np.random.default_rng(1)
    layer = make("batchnorm lstm", rng)
    x, state, dy, dstate = sequence(rng, steps=6)
    leaves = {
        name: tensor(to_numpy(value)).requires_grad_() for name, value in layer.params.items()
    }
    inputs = [tensor(to_numpy(array)).requires_grad_() for array in (x, *state)]
    moved = {name: to_numpy(value).copy() for name, value in layer.buffers.items()}
    outputs = with_autograd(*inputs, leaves, moved, layer, training)
    torch.autograd.backward(outputs, [tensor(to_numpy(array)) for array in (dy, *dstate)])

    y, last, cache = layer.forward(x, state, training)
    dx, back = layer.backward(dy, dstate, cache)
    grads = layer.grads
    for ours, wanted in zip((y, *last), outputs, strict=True):
        np.testing.assert_allclose(to_numpy(ours), wanted.detach().numpy(), rtol=1e-9, atol=1e-11)
    for ours, wanted in zip((dx, *back), inputs, strict=True):
        np.testing.assert_allclose(to_numpy(ours), wanted.grad.numpy(), rtol=1e-8, atol=1e-10)
    for name, wanted in leaves.items():
        np.testing.assert_allclose(
            to_numpy(grads[name]), wanted.grad.numpy() / 6, rtol=1e-8, atol=1e-10
        )
    for name, wanted in moved.items():
        np.testing.assert_allclose(to_numpy(layer.buffers[name]), wanted, rtol=1e-10)


def with_autograd(x, h, c, params, statistics, layer, training):
    """The paper's equations (6) to (8), one after another; `statistics` (NumPy) are moved."""
    W_x, W_h = params["W"][:N_IN], params["W"][N_IN:]
    ys = []
    for t, x_t in enumerate(x):
        row = min(t, MAX_STEPS - 1)

        def bn(name, a):
            mean, var = (
                torch.from_numpy(statistics[f"{kind}_{name}"][row]) for kind in ("mean", "var")
            )
            beta = params["beta_c"] if name == "c" else None
            return torch.nn.functional.batch_norm(
                a, mean, var, params[f"gamma_{name}"], beta, training, 0.1, layer.eps
            )

        i, f, o, g = (bn("h", h @ W_h) + bn("x", x_t @ W_x) + params["b"]).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * bn("c", c).tanh()
        ys.append(h)
    return torch.stack(ys), h, c


def test_each_step_has_statistics_of_its_own():
    rng = np.random.default_rng(2)
    layer = BatchNormLSTM(N_IN, UNITS, rng, max_steps=3, momentum=1.0, dtype=np.float64)
    x = (
        rng.standard_normal((5, 50, N_IN)) + np.arange(5)[:, None, None]
    )  # every step has another mean
    layer.forward(asarray(x), layer.initial_state(50))
    means = x.mean(axis=1) @ to_numpy(layer.params["W"])[:N_IN]  # (5, 4H)
    np.testing.assert_allclose(
        to_numpy(layer.buffers["mean_x"]), means[[0, 1, 4]], rtol=1e-10
    )  # step 4 wrote last
    before = to_numpy(layer.buffers["mean_x"]).copy()
    layer.forward(asarray(x[3:4]), layer.initial_state(50), start=1)
    np.testing.assert_array_equal(to_numpy(layer.buffers["mean_x"])[[0, 2]], before[[0, 2]])
    np.testing.assert_allclose(to_numpy(layer.buffers["mean_x"])[1], means[3], rtol=1e-10)


def test_at_test_time_a_sample_does_not_see_the_others():
    rng = np.random.default_rng(3)
    layer = make("batchnorm lstm", rng)
    before = {name: to_numpy(value).copy() for name, value in layer.buffers.items()}
    x, state, *_ = sequence(rng)
    y, _, _ = layer.forward(x, state, training=False)
    alone, _, _ = layer.forward(x[:, 2:3], tuple(part[2:3] for part in state), training=False)
    np.testing.assert_allclose(to_numpy(alone), to_numpy(y)[:, 2:3], rtol=1e-12)
    for name, value in before.items():
        np.testing.assert_array_equal(to_numpy(layer.buffers[name]), value)


def test_the_running_statistics_come_close_to_those_of_the_data():
    rng = np.random.default_rng(4)
    layer = BatchNormLSTM(N_IN, UNITS, rng, max_steps=3, dtype=np.float64)
    x = draw(rng, 3, 400, N_IN)
    state = tuple(draw(rng, 400, UNITS) for _ in "hc")
    for _ in range(100):
        y, *_ = layer.forward(x, state)
    at_test_time, *_ = layer.forward(x, state, training=False)
    np.testing.assert_allclose(to_numpy(at_test_time), to_numpy(y), atol=2e-3)
    assert np.abs(to_numpy(y)).max() > 0.1


def test_it_starts_as_the_paper_says():
    layer = BatchNormLSTM(N_IN, UNITS, np.random.default_rng(5), max_steps=3)
    assert all((to_numpy(layer.params[f"gamma_{name}"]) == np.float32(0.1)).all() for name in "xhc")
    assert not to_numpy(layer.params["beta_c"]).any()
    x, state, *_ = sequence(np.random.default_rng(6), dtype=np.float32)
    y, _, _ = layer.forward(x, state)
    assert np.isfinite(to_numpy(y)).all()


def test_a_state_of_zeros_is_normalized_to_zeros():
    rng = np.random.default_rng(7)
    layer = make("batchnorm lstm", rng)
    x, _, dy, dstate = sequence(rng)
    y, _, cache = layer.forward(x, layer.initial_state(6))
    dx, back = layer.backward(dy, dstate, cache)
    assert all(np.isfinite(to_numpy(array)).all() for array in (y, dx, *back))


RNG = np.random.default_rng(0)
MISTAKES = {
    "BatchNormLSTM with W (7, 16) cannot take an array of float32 of shape (5, 6, 2): "
    "it needs floats of shape (T, N, 3)": (5, 6, 2),
    "at least 2 sequences": (5, 1, 3),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_mistakes(sentence):
    layer, shape = BatchNormLSTM(N_IN, UNITS, RNG, max_steps=3), MISTAKES[sentence]
    with pytest.raises(UserError) as error:
        layer.forward(asarray(np.zeros(shape, np.float32)), layer.initial_state(shape[1]))
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_no_statistics_at_all():
    with pytest.raises(UserError, match="max_steps must be a whole number, at least 1, not 0"):
        BatchNormLSTM(N_IN, UNITS, RNG, max_steps=0)
