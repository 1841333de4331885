"""Recurrent DNI with an auxiliary task: foresee the synthetic gradient of T steps later (DNI+Aux).

    ghat_t, a_t = M(h_t)                        one hidden layer, four outputs: for h and c, now and T steps later
    ghat_{t+T}                                  M's guess where the chunk ends, a constant here
    M descends 1/2 ||ghat_t - d_t||^2 + 1/2 ||a_t - ghat_{t+T}||^2
    the core descends the gradient of the second term by h_t as well

That is its purpose. What a guess of ghat_{t+T} needs is what matters more than T steps from now, so that
the core is asked to keep in h_t what its own losses, for want of a long look ahead, might let go.
(Jaderberg et al. 2017 name the task in section 2.2 and weigh both terms by 1 in D.2. The form here, its
four outputs on one hidden layer, the squared error and its way into the core, is from memory: unverified.)

The error enters h_t, which the last chunk made: it goes into that chunk's final core, kept as in
`recurrent` (figure 10), and no further.

Where a sequence ends nothing is guessed: nothing comes after it, and that gradient is known to be zero.
Zero is then the target of a_t, as it is what d_t is made of there. So the auxiliary task, too, rests on
something true, and it learns to foresee the end.
"""

from dni_np.backend import xp
from dni_np.rules.recurrent.dni import RecurrentDNI, half_squares


class RecurrentDNIAux(RecurrentDNI):
    """RecurrentDNI whose `guess` is StateGuess(parts=4).

    The error of a_t always goes into the core; `error_into_core` sends that of ghat_t along.
    """

    keeps = True

    def train_guess(self, h, target, future):
        now = 2 * h.shape[1]  # the columns of ghat_t
        foreseen = [xp.zeros_like(part) for part in target] if future is None else future
        guess, cache = self.guess.forward(h)
        error = guess - xp.concatenate([*target, *foreseen], axis=1)  # (N, 4 H)
        into_core = error
        if not self.error_into_core:
            into_core = error.copy()
            into_core[:, :now] = 0
        dh = self.guess.backward(into_core, cache)
        if not self.error_into_core:
            self.guess.backward(error, cache, input_gradient=False)  # M itself learns from both
        self.guess_optimizer.step()
        return {"gradient_loss": half_squares(error[:, :now]), "foresight_loss": half_squares(error[:, now:])}, dh
