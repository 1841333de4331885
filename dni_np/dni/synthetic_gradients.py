"""Synthetic gradients: models that guess a gradient (Jaderberg et al. 2017, sections D.1 to D.3).

    linear:   ghat = z W + b
    MLP:      ghat = r_K W + b,   r_k = ReLU(BN(r_{k-1} W_k)),   r_0 = z

where z joins what the model may see (see `conditioning`). The last layer starts at zero, so that at
first no guess changes anything below: no gradient is better than a random one. Only the last layer:
zeros further down would stay zero, as their gradient is.

Images keep their resolution: what a pixel does to the loss depends on its surroundings, in the same
way everywhere. There a 5 x 5 convolution takes the place of each product (section D.1: hidden=(64,
64) for DNI on MNIST); `dense_guess` is the other way. Through time there is no batchnorm, and the
hidden layers have a bias (D.2).
"""

from collections.abc import Callable
from typing import NamedTuple

from dni_np.arguments import sizes
from dni_np.backend import FLOAT
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.composite import Composite
from dni_np.nn.initializers import zeros
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential


class Layers(NamedTuple):
    """What makes a model's layers, such as Layers(Conv2D, BatchNorm, ReLU) for images."""

    affine: Callable  # of (n_in, n_out, rng, bias=, init=, dtype=)
    normalization: Callable | None  # of (n, dtype=); None for none
    activation: Callable  # of nothing


NORMALIZED = Layers(Linear, BatchNorm, ReLU)
PLAIN = Layers(Linear, None, ReLU)


class SyntheticGradient(Composite):
    """M(h, context) -> ghat (N, ..., width), from h (N, ..., D); `hidden=()` is the linear model.

    The paper's MNIST FCN uses hidden=(1024, 1024) for DNI and hidden=() for cDNI. `layers` is
    NORMALIZED, PLAIN, or what the caller chooses.
    """

    def __init__(
        self,
        width,
        conditioning,
        rng,
        hidden=(),
        last_init=zeros,
        bias=True,
        dtype=FLOAT,
        layers=NORMALIZED,
    ):
        affine, normalization, activation = layers
        self.conditioning = conditioning
        net, n_in = [], conditioning.width
        for n in sizes("hidden", hidden):
            net.append(affine(n_in, n, rng, bias=normalization is None, dtype=dtype))
            net += [normalization(n, dtype=dtype)] if normalization else []
            net.append(activation())
            n_in = n
        net.append(affine(n_in, width, rng, bias=bias, init=last_init, dtype=dtype))
        self.net = Sequential(net)
        super().__init__(self.net)

    def forward(self, h, context=None):
        """h (N, ..., D), context {name: (N, ...)} -> (ghat (N, ..., width), cache)."""
        return self.net.forward(self.conditioning.join(h, context))

    def backward(self, dguess, cache, input_gradient=False):
        """Write `grads`; what the model sees is a constant to it, unless `input_gradient`.

        Then return the gradient of h (that of the source "output").
        """
        dz = self.net.backward(dguess, cache, input_gradient)
        return self.conditioning.output_gradient(dz) if input_gradient else None
