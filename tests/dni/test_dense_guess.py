"""Dense guesses of feature maps: gradients, what they equal, what no convolution could say."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.dense_guess import DenseGuess
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.initializers import he_normal
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from tests.dni.gradient_loss import check_gradients

IMAGE, CLASSES = (2, 3, 2), 4
PIXELS = int(np.prod(IMAGE))


def build(sees=("output", "label"), hidden=(), samples=20):
    rng = np.random.default_rng(0)
    conditioning = Conditioning(sees, PIXELS, label=CLASSES)
    model = SyntheticGradient(PIXELS, conditioning, rng, hidden, he_normal, dtype=np.float64)
    h = asarray(rng.standard_normal((samples, *IMAGE)))
    label = asarray(np.eye(CLASSES)[np.arange(samples) % CLASSES])
    return DenseGuess(model, IMAGE), h, {"label": label}, rng


@pytest.mark.parametrize("hidden", [(), (5,)], ids=["linear", "one hidden"])
@pytest.mark.parametrize("sees", [("output",), ("output", "label"), ("normalized", "output")])
def test_gradients_of_the_gradient_loss(sees, hidden):
    model, h, context, rng = build(sees, hidden)
    check_gradients(model, h, context, rng)


def test_the_gradient_of_the_maps():
    model, h, context, rng = build(hidden=(5,))
    error = asarray(rng.standard_normal(h.shape))
    _, cache = model.forward(h, context)
    dh = model.backward(error, cache, input_gradient=True)
    assert dh.shape == h.shape

    def loss():
        return float((model.forward(h, context)[0] * error).sum())

    assert check_gradient(loss, h, to_numpy(dh).copy(), rng) < 1e-6


def test_it_is_the_guess_of_rows():
    model, h, context, _ = build(hidden=(5,))
    rows, _ = model.model.forward(h.reshape(len(h), -1), context)
    guess, _ = model.forward(h, context)
    np.testing.assert_array_equal(to_numpy(guess).reshape(len(h), -1), to_numpy(rows))


def test_it_learns_what_depends_on_the_place_and_on_the_whole_image():
    """The gradient below a linear classifier whose probabilities are of the whole map.

    Of the rectified maps the probabilities are nearly linear here (small weights), and so a linear
    guess of all pixels is nearly right. The label is random: only its mean can be known.
    """
    model, h, _, rng = build(("output",), samples=2000)
    h, _ = ReLU().forward(h)
    W = 0.1 * rng.standard_normal((PIXELS, CLASSES))
    logits = h.reshape(len(h), -1) @ asarray(W)
    p = np.exp(to_numpy(logits))
    p /= p.sum(axis=1, keepdims=True)
    target = asarray(((p - 1 / CLASSES) @ W.T).reshape(h.shape))
    optimizer = RecursiveLeastSquares(model, beta=1.0, ridge=1e-9)
    guess, cache = model.forward(h)
    model.backward(guess - target, cache)
    optimizer.step()
    error = to_numpy(model.forward(h)[0] - target)
    assert (error**2).sum() < 0.02 * (to_numpy(target) ** 2).sum()


def test_a_width_that_does_not_fit():
    model = build()[0].model
    with pytest.raises(UserError, match=r"images \(2, 3, 4\) cannot have a width of 12"):
        DenseGuess(model, (2, 3, 4))
