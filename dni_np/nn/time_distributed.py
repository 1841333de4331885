"""TimeDistributed: an ordinary layer applied at every step of a sequence."""

from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.composite import Composite


class TimeDistributed(Composite):
    """y_t = f(x_t): all steps of x (T, N, ...) at once, as one batch of T N rows.

    The layer divides its parameters' gradients by the T N rows it sees. A sample's loss is the sum
    over its steps (see `lstm`) and there are N samples, so they are multiplied by T again.
    (Keras's name.)
    """

    def __init__(self, layer):
        super().__init__(layer)
        self.layer = layer

    def forward(self, x, training=True):
        check_batch(self, x, (3, 5))
        rows, cache = self.layer.forward(as_rows(x), training)
        y = rows.reshape(*x.shape[:2], *rows.shape[1:])
        return y, (y.shape, cache)

    def backward(self, dy, cache, input_gradient=True):
        shape, cache = cache
        check_gradient(self, dy, shape)
        T, N = shape[:2]
        dx = self.layer.backward(as_rows(dy), cache, input_gradient)
        for gradient in self.grads.values():
            gradient *= T
        return dx.reshape(T, N, *dx.shape[1:]) if input_gradient else None


def as_rows(x):
    """(T, N, ...) -> (T N, ...)."""
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:])
