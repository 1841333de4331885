"""Symbols, ordinary layers at every step, and the loss of a sequence."""

import math

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.activations import Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.embedding import Embedding, OneHot
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.sequential import Sequential
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.loss_unit import LossUnit
from tests.pytorch_twin import tensor, torch

DOUBLE = np.float64
T, N, C = 5, 4, 3


def symbols(rng, n_symbols=C):
    return rng.integers(0, n_symbols, (T, N))


# Symbols
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_hot(dtype):
    ids = symbols(np.random.default_rng(0))
    layer = OneHot(C, dtype)
    y, cache = layer.forward(asarray(ids))
    assert y.dtype == dtype and not layer.params
    np.testing.assert_array_equal(to_numpy(y), np.eye(C)[ids])
    assert layer.backward(y, cache) is None


def test_an_embedding_is_a_linear_layer_on_one_hot_rows():
    rng = np.random.default_rng(1)
    ids, dy = asarray(symbols(rng, 7)), asarray(rng.standard_normal((T, N, 2)))
    layer = Embedding(7, 2, rng, dtype=DOUBLE)
    linear = TimeDistributed(Linear(7, 2, rng, bias=False, dtype=DOUBLE))
    linear.params["W"][...] = layer.params["W"]
    y, cache = layer.forward(ids)
    wanted, cache_linear = linear.forward(OneHot(7, DOUBLE).forward(ids)[0])
    np.testing.assert_array_equal(to_numpy(y), to_numpy(wanted))
    dx = layer.backward(dy, cache)
    grads = layer.grads
    linear.backward(dy, cache_linear)
    assert dx is None
    np.testing.assert_allclose(to_numpy(grads["W"]), to_numpy(linear.grads["W"]), rtol=1e-12)
    by_hand = np.zeros((7, 2))
    np.add.at(by_hand, to_numpy(ids), to_numpy(dy))
    np.testing.assert_allclose(to_numpy(grads["W"]), by_hand / N, rtol=1e-12)


def test_each_element_of_an_embedding():
    rng = np.random.default_rng(2)
    ids, weights = asarray(symbols(rng)), asarray(rng.standard_normal((T, N, 2)))
    layer = Embedding(C, 2, rng, dtype=DOUBLE)
    _, cache = layer.forward(ids)
    layer.backward(weights, cache)
    gradient = to_numpy(layer.grads["W"]).copy()

    def loss():
        return float((layer.forward(ids)[0] * weights).sum()) / N

    assert check_gradient(loss, layer.params["W"], gradient, rng, elementwise=True) < 1e-6


# An ordinary layer at every step
# -----------------------------------------------------------------------------------------

LAYERS = {
    "linear": lambda rng: Linear(3, 2, rng, dtype=DOUBLE),
    "with batchnorm": lambda rng: Sequential(
        [
            Linear(3, 4, rng, bias=False, dtype=DOUBLE),
            BatchNorm(4, dtype=DOUBLE),
            Tanh(),
            Linear(4, 2, rng, dtype=DOUBLE),
        ]
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_each_element_of_a_layer_at_each_step(name):
    rng = np.random.default_rng(3)
    layer = TimeDistributed(LAYERS[name](rng))
    for value in layer.params.values():
        value += asarray(0.3 * rng.standard_normal(value.shape))
    x, weights = asarray(rng.standard_normal((T, N, 3))), asarray(rng.standard_normal((T, N, 2)))
    y, cache = layer.forward(x)
    assert y.shape == (T, N, 2)
    dx = layer.backward(weights, cache)
    grads = layer.grads

    def loss():
        return float((layer.forward(x)[0] * weights).sum()) / N

    pairs = [(x, to_numpy(dx) / N)] + [
        (layer.params[name], to_numpy(grads[name]).copy()) for name in layer.params
    ]
    for array, gradient in pairs:
        assert check_gradient(loss, array, gradient, rng, elementwise=True) < 1e-6
    wanted = {name: to_numpy(value).copy() for name, value in grads.items()}
    dx = layer.backward(weights, cache, input_gradient=False)
    grads = layer.grads
    assert dx is None
    for name, value in wanted.items():
        np.testing.assert_array_equal(to_numpy(grads[name]), value)


def test_a_layer_at_each_step_shares_its_layer_s_arrays():
    rng = np.random.default_rng(4)
    inner, other = (Sequential([Linear(3, 2, rng), BatchNorm(2)]) for _ in range(2))
    layer = TimeDistributed(inner)
    SGD(layer, 0.1)  # moves the parameters into one vector
    assert list(layer.params) == list(inner.params)
    assert all(layer.params[name] is inner.params[name] for name in inner.params)
    TimeDistributed(other).load_state(layer.state())
    x = asarray(rng.standard_normal((T, N, 3)), np.float32)
    y, _ = layer.forward(x, training=False)
    np.testing.assert_array_equal(
        to_numpy(y), to_numpy(TimeDistributed(other).forward(x, training=False)[0])
    )


# The loss of a sequence
# --------------------------------------------------------------------------------------------------


def scored_steps(rng):
    """logits, labels and a mask with scored and unscored steps, and one sample that is never
    scored.
    """
    mask = rng.random((T, N)) < 0.6
    mask[:, 0] = False
    assert 0 < mask.sum() < mask.size
    return 3 * rng.standard_normal((T, N, C)), symbols(rng), mask


@pytest.mark.parametrize("kind", [bool, np.float32, np.float64])
def test_the_loss_is_the_sum_over_scored_steps(kind):
    logits, labels, mask = scored_steps(np.random.default_rng(5))
    loss, gradient = MaskedSoftmaxCrossEntropy()(
        asarray(logits), (asarray(labels), asarray(mask.astype(kind)))
    )
    total, wanted = 0, np.zeros_like(logits)
    for t, n in zip(*mask.nonzero()):
        one, wanted[t, n] = map(
            to_numpy,
            SoftmaxCrossEntropy()(asarray(logits[t, n : n + 1]), asarray(labels[t, n : n + 1])),
        )
        total += float(one)
    np.testing.assert_allclose(float(loss), total / N, rtol=1e-12)
    np.testing.assert_allclose(to_numpy(gradient), wanted, rtol=1e-12, atol=1e-15)
    bits = bits_per_symbol(loss, asarray(mask))
    np.testing.assert_allclose(float(bits), total / mask.sum() / math.log(2), rtol=1e-12)


def test_a_guess_among_eight_takes_three_bits():
    labels, mask = asarray(np.full((T, N), 6)), asarray(np.ones((T, N)))
    loss, _ = MaskedSoftmaxCrossEntropy()(asarray(np.zeros((T, N, 8), np.float32)), (labels, mask))
    assert loss.dtype == np.float32
    assert float(bits_per_symbol(loss, mask)) == pytest.approx(3)


def test_chunks_of_a_sequence_add_up():
    logits, labels, mask = scored_steps(np.random.default_rng(6))
    mask[:2] = False  # a chunk with nothing to score
    loss = MaskedSoftmaxCrossEntropy()
    whole, gradient = loss(asarray(logits), (asarray(labels), asarray(mask)))
    parts = [
        loss(asarray(logits[chunk]), (asarray(labels[chunk]), asarray(mask[chunk])))
        for chunk in (slice(0, 2), slice(2, 3), slice(3, T))
    ]
    assert float(parts[0][0]) == 0
    np.testing.assert_allclose(sum(float(part) for part, _ in parts), float(whole), rtol=1e-12)
    np.testing.assert_array_equal(
        np.concatenate([to_numpy(part) for _, part in parts]), to_numpy(gradient)
    )


def test_errors_are_counted_where_steps_are_scored():
    logits, labels, mask = scored_steps(np.random.default_rng(7))
    wanted = ((logits.argmax(axis=2) != labels) & mask).sum()
    assert wanted > 0
    for kind in (bool, np.float32):
        target = asarray(labels), asarray(mask.astype(kind))
        assert float(MaskedSoftmaxCrossEntropy().errors(asarray(logits), target)) == wanted


def test_the_arguments_are_left_alone_and_large_logits_are_finite():
    logits, labels, mask = scored_steps(np.random.default_rng(8))
    logits = (1e4 * logits).astype(np.float32)
    given = [asarray(array) for array in (logits, labels, mask)]
    loss, gradient = MaskedSoftmaxCrossEntropy()(given[0], tuple(given[1:]))
    assert (
        np.isfinite(float(loss))
        and np.isfinite(to_numpy(gradient)).all()
        and gradient.dtype == np.float32
    )
    for array, value in zip(given, (logits, labels, mask)):
        np.testing.assert_array_equal(to_numpy(array), value)


# All together
# --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)
def test_a_step_on_symbols_is_pytorchs():
    """Embedding, LSTM, read-out and loss: each parameter's gradient."""
    rng = np.random.default_rng(9)
    _, labels, mask = scored_steps(rng)
    ids = symbols(rng)
    embedding, lstm = Embedding(C, 2, rng, dtype=DOUBLE), LSTM(2, 4, rng, dtype=DOUBLE)
    readout = TimeDistributed(Linear(4, C, rng, dtype=DOUBLE))
    head = LossUnit(readout, MaskedSoftmaxCrossEntropy(), NoUpdate())
    params = [layer.params[name] for layer in (embedding, lstm, head.core) for name in layer.params]
    grads = [layer.grads[name] for layer in (embedding, lstm, head.core) for name in layer.params]
    x, embedding_cache = embedding.forward(asarray(ids))
    h, _, cache = lstm.forward(x, lstm.initial_state(N))
    dh, loss = head.train(h, (asarray(labels), asarray(mask)))
    dx, _ = lstm.backward(dh, None, cache)
    embedding.backward(dx, embedding_cache)

    E, W, b, V, v = theirs = [tensor(to_numpy(param)).requires_grad_() for param in params]
    h_theirs = c_theirs = torch.zeros(N, 4, dtype=torch.float64)
    nats = 0
    for t in range(T):
        i, f, o, g = (torch.cat([E[ids[t]], h_theirs], dim=1) @ W + b).chunk(4, dim=1)
        c_theirs = f.sigmoid() * c_theirs + i.sigmoid() * g.tanh()
        h_theirs = o.sigmoid() * c_theirs.tanh()
        each = torch.nn.functional.cross_entropy(
            h_theirs @ V + v, tensor(labels[t]), reduction="none"
        )
        nats = nats + (each * tensor(mask[t])).sum()
    (nats / N).backward()
    np.testing.assert_allclose(float(loss), nats.item() / N, rtol=1e-12)
    for ours, parameter in zip(grads, theirs, strict=True):
        np.testing.assert_allclose(to_numpy(ours), parameter.grad.numpy(), rtol=1e-9, atol=1e-13)


class NoUpdate:
    """An optimizer that leaves everything as it is."""

    def step(self):
        pass


RNG = np.random.default_rng(0)
MISTAKES = {
    "OneHot cannot take an array of int64 of shape (3,)": lambda: OneHot(2).forward(
        asarray(np.zeros(3, np.int64))
    ),
    "of float32 of shape (3, 2): it needs integers of shape (T, N)": lambda: Embedding(
        2, 2, RNG
    ).forward(asarray(np.zeros((3, 2), np.float32))),
    "TimeDistributed with W (2, 2) cannot take an array of float64 of shape (3, 2)": lambda: (
        TimeDistributed(Linear(2, 2, RNG)).forward(asarray(np.zeros((3, 2))))
    ),
    "shape (3, 2): an array of float64 of shape (3,) is none": lambda: MaskedSoftmaxCrossEntropy()(
        asarray(np.zeros((3, 2, 4))), (asarray(np.zeros((3, 2), int)), asarray(np.ones(3)))
    ),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_mistakes(sentence):
    with pytest.raises(UserError) as error:
        MISTAKES[sentence]()
    assert sentence in str(error.value) and "\n" not in str(error.value)
