"""A chain: rules whose layers learn one after another on the way up, none from what lies above.

A batch goes up through the cores, and each core is updated before the next one runs. What comes
back down, if anything, is a target: something to learn from later, for which no core waits. So the
units need not be in one place. They have these verbs, and only messages between neighbors:

    back, h = rule.train_unit(i, h, y, context, metrics)     one unit's whole part in a step
    rule.fit_guess(i - 1, back, metrics)                     the target for the unit below
    back = rule.target_below(i, target, ticket)              a target that had to wait for one

and for a guess that learns in another place than where it is made:

    rule.learns_anywhere(i)                                  can it?
    rule.show_guess(i, h, context, ticket)                   there: what it saw
    rule.fit_guess(i, back, metrics, ticket)                 there: its target
    weights = rule.guess_weights(i)                          from there
    rule.renew_guess(i, weights, ticket)                     to here

`step` is these verbs for all units; `dni_np.parallel` gives them to several workers.
"""

import contextlib
import re

from dni_np.rules.rule import FORWARD, Rule


class Chain(Rule):
    """Subclasses write `train_unit`, and `fit_guess` where something comes back."""

    locks = (FORWARD,)
    updates = contextlib.nullcontext  # what a step runs in: who builds a rule may choose another

    def step(self, x, y):
        with self.updates():
            context, metrics, h = self.context(x, y), {}, x
            inputs = self.guess_inputs(range(len(self.cores)), x, context)
            for i in range(len(self.cores)):
                back, h = self.train_unit(i, inputs.get(i, h), y, context, metrics)
                if back is not None:
                    self.fit_guess(i - 1, back, metrics)
                if i + 1 in inputs:
                    self.fit_input_guess(i + 1, h, metrics)
        return metrics

    def context(self, x, y):
        """What models beside the cores may see, arrays (N, width) by name; here there are none."""
        return None

    def guess_inputs(self, units, x, context, ticket=None):
        """{i: what unit i receives} for the `units` that do not wait for the layers below."""
        return {}

    def train_unit(self, i, h, y, context, metrics, ticket=None):
        """Train unit i from what it receives; return (what goes back or None, what goes on)."""
        raise NotImplementedError

    def fit_guess(self, i, target, metrics, ticket=None):
        """Fit the guess of units[i] to `target` (N, ...); its loss goes into `metrics`."""
        raise NotImplementedError

    def target_below(self, i, target, ticket):
        """What goes down to unit i - 1 only now that unit i has its `target`; here nothing does."""
        return None

    def learns_anywhere(self, i):
        """Is what the next layer receives and sends back all that the guess of units[i] learns
        from, and are its weights all that it learns?
        """
        return False

    def show_guess(self, i, h, context, ticket):
        """What the guess of units[i] saw in another place, whose target comes here."""
        raise NotImplementedError

    def guess_weights(self, i):
        """A copy (P,) of all that the guess of units[i] has learned."""
        raise NotImplementedError

    def renew_guess(self, i, weights, ticket):
        """The `weights` of the guess of units[i], after it has learned the target of `ticket`."""
        raise NotImplementedError

    def fit_input_guess(self, i, h, metrics, ticket=None):
        """Fit the guess of unit i's input to the real `h` (N, ...), where there is such a guess."""
        raise NotImplementedError

    def parts_of(self, units):
        """The `parts` of some units: a number in a part's name is its unit's, the top has none."""
        top = len(self.cores) - 1
        numbers = {name: re.match(r"[a-z]+(\d*)", name)[1] for name in self.parts()}
        owned = {name for name, number in numbers.items() if int(number or top) in units}
        return {name: part for name, part in self.parts().items() if name in owned}
