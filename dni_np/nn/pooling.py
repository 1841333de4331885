"""Pooling: one number for each window and channel. No parameters.

Images are (N, H, W, C), as in `conv`. Jaderberg et al. 2017, section D.1: 3 x 3, maximum after the
first layer, average after the others (their stride is not given; the default here is 2). Both
loop over the offsets of a window: at one offset, all windows of all images at once.
"""

from dni_np.backend import xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.layer import Layer
from dni_np.nn.windows import Windows


class Pool2D(Layer):
    """What both share: x (N, H, W, C) -> y (N, H', W', C); H' and W' as in `windows`."""

    start = 0  # what y is before the first offset

    def __init__(self, size=3, stride=2, padding="same"):
        super().__init__()
        self.windows = Windows(size, stride, padding)

    def forward(self, x, training=True):
        check_batch(self, x, (4,))
        y = xp.full((len(x), *self.windows.count(x), x.shape[3]), self.start, x.dtype)
        self.pool(x, y)
        return y, (x, y)

    def backward(self, dy, cache, input_gradient=True):
        x, y = cache
        check_gradient(self, dy, y.shape)
        dx = xp.zeros_like(x)
        self.share(dy, x, y, dx)
        return dx

    def pool(self, x, y):
        """Write into y what each window of the images x becomes."""
        raise NotImplementedError

    def share(self, dy, x, y, dx):
        """Add to dx, zero so far, each pixel's part of dy."""
        raise NotImplementedError


class MaxPool2D(Pool2D):
    """The largest of each window. The gradient goes to that pixel; of equals, to the first by rows.

    A window that holds a nan becomes nan. Its gradient is not lost: its first pixel gets it.
    """

    start = float("-inf")

    def pool(self, x, y):
        for _, windows, pixels in self.windows.offsets(x):
            xp.maximum(y[windows], x[pixels], out=y[windows])

    def share(self, dy, x, y, dx):
        waiting = dy.copy()  # the gradients not passed on yet
        for _, windows, pixels in self.windows.offsets(x):
            # "Not smaller" where "equal" would do for numbers: nothing equals a nan.
            given = waiting[windows] * ~(x[pixels] < y[windows])
            dx[pixels] += given
            waiting[windows] -= given


class AveragePool2D(Pool2D):
    """The mean of each window, zeros beyond the edge counted; every pixel gets its share of dy."""

    def pool(self, x, y):
        for _, windows, pixels in self.windows.offsets(x):
            y[windows] += x[pixels]
        y *= 1 / self.windows.size**2

    def share(self, dy, x, y, dx):
        part = dy * (1 / self.windows.size**2)
        for _, windows, pixels in self.windows.offsets(x):
            dx[pixels] += part[windows]
