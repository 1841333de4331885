"""Kickback: a global error times a unit's influence on the next layer (Balduzzi et al. 2015).

    tau_j = sum_i dh_{k+1,i}/dh_{k,j}      unit j's influence on all units of the next layer
    unit j learns from  e tau_j            e = dL/dp, of one output p

Backpropagation would also weigh each unit i by its own influence on the output. Kickback stops
after one layer and weighs all units there equally. It follows the gradient where units are
"coherent": where all those of the layer above do increase p. In the layer below the output it is
exact. ("Kickback cuts Backprop's red-tape: Biologically plausible credit assignment in neural
networks", for regression with one output; its form here is from memory, not checked.)

For several classes we let unit j stand for class j mod C: its error is e_{j mod C}, as if there
were C networks that share their units. (One error for all would be zero: softmax's e sum to zero.)

    layer k learns from  s_{k+1} dh_{k+1}/dh_k        s_{k+1}: of every unit of layer k+1 its error

which is one step of backpropagation from a made-up gradient. This form for classes is ours.
"""

from dni_np.backend import xp
from dni_np.rules.loss_unit import LossUnit
from dni_np.rules.rule import FORWARD, UPDATE, Rule, numbered


class Kickback(Rule):
    """Train the stack of cores; no error passes through more than one of them."""

    locks = (FORWARD, UPDATE)

    def __init__(self, cores, loss, make_optimizer):
        self.cores = list(cores)
        self.optimizers = [make_optimizer(core) for core in self.cores[:-1]]
        self.loss_unit = LossUnit(self.cores[-1], loss, make_optimizer(self.cores[-1]))

    def step(self, x, y):
        hs, caches = [x], []
        for core in self.cores:
            h, cache = core.forward(hs[-1])
            hs.append(h)
            caches.append(cache)
        loss, e = self.loss_unit.loss(hs[-1], y)
        errors = [*(error_of_each(e, h) for h in hs[2:-1]), e]  # of all layers but the lowest
        # Lowest first: the influence on a layer needs the weights of its forward pass.
        for k, optimizer in enumerate(self.optimizers):
            gradient = self.cores[k + 1].backward(errors[k], caches[k + 1])
            self.cores[k].backward(gradient, caches[k], input_gradient=False)
            optimizer.step()
        self.loss_unit.update(e, caches[-1], input_gradient=False)
        return {"loss": loss}

    def parts(self):
        below = {**numbered("core", self.cores[:-1]), **numbered("optimizer", self.optimizers)}
        return {**below, **self.loss_unit.parts()}


def error_of_each(e, h):
    """e (N, C) -> the error of each unit (or channel) of h (N, ..., D): of j that of j mod C."""
    each = e[:, xp.arange(h.shape[-1]) % e.shape[1]]  # (N, D)
    return xp.broadcast_to(each.reshape(len(e), *(1,) * (h.ndim - 2), -1), h.shape)
