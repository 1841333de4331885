"""The same network in PyTorch, with copies of our parameters: something independent to compare
with.

Rows of features go in as they are; images as PyTorch has them, (N, C, H, W). The convolutions'
weights decide in which order images lie in memory:
`twin(net).to(memory_format=torch.channels_last)` keeps them as ours, (N, H, W, C), from the first
convolution to the last pooling.
"""

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
    names = [
        kind.__name__ for kind in type(layer).__mro__
    ]  # a faster version has the twin of what it inherits from
    return next(TWINS[name] for name in names if name in TWINS)(layer)


def linear(layer):
    W = to_numpy(layer.params["W"])
    module = torch.nn.Linear(*W.shape, bias="b" in layer.params, dtype=tensor(W).dtype)
    return filled(module, layer, W.T)


def convolution(layer):
    W, windows = to_numpy(layer.params["W"]), layer.windows
    options = {"stride": windows.stride, "padding": symmetric(windows), "bias": "b" in layer.params}
    module = torch.nn.Conv2d(*W.shape[2:], windows.size, dtype=tensor(W).dtype, **options)
    return filled(module, layer, W.transpose(3, 2, 0, 1))


def filled(module, layer, W):
    fill(module.weight, W)
    if "b" in layer.params:
        fill(module.bias, to_numpy(layer.params["b"]))
    return module


def batchnorm(layer):
    gamma = to_numpy(layer.params["gamma"])
    module = torch.nn.BatchNorm1d(
        len(gamma), eps=layer.eps, momentum=layer.momentum, dtype=tensor(gamma).dtype
    )
    module._check_input_dim = lambda x: None  # the same for rows and images, as ours
    for theirs, ours in (
        (module.weight, layer.params["gamma"]),
        (module.bias, layer.params["beta"]),
        (module.running_mean, layer.buffers["mean"]),
        (module.running_var, layer.buffers["var"]),
    ):
        fill(theirs, to_numpy(ours))
    return module


def pooling(kind):
    """Both kinds leave padding out of a maximum and count it in a mean, as ours."""
    return lambda layer: getattr(torch.nn, kind)(
        layer.windows.size, layer.windows.stride, symmetric(layer.windows)
    )


def symmetric(windows):
    """PyTorch's padding: the same on all sides, so there is a twin of `same` for odd sizes only."""
    assert windows.before == windows.after, "PyTorch has no such padding"
    return windows.before


def to_images(layer):
    """A copy, because a view of images of one channel would pass for either order."""
    return function(
        lambda x: (
            x.reshape(-1, *layer.image)
            .permute(0, 3, 1, 2)
            .clone(memory_format=torch.contiguous_format)
        )
    )


def flatten(layer):
    """In our order of pixels, so that the linear layer above has our weights."""
    return function(lambda x: x.permute(0, 2, 3, 1).flatten(1))


def lstm(layer):
    """PyTorch orders the gates i, f, g, o, keeps W of x and of h apart and transposed, and has two
    biases.
    """
    assert "BatchNorm" not in type(layer).__name__, "PyTorch has no batch-normalized LSTM"
    W, b = (swap_o_and_g(to_numpy(layer.params[name])) for name in "Wb")
    module = torch.nn.LSTM(layer.n_in, layer.n_units, dtype=tensor(W).dtype)
    values = {
        "weight_ih": W[: layer.n_in].T,
        "weight_hh": W[layer.n_in :].T,
        "bias_ih": b,
        "bias_hh": 0 * b,
    }
    for name, value in values.items():
        fill(getattr(module, f"{name}_l0"), value)
    return module


def swap_o_and_g(array):
    """Between our order of an LSTM's gates and PyTorch's."""
    i, f, o, g = np.split(array, 4, axis=-1)
    return np.concatenate([i, f, g, o], axis=-1)


def function(compute):
    module = torch.nn.Module()
    module.forward = compute
    return module


def fill(theirs, ours):
    with torch.no_grad():
        theirs.copy_(tensor(ours))


TWINS = {
    "Linear": linear,
    "Conv2D": convolution,
    "BatchNorm": batchnorm,
    "MaxPool2D": pooling("MaxPool2d"),
    "AveragePool2D": pooling("AvgPool2d"),
    "ToImages": to_images,
    "Flatten": flatten,
    "LSTM": lstm,
    **{
        name: lambda layer, name=name: getattr(torch.nn, name)()
        for name in ("ReLU", "Sigmoid", "Tanh")
    },
}
