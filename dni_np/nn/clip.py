"""Gradient clipping by the norm (Pascanu, Mikolov & Bengio 2013).

    g <- g min(1, limit / ||g||)        ||g|| over all parameters of one optimizer

The direction stays. Through time a gradient is a sum of products of many Jacobians, and now and
then a hundred times as large as usual: one such step would undo thousands of others.
"""

from dni_np.arguments import number
from dni_np.backend import xp


class Clipped:
    """An optimizer (see `optimizers`) whose steps use gradients of norm `limit` at most."""

    def __init__(self, optimizer, limit):
        self.optimizer = optimizer
        self.limit = number("the norm at which gradients are clipped", limit, "(0, inf)")

    @property
    def params(self):
        return self.optimizer.params

    @property
    def grads(self):
        return self.optimizer.grads

    @property
    def steps(self):
        return self.optimizer.steps

    def step(self):
        """Clip the gradients in place, then one step. The host does not wait for the norm."""
        g = self.optimizer.grads
        norm = xp.sqrt(xp.vdot(g, g))
        g *= self.limit / xp.maximum(norm, self.limit)
        self.optimizer.step()

    def state(self):
        return self.optimizer.state()

    def load_state(self, state):
        self.optimizer.load_state(state)
