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

All of these go over pixels with one number for each channel, often 64 of them. NumPy is half as
fast with such short rows as with long ones: several pixels are taken as one (`long_rows`).
"""

from functools import lru_cache

from dni_np import backend
from dni_np.backend import xp
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm, batch_mean
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.fast.batch_threads import image_blocks, in_parallel, sum_in_parallel

LONG = 1 << 13  # numbers in NumPy's buffer


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
        y = xp.empty(x.shape, x.dtype)  # in order, whatever x's

        def normalize(block):
            (pixels, out), (factor, term) = long_rows((x[block], y[block]), (g, shift))
            xp.multiply(pixels, factor, out=out)
            out += term

        in_parallel(normalize, image_blocks(x))
        return y, (x, mean, scale, training)

    def backward(self, dy, cache, input_gradient=True):
        x, mean, scale, training = cache
        check_gradient(self, dy, x.shape)

        def means(block):
            centered = less(x[block], mean)
            centered *= rows(dy[block])
            share = len(x[block]) / len(x)
            sums = batch_mean(rows(dy[block])), batch_mean(centered)
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
        dx = xp.empty(x.shape, x.dtype)

        def give_back(block):
            images = x[block], dy[block], dx[block]
            (pixels, above, part), factors = long_rows(images, (s, shift, g))
            xp.multiply(pixels, factors[0], out=part)
            part += factors[1]
            part += above * factors[2]

        in_parallel(give_back, image_blocks(x))
        return dx


def statistics(x):
    """Mean and variance of each channel of the images x, both (n,)."""

    def part(block):
        mean = batch_mean(rows(x[block]))
        centered = less(x[block], mean)
        centered *= centered
        return len(x[block]) / len(x), mean, batch_mean(centered)

    parts = in_parallel(part, image_blocks(x))
    mean = sum(w * part for w, part, _ in parts)
    return mean, sum(w * (var + (part - mean) ** 2) for w, part, var in parts)


def less(x, mean):
    """The images x (N, H, W, n) minus mean (n,), as rows (N H W, n)."""
    (pixels,), (mean,) = long_rows((x,), (mean,))
    return (pixels - mean).reshape(-1, x.shape[-1])


def rows(x):
    """Images (N, H, W, n) as rows (N H W, n)."""
    return x.reshape(-1, x.shape[-1])


def long_rows(images, per_channel):
    """Views (., k n) of images (N, H, W, n), k pixels a row, and vectors (n,) repeated k times.

    So long that NumPy takes the vectors as they are: of one that fits twice into its buffer it
    first writes copies there, which takes as long as the work itself.
    """
    n, pixels = images[0].shape[-1], images[0][..., 0].size
    k = divisor(pixels, -(-LONG // n)) if backend.on_host() else 1
    return [x.reshape(-1, k * n) for x in images], [xp.tile(vector, k) for vector in per_channel]


@lru_cache(maxsize=64)
def divisor(number, least):
    """The smallest divisor of a number that is not below `least`, or the number itself."""
    return next((k for k in range(least, number) if number % k == 0), number)


class ReLU2D(ReLU):
    """ReLU for images (N, H, W, n): the same function and gradient."""

    def forward(self, x, training=True):
        check_batch(self, x, (4,))
        y, zero = xp.empty(x.shape, x.dtype), xp.zeros(x.shape[-1], x.dtype)

        def clip(block):
            (pixels, out), (zeros,) = long_rows((x[block], y[block]), (zero,))
            xp.maximum(pixels, zeros, out=out)

        in_parallel(clip, image_blocks(x))
        return y, y

    def backward(self, dy, cache, input_gradient=True):
        check_gradient(self, dy, cache.shape)
        y, dx = cache, xp.empty_like(dy)

        def give_back(block):
            xp.multiply(dy[block], y[block] > 0, out=dx[block])

        in_parallel(give_back, image_blocks(y))
        return dx
