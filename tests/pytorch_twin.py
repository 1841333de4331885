"""The same network in PyTorch, with copies of our parameters: something independent to compare with."""

import numpy as np

from dni_np.backend import to_numpy

try:
    import torch
except ImportError:
    torch = None


def tensor(array):
    """A copy of a host array as a tensor."""
    return torch.tensor(np.ascontiguousarray(array))


def twin(layer):
    """A torch.nn.Module that computes what `layer` computes, in its precision."""
    if hasattr(layer, "layers"):
        return torch.nn.Sequential(*map(twin, layer.layers))
    return {"Linear": linear, "BatchNorm": batchnorm}.get(type(layer).__name__, activation)(layer)


def linear(layer):
    W = to_numpy(layer.params["W"])
    module = torch.nn.Linear(*W.shape, bias="b" in layer.params, dtype=tensor(W).dtype)
    fill(module.weight, W.T)
    if "b" in layer.params:
        fill(module.bias, to_numpy(layer.params["b"]))
    return module


def batchnorm(layer):
    gamma = to_numpy(layer.params["gamma"])
    module = torch.nn.BatchNorm1d(len(gamma), eps=layer.eps, momentum=layer.momentum, dtype=tensor(gamma).dtype)
    for theirs, ours in (
        (module.weight, layer.params["gamma"]),
        (module.bias, layer.params["beta"]),
        (module.running_mean, layer.buffers["mean"]),
        (module.running_var, layer.buffers["var"]),
    ):
        fill(theirs, to_numpy(ours))
    return module


def activation(layer):
    return {"ReLU": torch.nn.ReLU, "Sigmoid": torch.nn.Sigmoid, "Tanh": torch.nn.Tanh}[type(layer).__name__]()


def fill(theirs, ours):
    with torch.no_grad():
        theirs.copy_(tensor(ours))
