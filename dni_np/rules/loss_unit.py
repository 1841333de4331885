"""The loss unit: the top of a network, and its one part that sees the loss.

With the whole network as its core it is plain backpropagation. With only the last layer it is the
part of a decoupled network that still learns from a true gradient.
"""


class LossUnit:
    """A core, a loss and an optimizer: forward, backward, update.

    p = core(h)      dL/dp from the loss      dL/dh through the core's old weights
    """

    def __init__(self, core, loss, optimizer):
        self.core, self.loss, self.optimizer = core, loss, optimizer

    def train(self, h, y, context=None, input_gradient=True):
        """One update from h (N, D) and targets y; return (dL/dh per sample, mean loss)."""
        prediction, cache = self.core.forward(h)
        loss, dprediction = self.loss(prediction, y)
        return self.update(dprediction, cache, input_gradient), loss

    def update(self, dprediction, cache, input_gradient=True):
        """The second half of `train`: dL/dp (N, classes) -> dL/dh (N, D)."""
        dh = self.core.backward(dprediction, cache, input_gradient)
        self.optimizer.step()
        return dh

    def parts(self):
        """What has a state, by name."""
        return {"core": self.core, "optimizer": self.optimizer}


class DecoupledLossUnit:
    """A loss unit whose own layer learns from a guess as well (trask 2017, where no layer is
    an exception).

    `unit` is a DNI. The loss then trains only this top guess; its target is dL/dp at the output p.
    """

    def __init__(self, unit, loss):
        self.unit, self.loss, self.core = unit, loss, unit.core

    def train(self, h, y, context=None, input_gradient=True):
        """As in LossUnit; the gradient returned is made of the guess, not of the loss."""
        back, prediction = self.unit.forward_and_synthetic_update(h, context, input_gradient)
        loss, dprediction = self.loss(prediction, y)
        self.unit.update_synthetic_weights(dprediction)
        return back, loss

    def parts(self):
        """What has a state, by name."""
        return self.unit.parts()
