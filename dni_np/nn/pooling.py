"""Pooling: one number for each window and channel. No parameters.

Images are (N, H, W, C), as in `conv`. Jaderberg et al. 2017, section D.1: 3 x 3, maximum after the
first layer, average after the others (their stride is not given; 2 here unless told).
"""

from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.layer import Layer
from dni_np.nn.windows import Windows


class Pool2D(Layer):
    """What both share: the windows."""

    def __init__(self, size=3, stride=2, padding="same"):
        super().__init__()
        self.windows = Windows(size, stride, padding)

    def counts(self, x):
        if x.ndim != 4:
            raise UserError(f"pooling cannot take an input of shape {x.shape}: it needs (N, height, width, channels)")
        return self.windows.count(x)


class MaxPool2D(Pool2D):
    """The largest of each window. The gradient goes to that pixel; of equals, to the first, row by row."""

    def forward(self, x, training=True):
        counts = self.counts(x)
        padded = self.windows.pad(x, -xp.inf)  # never the largest
        y = padded[self.windows.at(0, 0, counts)].copy()  # (N, H', W', C)
        for i, j in self.windows.offsets():
            xp.maximum(y, padded[self.windows.at(i, j, counts)], out=y)
        return y, (x, y)

    def backward(self, dy, cache, input_gradient=True):
        x, y = cache
        counts = self.counts(x)
        padded = self.windows.pad(x, -xp.inf)
        dpadded, waiting = xp.zeros_like(padded), dy.copy()  # the gradients not given away yet
        for i, j in self.windows.offsets():
            pixels = self.windows.at(i, j, counts)
            given = waiting * (padded[pixels] == y)
            dpadded[pixels] += given
            waiting -= given
        return self.windows.unpad(dpadded, x), self.grads


class AveragePool2D(Pool2D):
    """The mean of each window, padding counted as zeros. Every pixel gets its share of the gradient."""

    def forward(self, x, training=True):
        padded, counts = self.windows.pad(x), self.counts(x)
        y = 0
        for i, j in self.windows.offsets():
            y = y + padded[self.windows.at(i, j, counts)]  # (N, H', W', C)
        y *= 1 / self.windows.size**2
        return y, x

    def backward(self, dy, cache, input_gradient=True):
        x, counts = cache, self.counts(cache)
        dpadded = xp.zeros_like(self.windows.pad(x))
        share = dy * (1 / self.windows.size**2)
        for i, j in self.windows.offsets():
            dpadded[self.windows.at(i, j, counts)] += share
        return self.windows.unpad(dpadded, x), self.grads
