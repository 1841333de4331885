"""Pooling: one number for each window and channel. No parameters.

Images are (N, H, W, C), as in `conv`. Jaderberg et al. 2017, section D.1: 3 x 3, maximum after the
first layer, average after the others (their stride is not given; 2 here unless told).
"""

from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.layer import Layer
from dni_np.nn.windows import Windows, image_blocks


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
        y = xp.empty((len(x), *self.counts(x), x.shape[3]), x.dtype)
        for block in image_blocks(x):
            largest = y[block]
            for i, (_, pixels) in enumerate(self.offsets(x[block])):
                if i == 0:
                    largest[...] = pixels
                else:
                    xp.maximum(largest, pixels, out=largest)
        return y, (x, y)

    def backward(self, dy, cache, input_gradient=True):
        x, y = cache
        dx = xp.empty_like(x)
        for block in image_blocks(x):
            waiting = dy[block].copy()  # the gradients not given away yet
            dpadded = xp.zeros_like(self.windows.pad(x[block]))
            for at, pixels in self.offsets(x[block]):
                given = waiting * (pixels == y[block])
                dpadded[at] += given
                waiting -= given
            dx[block] = self.windows.unpad(dpadded, x)
        return dx, self.grads

    def offsets(self, x):
        """For each offset in a window, its index and its pixels (N, H', W', C). Padding is never the largest."""
        padded, counts = self.windows.pad(x, -xp.inf), self.counts(x)
        for i, j in self.windows.offsets():
            at = self.windows.at(i, j, counts)
            yield at, padded[at]


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
