"""How far have the weights grown?

    ||W_k|| = sqrt(sum of the squares of all weights of layer k), biases and batchnorm's parameters left out

Beside its value at the start it says whether a rule drives the weights up. A layer can turn without growing, and behind it a
batch normalization undoes any growth: there the size only makes the same step turn the weights less. As a `measure` of the
training loop it becomes columns of the history:

    loop.measure = weight_norms
"""

from dni_np.analysis.layers import layers
from dni_np.backend import xp


def weight_norms(rule):
    """{"weight_norm_1": ..., ...}: device scalars, for the layers that have weights, lowest first."""
    return {f"weight_norm_{i}": norm for i, layer in enumerate(layers(rule), 1) if (norm := weight_norm(layer)) is not None}


def weight_norm(layer):
    """Frobenius norm of all matrices (and kernels) named W in the layer, or None."""
    squares = [(leaf.params["W"] ** 2).sum() for leaf in layer.leaves() if "W" in leaf.params]
    return xp.sqrt(sum(squares)) if squares else None
