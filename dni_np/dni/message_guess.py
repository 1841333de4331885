"""The models that guess the gradient of a message (Jaderberg et al. 2017, section D.3).

    linear:   M(m) = m W + b
    MLP:      M(m) = r_K W + b,   r_k = ReLU(r_{k-1} W_k + b_k),   r_0 = m        the paper: one hidden layer of 256

The last layer starts at zero, as in `synthetic_gradients`. There is no batchnorm: messages are normalized already.
"""

from dni_np.backend import FLOAT
from dni_np.nn.activations import ReLU
from dni_np.nn.initializers import zeros
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential


class MessageGuess(Sequential):
    """(N, n_in) -> (N, units), the message's own gradient; `hidden`: the sizes of the layers between, () for linear."""

    def __init__(self, n_in, units, hidden, rng, last_init=zeros, dtype=FLOAT):
        layers = []
        for n in hidden:
            layers += [Linear(n_in, n, rng, dtype=dtype), ReLU()]
            n_in = n
        super().__init__([*layers, Linear(n_in, units, rng, init=last_init, dtype=dtype)])
