"""Between images and rows of features: no numbers change, only their shape."""

from dni_np.errors import UserError
from dni_np.nn.layer import Layer


class Flatten(Layer):
    """(N, H, W, C) -> (N, H W C)."""

    def forward(self, x, training=True):
        return x.reshape(len(x), -1), x.shape

    def backward(self, dy, cache, input_gradient=True):
        return dy.reshape(cache)


class ToImages(Layer):
    """Rows of pixels (N, H W C), as data sets deliver them, to images (N, H, W, C)."""

    def __init__(self, height, width, channels):
        super().__init__()
        self.image = (height, width, channels)

    def forward(self, x, training=True):
        if x[0].size != self.image[0] * self.image[1] * self.image[2]:
            raise UserError(f"rows of shape {x.shape} are no images of {self.image}")
        return x.reshape(len(x), *self.image), x.shape

    def backward(self, dy, cache, input_gradient=True):
        return dy.reshape(cache)
