"""Feedback alignment: errors travel down through fixed random weights (Lillicrap et al. 2016).

    backpropagation      dx = dy W^T
    feedback alignment   dx = dy B^T        B of W's shape, drawn once, never learned

The way down no longer needs to know the weights of the way up. It works because W learns: the forward weights
come to align with B until dy B^T points within 90 degrees of dy W^T (M). All else, ReLU and batchnorm included, goes
back as usual, and a layer waits as long as in backpropagation. (Lillicrap et al. 2016, "Random synaptic feedback
weights support error backpropagation for deep learning"; for convolutions B is a second kernel.)

In the language of synthetic gradients (Czarnecki et al. 2017): below the classifier p = h W + b with squared error,

    (p - y) B^T = h (W B^T) + y (-B^T) + b B^T

is a linear function of h and y, a synthetic gradient model that is given and not learned. With softmax it is
(softmax(h W + b) - y) B^T.
"""

import math

from dni_np.backend import asarray
from dni_np.nn.composite import Composite
from dni_np.nn.initializers import he_normal
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop


class FixedFeedback(Composite):
    """The function of `layer` (linear, or a convolution), whose input gradient goes through `B` in W's place."""

    def __init__(self, layer, B):
        super().__init__(layer)
        self.layer = layer
        self.buffers = {"B": B}

    def forward(self, x, training=True):
        return self.layer.forward(x, training)

    def backward(self, dy, cache, input_gradient=True):
        params, W = self.layer.params, self.params["W"]
        params["W"] = self.buffers["B"]  # of all gradients only the input's is made with W
        try:
            return self.layer.backward(dy, cache, input_gradient)
        finally:
            params["W"] = W


class FeedbackAlignment(Backprop):
    """Train the stack of cores; B is drawn as the weights are, but for the lowest core, below which no error goes."""

    def __init__(self, cores, loss, make_optimizer, rng):
        lowest, *others = cores
        super().__init__([lowest, *(with_fixed_feedback(core, rng) for core in others)], loss, make_optimizer)


def with_fixed_feedback(layer, rng):
    """`layer`, its weights shared, with a fixed random B beside each W in it."""
    if isinstance(layer, Sequential):
        return Sequential([with_fixed_feedback(one, rng) for one in layer.layers])
    if "W" not in layer.params:
        return layer
    W = layer.params["W"]
    B = he_normal(math.prod(W.shape[:-1]), W.shape[-1], rng).reshape(W.shape)
    return FixedFeedback(layer, asarray(B, W.dtype))
