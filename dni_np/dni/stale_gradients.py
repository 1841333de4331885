"""Stale gradients: what was right for other samples, as a guess for these (Jaderberg et al. 2017, section C.1).

    m <- decay m + (1 - decay) d        an exponential average of the gradients d that came for past batches

It is a synthetic gradient that looks at nothing. Row n of the average stands in for sample n of any batch, so it does
not belong to the same sample. And the average is a gradient step of rate 1 - decay on 1/2 ||m - d||^2:

    m - (1 - decay) (m - d)

so it fits into the decoupled unit in a model's place, with plain descent as its optimizer. In the paper, for the best
decay, it is hardly better than no gradient at all. (Which gradients are averaged is not said there. Here it is whatever
the unit gets as its target: in a DNI chain what the next unit's stale gradient becomes on its way down.)
"""

from dni_np.arguments import number, precision, sizes
from dni_np.backend import FLOAT, xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.layer import Layer
from dni_np.nn.optimizers import SGD


class StaleGradient(Layer):
    """The average for batches of `shape` (N, ...), zero at first; `averaging` gives its optimizer."""

    def __init__(self, shape, dtype=FLOAT):
        super().__init__(average=xp.zeros(sizes("shape", shape), precision(dtype)))

    def forward(self, h, context=None):
        """h (n, ...) -> the average's first n rows, over again where there are more."""
        check_batch(self, h)
        rows = xp.arange(len(h)) % len(self.params["average"])
        return self.params["average"][rows], None

    def backward(self, dguess, cache, input_gradient=False):
        """Each row of the average is a sample's own: there is no mean to take."""
        check_gradient(self, dguess, self.params["average"].shape)
        self.grads["average"][...] = dguess
        return None


def averaging(model, decay):
    """The optimizer that makes `model` an exponential average; decay 0 remembers the last batch only."""
    return SGD(model, 1 - number("the decay of stale gradients", decay, "[0, 1)"))
