"""Recurrent BP(lambda): at every step a weighted mean of guess and backpropagated gradient.

    g_k    = M(h_k)                        a guess of d(losses AFTER step k) / d s_k
    z_k    = gbar_{k+1} J_{k+1}            the same, backpropagated: J_{k+1} = d s_{k+1} / d s_k
    gbar_k = dl_k/ds_k + lambda z_k + (1 - lambda) g_k
                                           for the state s_k = (h_k, c_k) with the loss l_k
    the core descends sum_k gbar_k ds_k/dtheta
    M descends sum_k 1/2 ||g_k - z_k||^2, with z_k a constant

At lambda = 0 nothing is backpropagated for more than a step, at 1 the chunk is, all the way. Where
the chunk ends only the guess is known, whatever lambda: gbar_{t+T} = dl_{t+T}/ds_{t+T} + g_{t+T}.
So lambda = 1 is `RecurrentDNI` with scale 1, except that M learns at every step; and with T = 1
lambda does not matter.

(Jaderberg et al. 2017, section A.3. The target printed there, dl_k/dh_k + gbar_{k+1} J_{k+1}, is
that of the losses FROM step k on. It contradicts the definition of g_k, and l_k would count twice:
at lambda = 0 the gradients come out exactly twice as large as the true ones. A test shows it.)
"""

from dni_np.arguments import number
from dni_np.backend import xp
from dni_np.nn.time_distributed import as_rows
from dni_np.rules.bp_lambda import LAMBDA
from dni_np.rules.recurrent.dni import half_squares, split
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


class RecurrentBPLambda(TruncatedBPTT):
    """TruncatedBPTT with a guess at every step (see `state_guess`); `lam` is between 0 and 1."""

    def __init__(self, *arguments, guess, guess_optimizer, lam):
        super().__init__(*arguments)
        self.guess, self.guess_optimizer = guess, guess_optimizer
        self.lam = number(LAMBDA, lam, "[0, 1]")

    def step(self, x, y, mask, first, last):
        h, caches = self.unroll_step_by_step(x, self.start(x, first))
        metrics, dlosses = self.train_readout(h[1:], y, mask)
        rows, guess_cache = self.guess.forward(as_rows(h))
        guesses = rows.reshape(*h.shape[:2], -1)  # (T + 1, N, 2 H)
        targets = self.backward(dlosses, guesses, caches, last)
        self.core_optimizer.step()
        begun = int(first)  # no guess is needed before the first step of a sequence
        if begun < len(x):
            # Zero at the end of the chunk, too: its target is not known yet.
            error = xp.zeros_like(guesses)
            error[begun:-1] = guesses[begun:-1] - targets[begun:]
            self.train_guess(error, guess_cache)
            metrics["gradient_loss"] = half_squares(as_rows(error[begun:-1]))
        self.end(last)
        return metrics

    def unroll_step_by_step(self, x, state):
        """x (T, N, D) -> the outputs h_t, ..., h_{t+T} (T + 1, N, H), a cache for each step.

        The first output is that of the start.
        """
        h, caches = [state[0][None]], []
        for k in range(len(x)):
            output, cache = self.unroll(x[k : k + 1], state)
            state = self.carried.arrays
            h.append(output)
            caches.append(cache)
        return xp.concatenate(h), caches

    def backward(self, dlosses, guesses, caches, last):
        """The core's gradients; return the targets z_t, ..., z_{t+T-1}, (T, N, 2 H).

        dlosses (T, N, H) are dl_k/dh_k, guesses (T + 1, N, 2 H) are g_k from the start of the chunk
        to its end.
        """
        units = dlosses.shape[2]
        targets = xp.empty_like(guesses[:-1])
        after = None if last else split(guesses[-1], units)
        self.core_optimizer.grads[...] = 0
        for k in reversed(range(len(caches))):
            z = self.add_backward(dlosses[k : k + 1], after, caches[k])
            targets[k, :, :units], targets[k, :, units:] = z
            after = split(self.lam * targets[k] + (1 - self.lam) * guesses[k], units)
        return targets

    def train_guess(self, error, cache):
        """M descends the sum over the steps of error (T + 1, N, 2 H)."""
        self.guess.backward(as_rows(error), cache)
        for gradient in self.guess.grads.values():
            gradient *= len(error)  # the sum over the steps, the mean over the samples
        self.guess_optimizer.step()

    def parts(self):
        return {**super().parts(), "guess": self.guess, "guess_optimizer": self.guess_optimizer}
