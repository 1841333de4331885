"""Layer: the contract of every differentiable function with parameters.

    y, cache  = layer.forward(x)             # x (N, ...) -> y (N, ...)
    dx = layer.backward(dy, cache)           # dy (N, ...) -> dx (N, ...)

**The cache is handed out, not kept.** A decoupled layer has several batches in
flight: it has received the next one before the gradient of the last arrives.
So `forward` returns whatever `backward` will need, and the layer itself
remembers nothing about any batch.

**Gradients between layers are per sample.** Row n of `dy` is dL_n/dy_n, the
gradient of that sample's own loss, never divided by the batch size N. The
division is in the parameters' gradients: `grads["W"]` is the gradient of the
mean loss, (1/N) sum_n dL_n/dW. (Divide at the loss instead, as most frameworks
do, and a synthetic gradient must regress to targets 256 times smaller at batch
size 256: it then barely learns.)

**Parameters are updated in place** in `layer.params`. `backward` writes into
`layer.grads`, arrays of the same names and shapes; the next `backward`
overwrites them.
"""

from dni_np.backend import asarray, to_numpy, xp
from dni_np.errors import UserError


class Layer:
    """A differentiable function with parameters; subclasses write forward and backward.

    Attributes, all dicts of arrays by name: `params` (learned), `grads` (of the mean
    loss, written by `backward`), `buffers` (state that is not learned by gradient).
    """

    def __init__(self, **params):
        self.params = params
        self.grads = {name: xp.zeros_like(value) for name, value in params.items()}
        self.buffers = {}

    def forward(self, x, training=True):
        """Return (y, cache). `training=False` is the test-time function."""
        raise NotImplementedError

    def backward(self, dy, cache, input_gradient=True):
        """Write `grads` and return dx, None when `input_gradient` is False."""
        raise NotImplementedError

    def leaves(self):
        """The layers that own arrays: a simple layer is its own only leaf."""
        yield self

    def state(self):
        """Host copies of parameters and buffers by name, for a checkpoint."""
        arrays = {**self.params, **self.buffers}
        return {name: to_numpy(value).copy() for name, value in arrays.items()}

    def load_state(self, state):
        """Write saved values into the parameters and buffers, in place."""
        for name, array in {**self.params, **self.buffers}.items():
            if name not in state or state[name].shape != array.shape:
                found = state[name].shape if name in state else "missing"
                raise UserError(
                    f"the saved {name} is {found}, this layer needs {array.shape}: "
                    "was it another network?"
                )
            array[...] = asarray(state[name], array.dtype)
