"""A chain of decoupled units under a head (Jaderberg et al. 2017, figures 3 and 9).

For a batch going up, unit i

    1. goes forward, guesses, updates its core, and hands h_i on;
    2. gives what it backpropagated, ghat_i dh_i/dh_{i-1}, to unit i-1 as its target.

Only the head sees the loss, and only the top unit a true gradient. Everything below
learns from targets made of guesses: bootstrapping, as in temporal-difference learning.

A core may be several layers. Cutting a network after layer k only, after layers 1..k, or
after every layer gives the paper's single DNI, DNI up to a depth, and DNI everywhere.
"""

from dni_np.arguments import size, sizes
from dni_np.dni.conditioning import label_context
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.nn.sequential import Sequential
from dni_np.rules.rule import FORWARD, Rule


class DNINetwork(Rule):
    """Train `units` (DNI, lowest first) under `head`; `classes` sizes the one-hot labels for cDNI."""

    locks = (FORWARD,)
    guess_locks = (FORWARD,)

    def __init__(self, units, head, classes):
        self.units, self.head, self.classes = list(units), head, size("classes", classes)
        self.cores = [unit.core for unit in self.units] + [head.core]

    def step(self, x, y):
        context = self.context(x, y)
        metrics = {}
        h = x
        for i, unit in enumerate(self.units):
            back, h = unit.forward_and_synthetic_update(h, context, input_gradient=i > 0)
            if i > 0:
                metrics[f"gradient_loss_{i}"] = self.units[i - 1].update_synthetic_weights(back)
        dh, metrics["loss"] = self.head.train(h, y, context)
        metrics[f"gradient_loss_{len(self.units)}"] = self.units[-1].update_synthetic_weights(dh)
        return metrics

    def context(self, x, y):
        """What synthetic gradient models may look at beside the layer's output."""
        check_batch("a chain of units", x)
        return {"label": label_context(y, self.classes, x.dtype), "input": x}

    def parts(self):
        named = {f"unit{i}": unit for i, unit in enumerate(self.units)}
        named["head"] = self.head
        return {f"{name}/{part}": owner for name, unit in named.items() for part, owner in unit.parts().items()}


class DecoupledHead:
    """A head whose own layer also learns from a guess, as in trask 2017: three DNIs, no exception.

    The loss then trains only the top guesser; its target is dL/dp at the output p.
    """

    def __init__(self, unit, loss):
        self.unit, self.loss, self.core = unit, loss, unit.core

    def train(self, h, y, context=None, input_gradient=True):
        back, prediction = self.unit.forward_and_synthetic_update(h, context, input_gradient)
        loss, dprediction = self.loss(prediction, y)
        self.unit.update_synthetic_weights(dprediction)
        return back, loss

    def parts(self):
        return self.unit.parts()


def cut(layers, after):
    """Group N layers into cores, cut after the layers numbered in `after` (from 1).

    cut([f1, f2, f3, f4], after=[1, 3]) = [f1], [f2, f3], [f4], each a Sequential.
    """
    places = sorted(set(sizes("the layers to cut after", after, least=0)))
    if not places or places[0] < 1 or places[-1] >= len(layers):
        raise UserError(
            f"a network of {len(layers)} layers can be cut after layers 1 to {len(layers) - 1}, not {list(after)}"
        )
    bounds = [0, *places, len(layers)]
    return [Sequential(layers[start:stop]) for start, stop in zip(bounds, bounds[1:])]
