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
from dni_np.dni.waiting_guesses import Guess, WaitingGuesses, difference


class DNI:
    """A core, a synthetic gradient model, and one optimizer for each.

    An optimizer has `step()` and counts its `steps`. A `ticket` names a batch whose target may come
    out of turn; without tickets targets come in the order of the guesses.
    """

    def __init__(self, core, synthetic_gradient, core_optimizer, sg_optimizer):
        self.core, self.synthetic_gradient = core, synthetic_gradient
        self.core_optimizer, self.sg_optimizer = core_optimizer, sg_optimizer
        self.waiting = WaitingGuesses()

    def forward_and_synthetic_update(self, x, context=None, input_gradient=True, ticket=None):
        """x (N, n_in) -> (ghat dh/dx (N, n_in), h (N, n_out)); the core is updated at once."""
        h, guess, core_cache = self.forward_and_guess(x, context, ticket)
        back = self.core.backward(guess, core_cache, input_gradient)
        self.core_optimizer.step()
        return back, h

    def forward_and_guess(self, x, context=None, ticket=None):
        """x (N, n_in) -> h and ghat, both (N, n_out), and the core's cache."""
        h, core_cache = self.core.forward(x)
        return h, self.guess(h, context, ticket), core_cache

    def guess(self, h, context=None, ticket=None):
        """h (N, n_out) -> ghat (N, n_out), which now waits for its target."""
        ticket = self.waiting.new_ticket(ticket)
        guess, sg_cache = self.synthetic_gradient.forward(h, context)
        self.waiting[ticket] = Guess(h, context, guess, sg_cache, self.sg_optimizer.steps)
        return guess

    def update_synthetic_weights(self, true_gradient, ticket=None):
        """Fit a waiting guess to its target (N, n_out); return the loss before, a device scalar."""
        model, optimizer = self.synthetic_gradient, self.sg_optimizer
        ticket, guess, sg_cache = self.waiting.find(ticket, model, optimizer)
        error = difference(guess, true_gradient)  # (N, n_out)
        model.backward(error, sg_cache)
        optimizer.step()
        del self.waiting[ticket]
        return xp.vdot(error, error) * (0.5 / len(error))

    def parts(self):
        """What has a state, by name."""
        return {
            "core": self.core,
            "optimizer": self.core_optimizer,
            "model": self.synthetic_gradient,
            "model_optimizer": self.sg_optimizer,
            "waiting": self.waiting,
        }
