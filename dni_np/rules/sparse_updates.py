"""Sparse updates: every layer is updated at random, with probability p (Jaderberg et al. 2017).

For each batch every layer draws independently. With probability p it is active: it runs its
backward pass and is updated; otherwise it only runs forward. Backpropagation would fail: a layer
would receive a gradient only if all layers above it were active. Here it depends on none of them. A
guess learns when the unit above, which makes its target, is active: with probability p as well.

(The order in which layers are updated is random in the paper. Here it makes no difference: all
updates of one batch are computed from the weights of that batch's forward pass.)

A layer makes fewer updates than the run has steps. Learning rates that fall during the run follow
the run's steps (AtRunStep in nn/schedules.py): by its own count a layer with p below 0.6 would
never reach a milestone at 60 % of the run.
"""

import json

from dni_np.arguments import generator, number
from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.rules.dni_chain import DNIChain


class SparseUpdates(DNIChain):
    """A DNIChain whose layers are updated with `probability`, drawn on the host."""

    def __init__(self, units, loss_unit, classes, probability, rng):
        super().__init__(units, loss_unit, classes)
        self.probability = number("the probability of an update", probability, "(0, 1]")
        self.coins = Coins(generator(rng), len(self.cores))

    def step(self, x, y):
        active = self.coins.draw(self.probability)
        context, metrics, h = self.context(x, y), {}, x
        for i, unit in enumerate(self.units):
            if active[i]:
                back, h = unit.forward_and_synthetic_update(h, context, input_gradient=i > 0)
                if i > 0:
                    self.fit_guess(i - 1, back, metrics)
            elif active[i + 1]:  # a target will come
                _, h, _ = unit.forward_and_guess(h, context)
            else:
                h, _ = unit.core.forward(h)
        dh = self.train_top(active[-1], h, y, context, metrics)
        if dh is not None:
            self.fit_guess(i, dh, metrics)
        self.forget()  # guesses whose target was never made
        return metrics

    def train_top(self, active, h, y, context, metrics):
        """The loss, into `metrics`; if `active` also an update, and the top target is returned."""
        if active:
            dh, metrics["loss"] = self.loss_unit.train(h, y, context)
            return dh
        prediction, _ = self.loss_unit.core.forward(h)
        metrics["loss"], _ = self.loss_unit.loss(prediction, y)
        return None

    def parts(self):
        return {**super().parts(), "coins": self.coins}


class Coins:
    """A random Generator for each of n layers, spawned from `rng`, that decides on its updates."""

    def __init__(self, rng, n):
        self.rngs = rng.spawn(n)

    def draw(self, probability):
        """A list of n bools: is layer i updated? Each True with `probability`."""
        return [rng.random() < probability for rng in self.rngs]

    def state(self):
        """The state of each Generator, as bytes of JSON."""
        states = [json.dumps(rng.bit_generator.state) for rng in self.rngs]
        return {str(i): to_numpy(list(state.encode())) for i, state in enumerate(states)}

    def load_state(self, state):
        """Continue from the saved `state`."""
        if len(state) != len(self.rngs):
            raise UserError(
                f"{len(state)} coins were saved and there are {len(self.rngs)} layers: this run of "
                "sparse updates is older than coins of their own, and must begin anew"
            )
        for i, rng in enumerate(self.rngs):
            rng.bit_generator.state = json.loads(bytes(state[str(i)].tolist()))
