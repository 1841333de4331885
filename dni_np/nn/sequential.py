"""Layers one after another are a layer again: the chain rule as two loops."""

from collections.abc import Mapping

from dni_np.nn.flat import parameters_of
from dni_np.nn.layer import Layer


class Sequential(Layer):
    """f = f_K o ... o f_1. Its cache is the list of its layers' caches.

    Parameter `name` of layer i (from 0) appears as params["i.name"]. A layer with parameters
    may be there only once.
    """

    def __init__(self, layers):
        self.layers = list(layers)
        self.params = Joined(self.layers, "params")
        self.grads = Joined(self.layers, "grads")
        self.buffers = Joined(self.layers, "buffers")
        parameters_of(self)  # refuses a parameter that is there twice
        self.lowest = next((i for i, layer in enumerate(self.layers) if layer.params), 0)

    def forward(self, x, training=True):
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, training)
            caches.append(cache)
        return x, caches

    def backward(self, dy, cache, input_gradient=True):
        # Below the lowest layer with parameters nobody may want a gradient.
        stop = 0 if input_gradient else self.lowest
        for i in reversed(range(stop, len(self.layers))):
            dy = self.layers[i].backward(dy, cache[i], input_gradient or i > stop)
        return dy if input_gradient else None

    def leaves(self):
        for layer in self.layers:
            yield from layer.leaves()


class Joined(Mapping):
    """The dicts of several layers read as one. Live: the arrays stay in the layers' own dicts."""

    def __init__(self, layers, kind):
        self.layers, self.kind = layers, kind

    def __getitem__(self, key):
        i, dot, name = key.partition(".")
        if not dot or not i.isdigit() or int(i) >= len(self.layers):
            raise KeyError(key)
        return getattr(self.layers[int(i)], self.kind)[name]

    def __iter__(self):
        for i, layer in enumerate(self.layers):
            yield from (f"{i}.{name}" for name in getattr(layer, self.kind))

    def __len__(self):
        return sum(len(getattr(layer, self.kind)) for layer in self.layers)
