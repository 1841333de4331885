"""Elementwise nonlinearities. Each derivative is written with the output y.

trask's `sigmoid_out2deriv(out)` is the same idea: what `forward` returned is all
that `backward` needs, so the cache is y itself and the input can be forgotten.
"""

from dni_np.backend import xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.layer import Layer


class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)),  dx = dy y (1 - y)."""

    def forward(self, x, training=True):
        check_batch(self, x)
        # The tanh form of the same function: no overflow for large negative x.
        y = xp.tanh(0.5 * x)
        y += 1
        y *= 0.5
        return y, y

    def backward(self, dy, cache, input_gradient=True):
        y = cache
        check_gradient(self, dy, y.shape)
        dx = 1 - y
        dx *= y
        dx *= dy
        return dx


class Tanh(Layer):
    """y = tanh(x),  dx = dy (1 - y^2)."""

    def forward(self, x, training=True):
        check_batch(self, x)
        y = xp.tanh(x)
        return y, y

    def backward(self, dy, cache, input_gradient=True):
        y = cache
        check_gradient(self, dy, y.shape)
        dx = y * y
        xp.subtract(1, dx, out=dx)
        dx *= dy
        return dx


class ReLU(Layer):
    """y = max(x, 0),  dx = dy where y > 0, else 0 (Glorot et al. 2011)."""

    def forward(self, x, training=True):
        check_batch(self, x)
        # Against a row of zeros, not the number 0: NumPy vectorizes only array with array.
        y = xp.maximum(x, xp.zeros(x.shape[-1], x.dtype))
        return y, y

    def backward(self, dy, cache, input_gradient=True):
        y = cache
        check_gradient(self, dy, y.shape)
        return dy * (y > 0)
