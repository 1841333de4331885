"""Backpropagation: every layer waits for the true gradient.

    forward all the way up, the loss, backward all the way down, then update

Layer 1 is locked until everything above it has gone forward and back.
"""

from dni_np.nn.sequential import Sequential
from dni_np.rules.loss_unit import LossUnit
from dni_np.rules.rule import LOCKS, Rule


class Backprop(Rule):
    """Train the stack of cores as one network."""

    locks = LOCKS

    def __init__(self, cores, loss, make_optimizer):
        self.cores = list(cores)
        whole = Sequential(self.cores)
        self.loss_unit = LossUnit(whole, loss, make_optimizer(whole))

    def step(self, x, y):
        _, loss = self.loss_unit.train(x, y, input_gradient=False)
        return {"loss": loss}

    def parts(self):
        return self.loss_unit.parts()
