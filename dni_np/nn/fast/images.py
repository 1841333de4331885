"""Batch normalization and ReLU of images, a few at a time: on several cores, and in their caches.

The feature maps of 256 images take 51 MB (28 x 28, 64 channels), and `BatchNorm` goes over them
seven times. Here a few images at a time are fetched into the processor's cache and all is done to
them there: they are fetched twice on the way forward and twice back. Mean and variance come from
those of the parts b, with w_b their shares of the images,

    mean = sum_b w_b mean_b        var = sum_b w_b (var_b + (mean_b - mean)^2)

(the variance of the whole is the mean of the parts' variances plus the variance of their means),
and the formulas of `BatchNorm` are multiplied out, so that each pixel takes a product and a sum per
term:

    y = g x + (beta - g mean)
    dx = g dy + s x - (g E[dy] + s mean)        s = -g E[dy xhat] / sqrt(var + eps)
"""

from dni_np.backend import xp
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm, batch_mean
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.fast.batch_threads import image_blocks, in_parallel, sum_in_parallel


class BatchNorm2D(BatchNorm):
    """BatchNorm for images (N, H, W, n): the same function and gradient."""

    axes = (4,)

    def forward(self, x, training=True):
        check_batch(self, x, self.axes, self.params["gamma"].size)
        if training:
            mean, var = statistics(x)
            self.move_statistics(mean, var, x[..., 0].size)
        else:
            mean, var = self.buffers["mean"].copy(), self.buffers["var"]
        scale = 1 / xp.sqrt(var + self.eps)  # (n,)
        g = self.params["gamma"] * scale
        shift = self.params["beta"] - g * mean
        y = xp.empty_like(x)

        def normalize(block):
            xp.multiply(x[block], g, out=y[block])
            y[block] += shift

        in_parallel(normalize, image_blocks(x))
        return y, (x, mean, scale, training)

    def backward(self, dy, cache, input_gradient=True):
        x, mean, scale, training = cache
        check_gradient(self, dy, x.shape)

        def means(block):
            centered = x[block] - mean  # (b, H, W, n)
            centered *= dy[block]
            share = len(x[block]) / len(x)
            sums = batch_mean(rows(dy[block])), batch_mean(rows(centered))
            return xp.stack([share * mean for mean in sums])

        # E[dy] and E[dy (x - mean)], (n,)
        dbeta, dgamma = sum_in_parallel(means, image_blocks(x))
        dgamma = dgamma * scale  # E[dy xhat]
        rows_each = x.shape[1] * x.shape[2]
        self.grads["gamma"][...] = rows_each * dgamma
        self.grads["beta"][...] = rows_each * dbeta
        if not input_gradient:
            return None

        g = self.params["gamma"] * scale
        if not training:
            return dy * g
        s = -g * dgamma * scale
        shift = -(g * dbeta + s * mean)
        dx = xp.empty_like(x)

        def give_back(block):
            part = xp.multiply(x[block], s, out=dx[block])
            part += shift
            part += dy[block] * g

        in_parallel(give_back, image_blocks(x))
        return dx


def statistics(x):
    """Mean and variance of each channel of the images x, both (n,)."""

    def part(block):
        mean = batch_mean(rows(x[block]))
        centered = rows(x[block]) - mean
        centered *= centered
        return len(x[block]) / len(x), mean, batch_mean(centered)

    parts = in_parallel(part, image_blocks(x))
    mean = sum(w * part for w, part, _ in parts)
    return mean, sum(w * (var + (part - mean) ** 2) for w, part, var in parts)


def rows(x):
    """Images (N, H, W, n) as rows (N H W, n)."""
    return x.reshape(-1, x.shape[-1])


class ReLU2D(ReLU):
    """ReLU for images (N, H, W, n): the same function and gradient."""

    def forward(self, x, training=True):
        check_batch(self, x, (4,))
        y, zero = xp.empty_like(x), xp.zeros(x.shape[-1], x.dtype)
        in_parallel(lambda block: xp.maximum(x[block], zero, out=y[block]), image_blocks(x))
        return y, y

    def backward(self, dy, cache, input_gradient=True):
        check_gradient(self, dy, cache.shape)
        y, dx = cache, xp.empty_like(dy)

        def give_back(block):
            xp.multiply(dy[block], y[block] > 0, out=dx[block])

        in_parallel(give_back, image_blocks(y))
        return dx
