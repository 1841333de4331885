"""True targets: every guess learns from the true gradient, after a full backpropagation.

Each layer updates at once with its guess. Then the whole network goes forward and back once more,
and every guess is fitted to the true gradient: simple, and what most public versions do (Liao 2017,
"Image classification with synthetic gradient in PyTorch"). The layers are forward locked only. But
the guesses now wait for a whole backpropagation, which the paper's chain was made to avoid: there
only the top guess sees a true gradient. The two side by side show what it costs to learn guesses
from guesses.

`lambda_targets` at lambda = 1 is not quite the same: its targets are the true gradients of the one
forward pass, before the layers moved; here they are those of the updated layers, which see the
batch a second time (BatchNorm's averages, too). Where the layers rest, the two agree bit for bit.
"""

from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.rule import LOCKS


class TrueTargets(DNIChain):
    """A DNIChain whose guesses all learn from true gradients."""

    guess_locks = LOCKS

    def step(self, x, y):
        context, metrics, h = self.context(x, y), {}, x
        for unit in self.units:
            _, h = unit.forward_and_synthetic_update(h, context, input_gradient=False)
        _, metrics["loss"] = self.loss_unit.train(h, y, context, input_gradient=False)
        _, truths = true_gradients(self.cores, self.loss_unit.loss, x, y)
        for i, truth in enumerate(truths):
            self.fit_guess(i, truth, metrics)
        return metrics


def true_gradients(cores, loss, x, y):
    """(h_1, ..., h_{N-1}), (dL/dh_1, ..., dL/dh_{N-1}) of the network, in training mode."""
    hs, caches = [x], []
    for core in cores:
        h, cache = core.forward(hs[-1])
        hs.append(h)
        caches.append(cache)
    _, gradient = loss(hs.pop(), y)
    gradients = []
    for core, cache in zip(reversed(cores[1:]), reversed(caches)):
        gradient = core.backward(gradient, cache)
        gradients.append(gradient)
    return hs[1:], gradients[::-1]
