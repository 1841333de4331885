"""Layers one after another are a layer again: the chain rule as two loops."""

from dni_np.nn.layer import Layer


class Sequential(Layer):
    """f = f_K o ... o f_1. Its cache is the list of its layers' caches.

    Parameters of layer i appear as "i.name", in views for reading: the layer
    itself holds them.
    """

    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, x, training=True):
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, training)
            caches.append(cache)
        return x, caches

    def backward(self, dy, cache, input_gradient=True):
        for i in reversed(range(len(self.layers))):
            needed = input_gradient or i > 0  # nobody below the first layer may want its dx
            dy, _ = self.layers[i].backward(dy, cache[i], needed)
        return dy, self.grads

    def leaves(self):
        for layer in self.layers:
            yield from layer.leaves()

    params = property(lambda self: self._merged("params"))
    grads = property(lambda self: self._merged("grads"))
    buffers = property(lambda self: self._merged("buffers"))

    def _merged(self, kind):
        return {
            f"{i}.{name}": value
            for i, layer in enumerate(self.layers)
            for name, value in getattr(layer, kind).items()
        }
