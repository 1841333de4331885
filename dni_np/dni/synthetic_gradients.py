"""The models that guess a gradient (Jaderberg et al. 2017, section D.1).

    linear:   ghat = z W + b
    MLP:      ghat = r_K W + b,   r_k = ReLU(BN(r_{k-1} W_k)),   r_0 = z

where z joins what the model may look at (see `conditioning`). The last layer starts at
zero, so that at first nothing below moves: no push is better than a random one. Only the
last layer: zeros further down would never move, their gradient being zero as well.
"""

from dni_np.arguments import sizes
from dni_np.backend import FLOAT
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.initializers import zeros
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential


class SyntheticGradient(Layer):
    """M(h, context) -> ghat, of h's shape (N, width); `hidden=()` is the linear model.

    The paper's MNIST FCN uses hidden=(1024, 1024) for DNI and hidden=() for cDNI.
    """

    normalization, activation = BatchNorm, ReLU

    def __init__(self, width, conditioning, rng, hidden=(), last_init=zeros, bias=True, dtype=FLOAT):
        self.conditioning = conditioning
        layers, n_in = [], conditioning.width
        for n in sizes("hidden", hidden):
            layers += [
                self.affine(n_in, n, rng, bias=False, dtype=dtype),
                self.normalization(n, dtype=dtype),
                self.activation(),
            ]
            n_in = n
        layers.append(self.affine(n_in, width, rng, bias=bias, init=last_init, dtype=dtype))
        self.net = Sequential(layers)
        self.params, self.grads, self.buffers = self.net.params, self.net.grads, self.net.buffers

    def affine(self, n_in, n_out, rng, **options):
        """The layers that have weights."""
        return Linear(n_in, n_out, rng, **options)

    def forward(self, h, context=None):
        """h (N, width), context {name: (N, ...)} -> (ghat (N, width), cache)."""
        return self.net.forward(self.conditioning.join(h, context))

    def backward(self, dguess, cache, input_gradient=False):
        """Gradients of the model's parameters. What it looked at is a constant to it."""
        return self.net.backward(dguess, cache, input_gradient=False)

    def leaves(self):
        yield from self.net.leaves()
