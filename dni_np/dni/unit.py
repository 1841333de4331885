"""The decoupled unit: a core that does not wait (Jaderberg et al. 2017, figure 9).

    h     = f(x; theta)                      the core goes forward
    ghat  = M(h, context; phi)               a model guesses dL/dh
    theta -= rate ghat dh/dtheta             the core updates at once
    returns  ghat dh/dx  and  h              what goes back, what goes on

and later, when a better gradient d for the same h has come from above,

    phi   -= rate d/dphi 1/2 ||ghat - d||^2  the guess improves; d is a constant

What goes back serves the unit below as its d: a target made of the next unit's guess,
not of the true gradient.
"""

from collections import deque

from dni_np.backend import xp
from dni_np.errors import UserError


class DNI:
    """A core, a synthetic gradient model, and one optimizer for each."""

    def __init__(self, core, synthetic_gradient, core_optimizer, sg_optimizer):
        self.core, self.synthetic_gradient = core, synthetic_gradient
        self.core_optimizer, self.sg_optimizer = core_optimizer, sg_optimizer
        self.waiting = deque()  # guesses whose target has not come yet, oldest first

    def forward_and_synthetic_update(self, x, context=None, input_gradient=True):
        """x (N, n_in) -> (ghat dh/dx (N, n_in), h (N, n_out)); the core is updated at once."""
        h, guess, core_cache = self.forward_and_guess(x, context)
        back = self.core.backward(guess, core_cache, input_gradient)
        self.core_optimizer.step()
        return back, h

    def forward_and_guess(self, x, context=None):
        """x (N, n_in) -> h and ghat, both (N, n_out), and the core's cache; the guess waits for its target."""
        h, core_cache = self.core.forward(x)
        guess, sg_cache = self.synthetic_gradient.forward(h, context)
        self.waiting.append((guess, sg_cache))
        return h, guess, core_cache

    def update_synthetic_weights(self, true_gradient):
        """Fit the oldest waiting guess to its target (N, n_out); return the loss before, a device scalar."""
        if not self.waiting:
            raise UserError("update_synthetic_weights was called more often than forward_and_synthetic_update")
        guess, sg_cache = self.waiting.popleft()
        error = guess - true_gradient  # (N, n_out): the per-sample gradient of 1/2 ||ghat - d||^2
        self.synthetic_gradient.backward(error, sg_cache)
        self.sg_optimizer.step()
        return xp.vdot(error, error) * (0.5 / len(error))

    def parts(self):
        """What has a state, by name."""
        return {
            "core": self.core,
            "optimizer": self.core_optimizer,
            "model": self.synthetic_gradient,
            "model_optimizer": self.sg_optimizer,
        }
