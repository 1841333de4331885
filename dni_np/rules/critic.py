"""A scalar critic: a model of the loss, whose derivative serves as the gradient.

    v(h [, y]) ~ E[L | h [, y]]          a model of the loss, from the layer's output
    ghat = dv/dh                         the synthetic gradient: backpropagated through v alone
    v learns  1/2 (v - target)^2         target: the next critic's value, at the top the loss

(Jaderberg et al. 2017, section A.4.) Where a vector model regresses to gradients, a critic
regresses to numbers: what comes down is one number a sample, and nothing is backpropagated from
layer to layer. But its slope is not fitted to anything: that v is near the loss everywhere does not
make dv/dh near its gradient. And a critic that does not see the label has another fault, however
good: to change h to where the loss is known to be small does not make it small for this sample,
whose label stays what it is.

The paper leaves the targets open. Chained as above, as in temporal-difference learning, each is
made of the next guess; with `bootstrapped` False every critic learns the loss itself, which costs
one number a sample and works better here.
"""

import functools

from dni_np.backend import FLOAT, xp
from dni_np.dni.synthetic_gradients import Layers, SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.dni.waiting_guesses import WaitingGuesses
from dni_np.errors import UserError
from dni_np.nn.activations import Tanh
from dni_np.nn.initializers import glorot_uniform, zeros
from dni_np.nn.linear import Linear
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.rule import FORWARD, UPDATE


class ScalarCritic(SyntheticGradient):
    """v(h, context), a net of tanh layers, the last layer zero at first; feature maps become rows.

    To a DNI unit it is a synthetic gradient model: `forward` gives the guess dv/dh, and keeps v in
    the cache.
    """

    def __init__(self, conditioning, rng, hidden=(256,), last_init=zeros, dtype=FLOAT):
        if conditioning.sources[0] != "output" or "normalized" in conditioning.sources:
            raise UserError(
                "a critic sees output first, beside it label or input: only output has a slope"
            )
        layers = Layers(functools.partial(Linear, init=glorot_uniform), None, Tanh)
        super().__init__(1, conditioning, rng, hidden, last_init, dtype=dtype, layers=layers)

    def forward(self, h, context=None):
        """h (N, ...) -> dv/dh of h's shape, (v (N, 1), the net's cache)."""
        rows = h.reshape(len(h), -1)  # (N, D)
        value, cache = super().forward(rows, context)
        # Each sample's own slope, dv_n/dh_n.
        slope = super().backward(xp.ones_like(value), cache, input_gradient=True)
        return slope.reshape(h.shape), (value, cache)

    def backward(self, derror, cache, input_gradient=False):
        """Gradients of the parameters, for per-sample derivatives by the value, (N, 1)."""
        return super().backward(derror, cache[1])


class Values(WaitingGuesses):
    """Guesses of which the value, not its slope, meets the target."""

    def find(self, ticket, model, optimizer):
        """(ticket, v (N, 1), cache); otherwise as for other guesses."""
        ticket, _, cache = super().find(ticket, model, optimizer)
        return ticket, cache[0], cache


class CriticUnit(DNI):
    """A decoupled unit whose targets are losses (N, 1)."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.waiting = Values()

    @property
    def value(self):
        """v for the newest batch, (N, 1)."""
        newest = next(reversed(self.waiting.values()))
        return newest.cache[0]


class CriticChain(DNIChain):
    """A chain of CriticUnits under a LossUnit, whose loss has `each`.

    With `bootstrapped` False all learn the loss itself.
    """

    learned = "value_loss"

    def __init__(self, units, loss_unit, classes, bootstrapped=True):
        super().__init__(units, loss_unit, classes)
        self.bootstrapped = bootstrapped
        if not bootstrapped:
            self.guess_locks = (FORWARD, UPDATE)  # the loss is known when all layers have run

    def step(self, x, y):
        context, metrics, h = self.context(x, y), {}, x
        for unit in self.units:
            _, h = unit.forward_and_synthetic_update(h, context, input_gradient=False)
        prediction, cache = self.loss_unit.core.forward(h)
        metrics["loss"], error = self.loss_unit.loss(prediction, y)
        self.loss_unit.update(error, cache, input_gradient=False)
        losses = self.loss_unit.loss.each(prediction, y)[:, None]  # (N, 1)
        values = [unit.value for unit in self.units[1:]]
        targets = [*values, losses] if self.bootstrapped else [losses] * len(self.units)
        for i, target in enumerate(targets):
            self.fit_guess(i, target, metrics)
        return metrics
