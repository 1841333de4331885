"""Every backward pass against central differences in float64:

random directions, and each element by itself.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.nn.activations import ReLU, Sigmoid, Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.gradcheck import check_gradient, check_layer
from dni_np.nn.initializers import glorot_uniform
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.sequential import Sequential

DOUBLE = np.float64


def two_hidden_layers(rng):
    sizes = [5, 6, 4]
    hidden = [
        [Linear(m, n, rng, bias=False, dtype=DOUBLE), BatchNorm(n, dtype=DOUBLE), Tanh()]
        for m, n in zip(sizes, sizes[1:])
    ]
    return Sequential([*sum(hidden, []), Linear(4, 3, rng, dtype=DOUBLE)])


LAYERS = {
    "linear": lambda rng: Linear(5, 4, rng, dtype=DOUBLE),
    "linear, no bias": lambda rng: Linear(5, 4, rng, bias=False, init=glorot_uniform, dtype=DOUBLE),
    "sigmoid": lambda rng: Sigmoid(),
    "tanh": lambda rng: Tanh(),
    "relu": lambda rng: ReLU(),
    "batchnorm": lambda rng: BatchNorm(5, dtype=DOUBLE),
    "three layers": two_hidden_layers,
}


def randomized(layer, rng):
    """Move all parameters off their round initial values: a gamma of 1 hides a forgotten factor."""
    for value in layer.params.values():
        value += asarray(0.3 * rng.standard_normal(value.shape))
    for buffer in layer.buffers.values():
        buffer += asarray(rng.uniform(0.1, 0.5, buffer.shape))
    return layer


def away_from_zero(rng, shape):
    """Normal numbers, none within 0.1 of the kink of a ReLU."""
    x = rng.standard_normal(shape)
    return x + 0.1 * np.sign(x)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test time"])
@pytest.mark.parametrize("name", LAYERS)
def test_each_element(name, training):
    rng = np.random.default_rng(0)
    layer = randomized(LAYERS[name](rng), rng)
    assert check_layer(layer, away_from_zero(rng, (7, 5)), rng, training, elementwise=True) < 1e-6


@pytest.mark.parametrize("batch", [5, 64])
@pytest.mark.parametrize("name", LAYERS)
def test_random_directions(name, batch):
    rng = np.random.default_rng(1)
    layer = randomized(LAYERS[name](rng), rng)
    assert check_layer(layer, away_from_zero(rng, (batch, 5)), rng, directions=10) < 1e-6


@pytest.mark.parametrize("name", ["cross-entropy", "squared error"])
def test_loss_gradient(name):
    rng = np.random.default_rng(2)
    prediction = asarray(3 * rng.standard_normal((6, 4)))
    loss, target = (
        (SoftmaxCrossEntropy(), rng.integers(0, 4, 6))
        if name == "cross-entropy"
        else (SquaredError(), rng.random((6, 4)))
    )
    target = asarray(target)
    gradient = to_numpy(loss(prediction, target)[1]) / len(prediction)  # of the mean loss
    assert (
        check_gradient(
            lambda: float(loss(prediction, target)[0]), prediction, gradient, rng, elementwise=True
        )
        < 1e-6
    )


@pytest.mark.parametrize(
    "name", [name for name in LAYERS if name not in ("sigmoid", "tanh", "relu")]
)
def test_backward_without_input_gradient_writes_the_same_gradients(name):
    rng = np.random.default_rng(3)
    layer = randomized(LAYERS[name](rng), rng)
    y, cache = layer.forward(asarray(rng.standard_normal((8, 5))))
    dy = asarray(rng.standard_normal(y.shape))
    layer.backward(dy, cache)
    wanted = {key: to_numpy(value).copy() for key, value in layer.grads.items()}
    dx = layer.backward(dy, cache, input_gradient=False)
    grads = layer.grads
    assert dx is None
    for key in wanted:
        np.testing.assert_array_equal(to_numpy(grads[key]), wanted[key])


class WrongScale(Layer):
    """y = w x with a gradient that is 0.1 % off: the check must see it."""

    def forward(self, x, training=True):
        return self.params["w"] * x, x

    def backward(self, dy, cache, input_gradient=True):
        self.grads["w"][...] = 1.001 * (dy * cache).sum() / len(cache)
        return self.params["w"] * dy


def test_the_check_finds_a_wrong_gradient():
    rng = np.random.default_rng(4)
    wrong = WrongScale(w=asarray(np.array(2.0)))
    assert 5e-4 < check_layer(wrong, rng.standard_normal((6, 3)), rng) < 2e-3


def test_the_check_restores_what_it_changes():
    rng = np.random.default_rng(5)
    layer, x = Linear(3, 2, rng, dtype=DOUBLE), rng.standard_normal((4, 3))
    before, x_before = to_numpy(layer.params["W"]).copy(), x.copy()
    check_layer(layer, x, rng, elementwise=True)
    np.testing.assert_array_equal(to_numpy(layer.params["W"]), before)
    np.testing.assert_array_equal(x, x_before)
