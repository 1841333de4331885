"""Feedback alignment: errors go down through fixed random weights (Lillicrap et al. 2016).

    backpropagation      dx = dy W^T
    feedback alignment   dx = dy B^T        B of W's shape, random and fixed

The backward pass no longer needs the weights of the forward pass. It works because W learns: the
forward weights align with B until dy B^T points within 90 degrees of dy W^T (from memory, not
checked). All else, ReLU and batchnorm included, goes back as usual, and a layer waits as long as in
backpropagation. ("Random synaptic feedback weights support error backpropagation for deep
learning"; for convolutions B is a second kernel.)

As a synthetic gradient (Czarnecki et al. 2017): below a classifier p = h W + b with squared error,

    (p - y) B^T = h (W B^T) + y (-B^T) + b B^T

is a linear function of h and y, a synthetic gradient model that is given and not learned. With
softmax it is (softmax(h W + b) - y) B^T.
"""

import math

from dni_np.arguments import generator
from dni_np.backend import asarray
from dni_np.nn.composite import Composite
from dni_np.nn.initializers import he_normal
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop


class FixedFeedback(Composite):
    """`layer` (linear, or a convolution); its input gradient goes through `B` in W's place."""

    def __init__(self, layer, B):
        super().__init__(layer)
        self.layer = layer
        self.buffers = {"B": B}

    def forward(self, x, training=True):
        return self.layer.forward(x, training)

    def backward(self, dy, cache, input_gradient=True):
        params, W = self.layer.params, self.params["W"]
        params["W"] = self.buffers["B"]  # only the input's gradient is made with W
        try:
            return self.layer.backward(dy, cache, input_gradient)
        finally:
            params["W"] = W


class FeedbackAlignment(Backprop):
    """Train the stack of cores; each above the lowest has a B, drawn as the weights are."""

    def __init__(self, cores, loss, make_optimizer, rng):
        lowest, *others = cores
        children = generator(rng).spawn(len(others))  # a layer's B is the same in any network
        others = [with_fixed_feedback(core, child) for core, child in zip(others, children)]
        super().__init__([lowest, *others], loss, make_optimizer)


def with_fixed_feedback(layer, rng):
    """`layer`, its weights shared, with a fixed random B beside each W in it."""
    if isinstance(layer, Sequential):
        return Sequential([with_fixed_feedback(one, rng) for one in layer.layers])
    if "W" not in layer.params:
        return layer
    W = layer.params["W"]
    B = he_normal(math.prod(W.shape[:-1]), W.shape[-1], rng).reshape(W.shape)
    return FixedFeedback(layer, asarray(B, W.dtype))
