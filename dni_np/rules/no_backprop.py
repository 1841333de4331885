"""No backpropagation: only the top layer is trained, on the random features of the layers below.

The top core learns from the loss; every core below keeps its random weights and only
passes activations up ("No Bprop" in Jaderberg et al. 2017, table 2 and figure 11). A
decoupled network has to beat this to have learned anything below its top.
"""

from dni_np.rules.chain import Chain
from dni_np.rules.loss_unit import LossUnit
from dni_np.rules.rule import numbered


class NoBackprop(Chain):
    """Train the last core only. The lower cores' batchnorm statistics still follow the data."""

    def __init__(self, cores, loss, make_optimizer):
        self.cores = list(cores)
        self.loss_unit = LossUnit(self.cores[-1], loss, make_optimizer(self.cores[-1]))

    def train_unit(self, i, h, y, context, metrics, ticket=None):
        if i < len(self.cores) - 1:
            h, _ = self.cores[i].forward(h)
            return None, h
        _, metrics["loss"] = self.loss_unit.train(h, y, input_gradient=False)
        return None, None

    def parts(self):
        return {**numbered("core", self.cores[:-1]), **self.loss_unit.parts()}
