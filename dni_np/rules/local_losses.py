"""Local losses: every layer has a loss of its own (decoupled greedy learning).

    z_k = a_k(h_k)            an auxiliary linear classifier, for training only
    L_k = loss(z_k, y)        layer k and a_k learn from dL_k, at once

Today the usual way to train without a gradient from above. Like a synthetic gradient, dL_k/dh_k is
made of the layer's output and the label alone, so no layer waits. Unlike a synthetic gradient it
does not predict what the layers above will do: each layer is trained greedily, for a linear
classifier on its own output. (Belilovsky et al. 2019, "Greedy layerwise learning can scale to
ImageNet", and 2020, "Decoupled greedy learning of CNNs", whose auxiliary networks are larger;
Nøkland & Eidnes 2019, "Training neural networks with local error signals". From memory, not
checked.)
"""

from dni_np.errors import UserError
from dni_np.nn.sequential import Sequential
from dni_np.rules.chain import Chain
from dni_np.rules.loss_unit import LossUnit
from dni_np.rules.rule import numbered


class LocalLosses(Chain):
    """Train each core under its own classifier in `auxiliaries`, the last under the loss itself."""

    def __init__(self, cores, auxiliaries, loss, make_optimizer):
        self.cores, self.auxiliaries = list(cores), list(auxiliaries)
        if len(self.auxiliaries) != len(self.cores) - 1:
            raise UserError(
                f"a network of {len(self.cores)} cores needs {len(self.cores) - 1} "
                f"auxiliary classifiers, not {len(self.auxiliaries)}"
            )
        pairs = map(Sequential, zip(self.cores, self.auxiliaries))
        self.optimizers = [make_optimizer(pair) for pair in pairs]
        self.loss_unit = LossUnit(self.cores[-1], loss, make_optimizer(self.cores[-1]))

    def train_unit(self, i, h, y, context, metrics, ticket=None):
        if i == len(self.auxiliaries):
            _, metrics["loss"] = self.loss_unit.train(h, y, input_gradient=False)
            return None, None
        core, auxiliary = self.cores[i], self.auxiliaries[i]
        h, cache = core.forward(h)
        prediction, auxiliary_cache = auxiliary.forward(h)
        metrics[f"local_loss_{i + 1}"], error = self.loss_unit.loss(prediction, y)
        gradient = auxiliary.backward(error, auxiliary_cache)
        core.backward(gradient, cache, input_gradient=False)
        self.optimizers[i].step()
        return None, h

    def parts(self):
        layers = {**numbered("core", self.cores[:-1]), **numbered("auxiliary", self.auxiliaries)}
        return {**layers, **numbered("optimizer", self.optimizers), **self.loss_unit.parts()}
