"""Stale gradients: an average of the gradients of past batches, used as the guess.

(Jaderberg et al. 2017, section C.1.)

    m <- decay m + (1 - decay) d        the exponential average of the gradients d of past batches

It is a synthetic gradient that sees nothing. Row n of the average is the guess for sample n of any
batch, so it belongs to other samples. And the average is a gradient step of rate 1 - decay on
1/2 ||m - d||^2:

    m - (1 - decay) (m - d)

so it fits into the decoupled unit in a model's place, with plain gradient descent as its optimizer.
In the paper, for the best decay, it is hardly better than no gradient at all. (The paper does not
state which gradients are averaged. Here it is whatever the unit receives as its target: in a DNI
chain the next unit's stale gradient, backpropagated through that unit's core.)
"""

from dni_np.arguments import number, precision, sizes
from dni_np.backend import FLOAT, xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.layer import Layer
from dni_np.nn.optimizers import SGD


class StaleGradient(Layer):
    """The average for batches of `shape` (N, ...), zero at first; its optimizer: `averaging`."""

    def __init__(self, shape, dtype=FLOAT):
        super().__init__(average=xp.zeros(sizes("shape", shape), precision(dtype)))

    def forward(self, h, context=None):
        """h (n, ...) -> (the average's first n rows, repeated where n > N, no cache)."""
        check_batch(self, h)
        rows = xp.arange(len(h)) % len(self.params["average"])
        return self.params["average"][rows], None

    def backward(self, dguess, cache, input_gradient=False):
        """Write `grads`, dguess itself: each row of the average belongs to one sample, no mean."""
        check_gradient(self, dguess, self.params["average"].shape)
        self.grads["average"][...] = dguess
        return None


def averaging(model, decay):
    """The optimizer that makes `model` an exponential average; decay 0: the last batch."""
    return SGD(model, 1 - number("the decay of stale gradients", decay, "[0, 1)"))
