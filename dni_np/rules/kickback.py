"""Kickback: a global error times a unit's influence on the next layer (Balduzzi et al. 2015).

    tau_j = sum_i dh_{k+1,i}/dh_{k,j}      how much unit j moves the layer above it, all its units taken together
    unit j learns from  e tau_j            e = dL/dp, of one output p

Backpropagation would go on to ask what each unit i does to the output, and so on to the top. Kickback stops after
one layer and takes every unit there for equally good. It follows the gradient where units are "coherent", where those of
the layer above indeed all move p up; in the layer below the output it is exact. ("Kickback cuts Backprop's red-tape:
Biologically plausible credit assignment in neural networks", for regression with one output; form M.)

For several classes we let unit j stand for class j mod C: it hears e_{j mod C}, as if there were C networks
that share their units. (With one error for all there would be nothing to hear: softmax's e sum to zero.) Then

    layer k learns from  s_{k+1} dh_{k+1}/dh_k,      s_{k+1}: every unit of layer k+1 has what it hears as its gradient

which is one step of backpropagation from a made-up gradient. This form for classes is ours.
"""

from dni_np.backend import xp
from dni_np.rules.loss_unit import Head
from dni_np.rules.rule import FORWARD, UPDATE, Rule, numbered


class Kickback(Rule):
    """Train the stack of cores; no error passes through more than one of them."""

    locks = (FORWARD, UPDATE)

    def __init__(self, cores, loss, make_optimizer):
        self.cores = list(cores)
        self.optimizers = [make_optimizer(core) for core in self.cores[:-1]]
        self.head = Head(self.cores[-1], loss, make_optimizer(self.cores[-1]))

    def step(self, x, y):
        hs, caches = [x], []
        for core in self.cores:
            h, cache = core.forward(hs[-1])
            hs.append(h)
            caches.append(cache)
        loss, e = self.head.loss(hs[-1], y)
        signals = [*(heard(e, h) for h in hs[2:-1]), e]  # to all layers but the lowest
        # From below, so that each layer's weights are still those of the forward pass when they tell its input's influence.
        for k, optimizer in enumerate(self.optimizers):
            gradient = self.cores[k + 1].backward(signals[k], caches[k + 1])
            self.cores[k].backward(gradient, caches[k], input_gradient=False)
            optimizer.step()
        self.cores[-1].backward(e, caches[-1], input_gradient=False)
        self.head.optimizer.step()
        return {"loss": loss}

    def parts(self):
        return {**numbered("core", self.cores[:-1]), **numbered("optimizer", self.optimizers), **self.head.parts()}


def heard(e, h):
    """The errors e (N, C) as the units (or channels) of h (N, ..., D) hear them: unit j that of class j mod C."""
    each = e[:, xp.arange(h.shape[-1]) % e.shape[1]]  # (N, D)
    return xp.broadcast_to(each.reshape(len(e), *(1,) * (h.ndim - 2), -1), h.shape)
