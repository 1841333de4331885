"""A target network for guesses: what a guess learns from changes only every `period` updates.

    g_i      = M(h_i; phi_i)                the newest guess: what core i itself learns from
    gbar_i   = M(h_i; phibar_i)             the guess of a copy of M, its target network
    d_{i-1}  = gbar_i dh_i/dh_{i-1}         what goes down: the target of the guess below
    phibar_i <- phi_i                       before updates 1, period + 1, 2 period + 1, ... of phi_i

In the chain of units every guess but the top one learns from the guess above it, which is learning
itself: its target is never at rest. Deep Q-learning has the same trouble and this remedy (Mnih et
al. 2015, "Human-level control through deep reinforcement learning"). To take it over to DNI is
ours. With period 1 this is the chain of units, bit for bit.

The price is a second guess and a second backward pass for every core but the lowest and the top
one, since d_{i-1} and the core's own gradient no longer come from the same guess. Nothing waits for
more than in the chain. The top guess learns from the true gradient and needs no target network.
"""

import copy

from dni_np.arguments import size
from dni_np.rules.dni_chain import DNIChain


class TargetGuesses(DNIChain):
    """A DNIChain whose targets are made by copies of the guesses, refreshed every `period` updates.

    h_i, g_i, gbar_i and d_i are (N, n_i), or (N, height, width, channels). What is counted are the
    steps of the optimizer of the guess that is copied.
    """

    def __init__(self, units, loss_unit, classes, period):
        super().__init__(units, loss_unit, classes)
        self.period = size("period", period)
        # Nothing goes down from the lowest unit.
        self.copies = [copy.deepcopy(unit.synthetic_gradient) for unit in self.units[1:]]

    def step(self, x, y):
        context, metrics, h = self.context(x, y), {}, x
        for i, unit in enumerate(self.units):
            guess, h, cache = unit.forward_and_guess(h, context)
            if i > 0:
                target_guess, _ = self.refreshed_copy(i).forward(h, context)
                self.fit_guess(i - 1, unit.core.backward(target_guess, cache), metrics)
            unit.core.backward(guess, cache, input_gradient=False)  # the gradients of this one stay
            unit.core_optimizer.step()
        dh, metrics["loss"] = self.loss_unit.train(h, y, context)
        self.fit_guess(i, dh, metrics)
        return metrics

    def refreshed_copy(self, i):
        """The target network of units[i], made equal to its model first if that is due."""
        model, target_network = self.units[i].synthetic_gradient, self.copies[i - 1]
        if self.units[i].sg_optimizer.steps % self.period == 0:
            for kind in ("params", "buffers"):
                newest = getattr(model, kind)
                for name, value in getattr(target_network, kind).items():
                    value[...] = newest[name]
        return target_network

    def parts(self):
        copies = {f"unit{i}/target_network": one for i, one in enumerate(self.copies, 1)}
        return {**super().parts(), **copies}
