"""Sequential: layers one after another as one layer, the chain rule as two loops."""

from dni_np.nn.composite import Composite


class Sequential(Composite):
    """f = f_K o ... o f_1. Its cache is the list of its layers' caches."""

    def __init__(self, layers):
        self.layers = list(layers)
        super().__init__(self.layers)
        self.lowest = next((i for i, layer in enumerate(self.layers) if layer.params), 0)

    def forward(self, x, training=True):
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, training)
            caches.append(cache)
        return x, caches

    def backward(self, dy, cache, input_gradient=True):
        # Below the lowest layer with parameters a gradient may not be needed.
        stop = 0 if input_gradient else self.lowest
        for i in reversed(range(stop, len(self.layers))):
            dy = self.layers[i].backward(dy, cache[i], input_gradient or i > stop)
        return dy if input_gradient else None
