"""Reshape: layers between images and rows of features; only the shape changes."""

import math

from dni_np.arguments import size
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.layer import Layer


class Flatten(Layer):
    """(N, H, W, C) -> (N, H W C)."""

    def forward(self, x, training=True):
        check_batch(self, x)
        return x.reshape(len(x), -1), x.shape

    def backward(self, dy, cache, input_gradient=True):
        check_gradient(self, dy, (cache[0], math.prod(cache[1:])))
        return dy.reshape(cache)


class ToImages(Layer):
    """Rows of pixels (N, H W C), as data sets deliver them, to images (N, H, W, C)."""

    def __init__(self, height, width, channels):
        super().__init__()
        self.image = (size("height", height), size("width", width), size("channels", channels))

    def forward(self, x, training=True):
        check_batch(self, x, (2,), math.prod(self.image))
        return x.reshape(len(x), *self.image), x.shape

    def backward(self, dy, cache, input_gradient=True):
        check_gradient(self, dy, (cache[0], *self.image))
        return dy.reshape(cache)
