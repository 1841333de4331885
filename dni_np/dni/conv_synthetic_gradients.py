"""Guessing the gradient of an image: a model that is itself a small convolutional network.

    linear:   ghat = conv(z)
    deeper:   ghat = conv(r_K),   r_k = ReLU(BN(conv(r_{k-1}))),   r_0 = z

What a pixel of h does to the loss depends on its surroundings, in the same way everywhere in the
image. So the model keeps h's resolution and slides 5 x 5 kernels over it (Jaderberg et al. 2017,
section D.1: hidden=(64, 64) for DNI on MNIST). z joins h with, for cDNI, ten channels that spell
the label (see `conditioning`). The last convolution starts at zero.
"""

from dni_np.backend import FLOAT
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.nn.fast.choice import conv2d
from dni_np.nn.fast.images import BatchNorm2D, ReLU2D
from dni_np.nn.initializers import zeros


class ConvSyntheticGradient(SyntheticGradient):
    """M(h, context) -> ghat, of h's shape (N, H, W, channels)."""

    normalization, activation = BatchNorm2D, ReLU2D

    def __init__(self, channels, conditioning, rng, hidden=(), kernel=5, last_init=zeros, bias=True, dtype=FLOAT):
        self.kernel = kernel
        super().__init__(channels, conditioning, rng, hidden, last_init, bias, dtype)

    def affine(self, n_in, n_out, rng, **options):
        """A convolution takes the place of the linear layer."""
        return conv2d(n_in, n_out, rng, kernel=self.kernel, **options)
