"""Batch normalization (Ioffe & Szegedy 2015): every unit gets mean 0 and variance 1 over the batch.

    xhat = (x - mean) / sqrt(var + eps)        y = gamma xhat + beta

In DNI it has a second use: synthetic gradients learn far better from activations of a
fixed scale (trask 2017 reports the problem; Jaderberg et al. 2017 normalize every
hidden layer).
"""

from dni_np.arguments import number, precision, size
from dni_np.backend import FLOAT, xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.layer import Layer


def batch_mean(x):
    """Mean over the batch, (N, D) -> (D,). As a matrix product, in half the time of x.mean(0)."""
    weights = xp.empty(len(x), x.dtype)  # (N,); filled, it takes half the time of xp.full
    weights.fill(1 / len(x))
    return weights @ x


class BatchNorm(Layer):
    """Normalize each of the `n` columns of x (N, n), then scale by gamma and shift by beta.

    Training uses the batch's own statistics and updates the running ones,

        running = (1 - momentum) running + momentum batch        (variance unbiased, / (M - 1)),

    which test time uses instead. The gradient goes through mean and variance too: with
    g = gamma / sqrt(var + eps) and means E[.] over the M rows,

        dx = g (dy - E[dy] - xhat E[dy xhat])     dgamma = E[dy xhat]     dbeta = E[dy].

    Images (N, H, W, n) are normalized by channel: every pixel is a row, M = N H W, and a sample's
    own gradient is the sum over its H W rows, so dgamma and dbeta are H W times those means.
    (`fast.images` does the same faster.)
    """

    axes = (2, 4)  # of what it normalizes

    def __init__(self, n, momentum=0.1, eps=1e-5, dtype=FLOAT):
        n, dtype = size("n", n), precision(dtype)
        super().__init__(gamma=xp.ones(n, dtype), beta=xp.zeros(n, dtype))
        self.buffers = {"mean": xp.zeros(n, dtype), "var": xp.ones(n, dtype)}
        self.momentum, self.eps = (
            number("momentum", momentum, "(0, 1]"),
            number("eps", eps, "(0, inf)"),
        )

    def forward(self, x, training=True):
        check_batch(self, x, self.axes, self.params["gamma"].size)
        rows = x.reshape(-1, x.shape[-1])  # (M, D)
        if training:
            mean = batch_mean(rows)  # (D,)
            centered = rows - mean  # (M, D)
            var = batch_mean(centered * centered)  # (D,)
            self.move_statistics(mean, var, len(rows))
        else:
            centered = rows - self.buffers["mean"]
            var = self.buffers["var"]
        scale = 1 / xp.sqrt(var + self.eps)  # (D,)
        y = centered * (self.params["gamma"] * scale)  # (M, D)
        y += self.params["beta"]
        return y.reshape(x.shape), (centered, scale, training, x.shape)

    def backward(self, dy, cache, input_gradient=True):
        centered, scale, training, shape = cache
        check_gradient(self, dy, shape)
        rows = dy.reshape(centered.shape)  # (M, D)
        product = rows * centered
        dgamma = batch_mean(product) * scale  # (D,), E[dy xhat]
        dbeta = batch_mean(rows)  # (D,), E[dy]
        rows_each = len(rows) // len(dy)
        self.grads["gamma"][...] = rows_each * dgamma
        self.grads["beta"][...] = rows_each * dbeta
        if not input_gradient:
            return None
        g = self.params["gamma"] * scale  # (D,)
        dx = rows * g
        if training:  # at test time the statistics were constants
            # In three passes over (M, D), reusing `product`:  dx = g dy - xhat (g dgamma) - g dbeta
            dx -= xp.multiply(centered, g * scale * dgamma, out=product)
            dx -= g * dbeta
        return dx.reshape(dy.shape)

    def move_statistics(self, mean, var, n):
        """Let the running statistics follow those of a batch of n rows."""
        if n < 2:
            raise UserError(
                "BatchNorm needs at least 2 rows in a training batch: the variance of one is zero"
            )
        for name, new in (("mean", mean), ("var", var * (n / (n - 1)))):
            running = self.buffers[name]
            running *= 1 - self.momentum
            running += self.momentum * new
