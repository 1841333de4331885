"""Weight norms: the size of each layer's weights.

    ||W_k|| = sqrt(sum of the squares of all weights of layer k)

without biases and batchnorm's parameters.

Compared with its value at the start it shows whether a rule makes the weights grow. Weights can
change direction at a constant norm, and a batch normalization after the layer undoes any growth:
there a larger norm only means that the same step changes their direction less. As a `measure` of
the training loop it becomes columns of the history:

    loop.measure = weight_norms
"""

from dni_np.analysis.layers import layers
from dni_np.backend import xp


def weight_norms(rule):
    """{"weight_norm_1": ..., ...}: device scalars, of the layers with weights, lowest first."""
    return {
        f"weight_norm_{i}": norm
        for i, layer in enumerate(layers(rule), 1)
        if (norm := weight_norm(layer)) is not None
    }


def weight_norm(layer):
    """Frobenius norm of all matrices (and kernels) named W in the layer, or None."""
    squares = [(leaf.params["W"] ** 2).sum() for leaf in layer.leaves() if "W" in leaf.params]
    return xp.sqrt(sum(squares)) if squares else None
