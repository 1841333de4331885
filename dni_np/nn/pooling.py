"""Pooling: one number for each window and channel. No parameters.

Images are (N, H, W, C), as in `conv`. Jaderberg et al. 2017, section D.1: 3 x 3, maximum after the
first layer, average after the others (their stride is not given; 2 here unless told).
"""

from dni_np.backend import xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.fast.batch_threads import in_parallel
from dni_np.nn.layer import Layer
from dni_np.nn.windows import Windows, image_blocks


class Pool2D(Layer):
    """What both share: the windows."""

    def __init__(self, size=3, stride=2, padding="same"):
        super().__init__()
        self.windows = Windows(size, stride, padding)

    def pooled(self, x, fill):
        """An array for what the images x (N, H, W, C) become, (N, H', W', C)."""
        check_batch(self, x, (4,))
        return xp.full((len(x), *self.windows.count(x), x.shape[3]), fill, x.dtype)


class MaxPool2D(Pool2D):
    """The largest of each window. The gradient goes to that pixel; of equals, to the first by rows.

    A window that holds a nan becomes nan. Its gradient is not lost: its first pixel gets it.
    """

    def forward(self, x, training=True):
        y = self.pooled(x, -xp.inf)

        def pool(block):
            for _, windows, pixels in self.windows.offsets(x[block]):
                xp.maximum(y[block][windows], x[block][pixels], out=y[block][windows])

        in_parallel(pool, image_blocks(x))
        return y, (x, y)

    def backward(self, dy, cache, input_gradient=True):
        x, y = cache
        check_gradient(self, dy, y.shape)
        dx = xp.zeros_like(x)

        def give_back(block):
            waiting = dy[block].copy()  # the gradients not given away yet
            for _, windows, pixels in self.windows.offsets(x[block]):
                # "Not smaller" where "equal" would do for numbers: nothing equals a nan.
                given = waiting[windows] * ~(x[block][pixels] < y[block][windows])
                dx[block][pixels] += given
                waiting[windows] -= given

        in_parallel(give_back, image_blocks(x))
        return dx


class AveragePool2D(Pool2D):
    """The mean of each window, zeros beyond the edge counted. Every pixel gets its share of the gradient."""

    def forward(self, x, training=True):
        y = self.pooled(x, 0)

        def pool(block):
            for _, windows, pixels in self.windows.offsets(x[block]):
                y[block][windows] += x[block][pixels]
            y[block] *= 1 / self.windows.size**2

        in_parallel(pool, image_blocks(x))
        return y, x

    def backward(self, dy, cache, input_gradient=True):
        dx = xp.zeros_like(cache)
        check_gradient(self, dy, (len(dx), *self.windows.count(dx), dx.shape[3]))

        def give_back(block):
            share = dy[block] * (1 / self.windows.size**2)
            for _, windows, pixels in self.windows.offsets(dx[block]):
                dx[block][pixels] += share[windows]

        in_parallel(give_back, image_blocks(dx))
        return dx
