"""Small recurrent layers in float64, and their gradients against central differences."""

import numpy as np

from dni_np.backend import asarray, to_numpy
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.fast.lstm import FastLSTM
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.lstm import LSTM

N_IN, UNITS = 3, 4
KINDS = {
    "lstm": lambda rng, dtype: LSTM(N_IN, UNITS, rng, dtype=dtype),
    "fast lstm": lambda rng, dtype: FastLSTM(N_IN, UNITS, rng, dtype=dtype),
    "batchnorm lstm": lambda rng, dtype: BatchNormLSTM(N_IN, UNITS, rng, max_steps=4, dtype=dtype),
}


def make(kind, rng, dtype=np.float64):
    """A layer with all parameters moved off their round initial values."""
    layer = KINDS[kind](rng, dtype)
    for value in layer.params.values():
        value += asarray(0.3 * rng.standard_normal(value.shape), dtype)
    for buffer in layer.buffers.values():
        buffer += asarray(rng.uniform(0.1, 0.5, buffer.shape), dtype)
    return layer


def draw(rng, *shape, dtype=np.float64):
    return asarray(rng.standard_normal(shape), dtype)


def sequence(rng, steps=5, samples=6, dtype=np.float64):
    """x, state, dy, dstate."""
    state, dstate = ([draw(rng, samples, UNITS, dtype=dtype) for _ in "hc"] for _ in range(2))
    x, dy = (
        draw(rng, steps, samples, N_IN, dtype=dtype),
        draw(rng, steps, samples, UNITS, dtype=dtype),
    )
    return x, tuple(state), dy, tuple(dstate)


def check_recurrent(layer, rng, steps, samples, training=True, start=0):
    """Largest relative error over all elements of x, of both parts of the state, of parameters."""
    x, state, dy, dstate = sequence(rng, steps, samples)
    _, _, cache = layer.forward(x, state, training, start)
    dx, back = layer.backward(dy, dstate, cache)
    grads = layer.grads

    def loss():
        y, last, _ = layer.forward(x, state, training, start)
        return sum(float((a * b).sum()) for a, b in zip((y, *last), (dy, *dstate))) / samples

    pairs = [(x, to_numpy(dx) / samples)] + [
        (part, to_numpy(d) / samples) for part, d in zip(state, back)
    ]
    pairs += [(layer.params[name], to_numpy(grads[name]).copy()) for name in layer.params]
    return max(
        check_gradient(loss, array, gradient, rng, elementwise=True) for array, gradient in pairs
    )
