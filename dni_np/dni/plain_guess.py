"""The guesses of recurrent networks: linear, or with hidden layers (Jaderberg et al. 2017, sections D.2 and D.3).

    linear:   M(z) = z W + b
    MLP:      M(z) = r_K W + b,   r_k = ReLU(r_{k-1} W_k + b_k),   r_0 = z        the paper: one hidden layer of 256

The last layer starts at zero, as in `synthetic_gradients`. There is no batchnorm, and one model may guess for several
arrays at once, side by side.
"""

from dni_np.arguments import sizes
from dni_np.backend import FLOAT
from dni_np.nn.activations import ReLU
from dni_np.nn.initializers import zeros
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential


class PlainGuess(Sequential):
    """(N, n_in) -> (N, n_out); `hidden`: the sizes of the layers between, () for linear."""

    def __init__(self, n_in, n_out, hidden, rng, last_init=zeros, dtype=FLOAT):
        layers = []
        for n in sizes("hidden", hidden):
            layers += [Linear(n_in, n, rng, dtype=dtype), ReLU()]
            n_in = n
        super().__init__([*layers, Linear(n_in, n_out, rng, init=last_init, dtype=dtype)])
