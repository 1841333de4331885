"""Class maps: a learned picture for each class, added to a convolutional guess.

    ghat = M(h, context) + V[y]            V (classes, H, W, C), zero at first

The gradient of a classifier's input depends on the place: dL/dh_pixel = sum_c (p_c - y_c)
W[c, pixel], another weight at every pixel. Label masks give a convolution the class, but a
convolution computes the same at every pixel. The picture of the sample's class supplies what
depends on the place: V = -W would be the part -y W exactly. In a fully connected guess it is the
label's own weights; for convolutions it is ours, not in Jaderberg et al. 2017.
"""

import math

from dni_np.arguments import sizes
from dni_np.backend import FLOAT
from dni_np.errors import UserError
from dni_np.nn.composite import Composite
from dni_np.nn.initializers import zeros
from dni_np.nn.linear import Linear


class ClassPictures(Composite):
    """The guess of `model`, plus a picture for the label, context["label"] (N, classes).

    `image` is the shape (H, W, C) of one sample of h.
    """

    def __init__(self, model, image, classes, dtype=FLOAT):
        self.model, self.image = model, sizes("image", image)
        self.pictures = Linear(
            classes, math.prod(self.image), None, bias=False, init=zeros, dtype=dtype
        )
        super().__init__([model, self.pictures])

    def forward(self, h, context=None):
        """h (N, H, W, C), context {name: (N, ...)} -> (ghat (N, H, W, C), cache)."""
        guess, model_cache = self.model.forward(h, context)
        if "label" not in (context or {}):
            raise UserError("class maps need the label in the context")
        if guess.shape[1:] != self.image:
            raise UserError(f"class maps of images {self.image} cannot take {guess.shape[1:]}")
        picture, picture_cache = self.pictures.forward(context["label"])  # (N, H W C)
        guess += picture.reshape(guess.shape)
        return guess, (model_cache, picture_cache)

    def backward(self, dguess, cache, input_gradient=False):
        """Write `grads`, for dguess (N, H, W, C). What the model sees is a constant."""
        self.model.backward(dguess, cache[0])
        self.pictures.backward(dguess.reshape(len(dguess), -1), cache[1], input_gradient=False)
