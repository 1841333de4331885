"""The decoupled unit: a core that does not wait (Jaderberg et al. 2017, figure 9).

    h     = f(x; theta)                      the core goes forward
    ghat  = M(h, context; phi)               a model guesses dL/dh
    theta -= rate ghat dh/dtheta             the core updates at once
    returns  ghat dh/dx  and  h              what goes back, what goes on

and later, when a better gradient d for the same h has come from above,

    phi   -= rate d/dphi 1/2 ||ghat - d||^2  the guess improves; d is a constant, and ghat what M
                                             guesses now, if phi has changed (see `waiting_guesses`)

What goes back serves the unit below as its d: a target made of the next unit's guess,
not of the true gradient.
"""

from dni_np.backend import xp
from dni_np.dni.waiting_guesses import WaitingGuesses, difference


class DNI:
    """A core, a synthetic gradient model, and an optimizer for each (`step()` and a count `steps`).

    A `ticket` names a batch; without tickets, targets come in the order of the guesses. A target
    without a guess, or a second guess under one ticket, is a UserError.
    """

    def __init__(self, core, synthetic_gradient, core_optimizer, sg_optimizer):
        self.core, self.synthetic_gradient = core, synthetic_gradient
        self.core_optimizer, self.sg_optimizer = core_optimizer, sg_optimizer
        self.waiting = WaitingGuesses()

    def forward_and_synthetic_update(self, x, context=None, input_gradient=True, ticket=None):
        """x (N, n_in) -> (ghat dh/dx (N, n_in), h (N, n_out)); the core is updated at once."""
        guess, h, cache = self.forward_and_guess(x, context, ticket)
        back = self.core.backward(guess, cache, input_gradient)
        self.core_optimizer.step()
        return back, h

    def forward_and_guess(self, x, context=None, ticket=None):
        """x (N, n_in) -> (ghat, h), both (N, n_out), and the core's cache; nothing is updated."""
        h, cache = self.core.forward(x)
        return self.guess(h, context, ticket), h, cache

    def guess(self, h, context=None, ticket=None):
        """h (N, n_out) -> ghat (N, n_out), which now waits for its target."""
        guess, cache = self.synthetic_gradient.forward(h, context)
        self.waiting.add(ticket, h, context, guess, cache, self.sg_optimizer.steps)
        return guess

    def update_synthetic_weights(self, target, ticket=None):
        """Fit a waiting guess to its target (N, n_out); return the loss before, on the device."""
        model, optimizer = self.synthetic_gradient, self.sg_optimizer
        ticket, guess, cache = self.waiting.find(ticket, model, optimizer)
        error = difference(guess, target)
        model.backward(error, cache)
        optimizer.step()
        del self.waiting[ticket]
        return xp.vdot(error, error) * (0.5 / len(error))

    def parts(self):
        """What has a state, by name."""
        cores = {"core": self.core, "optimizer": self.core_optimizer}
        models = {"model": self.synthetic_gradient, "model_optimizer": self.sg_optimizer}
        return {**cores, **models, "waiting": self.waiting}
