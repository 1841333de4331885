"""A chain of decoupled units under a loss unit (Jaderberg et al. 2017, figures 3 and 9).

For a batch going up, unit i

    1. goes forward, guesses, updates its core, and hands h_i on;
    2. gives what it backpropagated, ghat_i dh_i/dh_{i-1}, to unit i-1 as its target.

Only the loss unit sees the loss, and only the top guess a true gradient. Everything below
learns from targets made of guesses: bootstrapping, as in temporal-difference learning.

A core may be several layers. Cutting a network after layer k only, after layers 1..k, or
after every layer gives the paper's single DNI, DNI up to a depth, and DNI everywhere.
"""

from dni_np.arguments import size, sizes
from dni_np.dni.conditioning import label_context
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.nn.optimizers import Optimizer
from dni_np.nn.sequential import Sequential
from dni_np.rules.chain import Chain
from dni_np.rules.rule import FORWARD


class DNIChain(Chain):
    """Train `units` (DNI, lowest first) under `loss_unit`; `classes` sizes the one-hot labels."""

    guess_locks = (FORWARD,)
    learned = "gradient_loss"  # the name of a guess's loss among the metrics

    def __init__(self, units, loss_unit, classes):
        self.units, self.loss_unit, self.classes = list(units), loss_unit, size("classes", classes)
        self.cores = [unit.core for unit in self.units] + [loss_unit.core]

    def context(self, x, y):
        """What synthetic gradients may see beside the layer's output: arrays (N, width) by name."""
        check_batch("a chain of units", x)
        return {"label": label_context(y, self.classes, x.dtype), "input": x}

    def train_unit(self, i, h, y, context, metrics, ticket=None):
        if i < len(self.units):  # what goes back is a target made of a guess
            unit, more = self.units[i], {"input_gradient": i > 0, "ticket": ticket}
            return unit.forward_and_synthetic_update(h, context, **more)
        dh, metrics["loss"] = self.loss_unit.train(h, y, context)
        return dh, None  # the top target: a true gradient

    def fit_guess(self, i, target, metrics, ticket=None):
        loss = self.units[i].update_synthetic_weights(target, ticket)
        metrics[f"{self.learned}_{i + 1}"] = loss

    def learns_anywhere(self, i):
        verbs = [type(self).train_unit, type(self).fit_guess]
        if verbs != [DNIChain.train_unit, DNIChain.fit_guess] or self.locks != (FORWARD,):
            return False
        return type(self.units[i]) is DNI and isinstance(self.units[i].sg_optimizer, Optimizer)

    def show_guess(self, i, h, context, ticket):
        self.units[i].waiting.add(ticket, h, context, None, None, None)  # to be guessed anew

    def guess_weights(self, i):
        return self.units[i].sg_optimizer.params.copy()

    def renew_guess(self, i, weights, ticket):
        self.units[i].sg_optimizer.params[...] = weights
        del self.units[i].waiting[ticket]

    def parts(self):
        units = {f"unit{i}": unit for i, unit in enumerate(self.units)}
        units["head"] = self.loss_unit  # its name in checkpoints
        return {
            f"{name}/{part}": owner
            for name, unit in units.items()
            for part, owner in unit.parts().items()
        }


def cut(layers, after):
    """Group N layers into cores, cut after the layers numbered in `after` (from 1).

    cut([f1, f2, f3, f4], after=[1, 3]) = [f1], [f2, f3], [f4], each a Sequential.
    """
    places = sorted(set(sizes("the layers to cut after", after, least=0)))
    if not places or places[0] < 1 or places[-1] >= len(layers):
        raise UserError(
            f"a network of {len(layers)} layers can be cut after layers 1 to {len(layers) - 1}, "
            f"not {list(after)}"
        )
    bounds = [0, *places, len(layers)]
    return [Sequential(layers[start:stop]) for start, stop in zip(bounds, bounds[1:])]
