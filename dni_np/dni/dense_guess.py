"""Dense guess: a guess for feature maps in which every pixel has weights of its own.

    ghat = M(flatten(h), context), in the shape of h (N, H, W, C)

Jaderberg et al. 2017 (section D.1) guess for feature maps by convolutions, which compute the same
at every pixel, from what is near it. But the gradient below a linear classifier is

    dL/dh_pixel = sum_c (p_c - y_c) W[c, pixel],

other weights W at every pixel, and probabilities p that depend on the whole image. Where a guess
sees no label, the class must be read from all of h, too. A fully connected model can do both (ours;
notebooks/RESULTS.md has what it brings). A hidden layer of few units keeps it small: H W C = 12,544
numbers after the first layer of the MNIST network take 6.4 million weights with 256 hidden units
and 157 million with none.
"""

import math

from dni_np.arguments import sizes
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.composite import Composite


class DenseGuess(Composite):
    """`model`, a SyntheticGradient of rows (N, H W C), for maps of shape `image` (H, W, C)."""

    def __init__(self, model, image):
        self.model, self.image = model, sizes("image", image)
        width = model.conditioning.widths["output"]
        if width != math.prod(self.image):
            raise UserError(f"a dense guess of images {self.image} cannot have a width of {width}")
        super().__init__(model)

    def forward(self, h, context=None):
        """h (N, H, W, C), context {name: (N, ...)} -> (ghat (N, H, W, C), cache)."""
        check_batch("a dense guess", h, (4,), self.image[-1])
        if h.shape[1:] != self.image:
            raise UserError(f"a dense guess of images {self.image} cannot take {h.shape[1:]}")
        guess, cache = self.model.forward(h.reshape(len(h), -1), context)
        return guess.reshape(h.shape), (cache, h.shape)

    def backward(self, dguess, cache, input_gradient=False):
        """Write `grads`, for dguess (N, H, W, C); return the gradient of h where it is wanted."""
        check_gradient("a dense guess", dguess, cache[1])
        dh = self.model.backward(dguess.reshape(len(dguess), -1), cache[0], input_gradient)
        return dh.reshape(dguess.shape) if input_gradient else None
