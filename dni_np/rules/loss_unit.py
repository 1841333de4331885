"""The top of a network: the one part that sees the loss.

With the whole network as its core, this is plain backpropagation. With only the last
layer, it is the part of a decoupled network that still gets a true gradient.
"""


class Head:
    """A core, a loss and an optimizer: forward, backward, update.

    p = core(h)      dL/dp from the loss      dL/dh through the core's old weights
    """

    def __init__(self, core, loss, optimizer):
        self.core, self.loss, self.optimizer = core, loss, optimizer

    def train(self, h, y, context=None, input_gradient=True):
        """One update from h (N, D) and targets y; return (dL/dh per sample, mean loss)."""
        prediction, cache = self.core.forward(h)
        loss, dprediction = self.loss(prediction, y)
        dh = self.core.backward(dprediction, cache, input_gradient)
        self.optimizer.step()
        return dh, loss

    def parts(self):
        return {"core": self.core, "optimizer": self.optimizer}
