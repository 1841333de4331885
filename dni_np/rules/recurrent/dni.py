"""A recurrent network that learns a few steps at a time and still hears from the future (figure 10).

    s_t, ..., s_{t+T}           T steps from the carried state s_t = (h_t, c_t)
    ghat_{t+T} = M(h_{t+T})     a guess of d(losses after t+T) / d s_{t+T}, for h and for c
    the chunk's losses are backpropagated, with 0.1 ghat_{t+T} entering at s_{t+T}
    d_t                         what arrives at s_t: the target for M(h_t)
    M descends 1/2 ||M(h_t) - d_t||^2;  s_{t+T} is carried on, the rest is forgotten

Memory is that of T steps, however long the sequence. A target is itself made of a guess: in many
visits the news of a distant loss travels back, chunk by chunk. With T = 1 learning is online.
(Jaderberg et al. 2017, sections A.3 and D.2; the factor 0.1, where the guess is consumed, is theirs.)

The paper keeps the guess at s_t until its target comes. Here M guesses once more from the carried h_t,
with its newest weights: one small product more, and the state is all that is carried.
"""

from dni_np.arguments import number
from dni_np.backend import FLOAT, xp
from dni_np.dni.plain_guess import PlainGuess
from dni_np.nn.initializers import zeros
from dni_np.rules.recurrent.last_step_alone import LastStepAlone, state_before_last
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


class StateGuess(PlainGuess):
    """M(h) = ReLU(h W_1 + b_1) W_2 + b_2, from h (N, H) to (N, `parts` H): gradients for h and c.

    One hidden layer of as many units as the core has, the last layer zero at first (section D.2); `hidden` gives
    other widths, () a linear model.
    """

    def __init__(self, units, rng, parts=2, hidden=None, last_init=zeros, dtype=FLOAT):
        super().__init__(units, parts * units, (units,) if hidden is None else hidden, rng, last_init, dtype)


class RecurrentDNI(TruncatedBPTT):
    """TruncatedBPTT with a synthetic gradient where each chunk ends; `guess` (StateGuess) has its own optimizer.

    `scale` multiplies the guess where the core consumes it. With `scaled_target` targets are made of the
    scaled guess as well, otherwise of the whole one (the paper leaves it open).

    With `error_into_core` the error of the guess also teaches the core to make an h_t from which the gradient
    can be told: it goes on from h_t into the final core of the last chunk, and no further. That is the core
    kept in memory in figure 10, T + 1 in all. Here its input x_t and the state s_{t-1} before it are carried,
    and the step is run again with today's weights, so that M reads what the core would say now (and a
    batch-normalized core sees that step's statistics twice). Both gradients are added before the core moves.
    The paper searched over it: it matters little, and is at times less stable (section D.2).
    """

    keeps = False  # the final core of the last chunk

    def __init__(self, *arguments, guess, guess_optimizer, scale=0.1, scaled_target=True, error_into_core=False):
        super().__init__(*arguments)
        self.guess, self.guess_optimizer = guess, guess_optimizer
        self.scale, self.scaled_target = number("scale", scale, "[0, inf)"), scaled_target
        self.error_into_core = error_into_core
        self.keeps = self.keeps or error_into_core
        if self.keeps:
            self.core = LastStepAlone(self.core)

    def step(self, x, y, mask, first, last):
        start = self.start(x, first)
        h, kept_cache = (start[0], None) if first or not self.keeps else self.run_kept_core()
        outputs, cache = self.unroll(x, start)
        future = None if last else self.guess_future()
        metrics, doutputs = self.train_readout(outputs, y, mask)
        target = self.backward(doutputs, future, cache)
        if not first:
            learned, dh = self.train_guess(h, target, future)
            metrics.update(learned)
            if dh is not None:
                self.add_backward(dh[None], None, kept_cache)
        self.core_optimizer.step()
        self.end(last)
        return metrics

    def guess_future(self):
        """The gradients of h and c at the end of this chunk, for all that comes after it."""
        h = self.carried.arrays[0]
        return split(self.guess.forward(h)[0], h.shape[1])

    def backward(self, doutputs, future, cache):
        """The core's gradients; return the target, the gradients of h and c where the chunk begins."""
        if future is None:
            _, target = self.core.backward(doutputs, None, cache, input_gradient=False)
            return target
        rest = None
        if not self.scaled_target:  # backpropagation is linear: the target lacks what the rest of the guess brings
            lacking = tuple((1 - self.scale) * part for part in future)
            _, rest = self.core.backward(xp.zeros_like(doutputs), lacking, cache, input_gradient=False)
        scaled = tuple(self.scale * part for part in future)
        _, target = self.core.backward(doutputs, scaled, cache, input_gradient=False)
        return target if rest is None else tuple(a + b for a, b in zip(target, rest))

    def train_guess(self, h, target, future):
        """Move M(h) towards its target, (dh, dc); return the loss before, and its gradient by h for the core, or None.

        `future`, the guess at the end of the chunk, is for those who predict that too (see `recurrent_aux`).
        """
        guess, cache = self.guess.forward(h)
        error = guess - xp.concatenate(target, axis=1)  # (N, 2 H)
        dh = self.guess.backward(error, cache, input_gradient=self.error_into_core)
        self.guess_optimizer.step()
        return {"gradient_loss": half_squares(error)}, dh

    def unroll(self, x, start):
        outputs, cache = super().unroll(x, start)
        if self.keeps:
            self.carried.kept = (x[-1:].copy(), *state_before_last(cache))
        return outputs, cache

    def run_kept_core(self):
        """The last chunk's last step again: h_t (N, H), and the cache of that one step."""
        x, *state = self.carried.kept
        _, (h, _), cache = self.core.forward(x, tuple(state), start=self.carried.steps - 1)
        return h, cache

    def parts(self):
        return {**super().parts(), "guess": self.guess, "guess_optimizer": self.guess_optimizer}


def split(guess, units):
    """(N, 2 H), or more -> the gradients of h and c, both (N, H)."""
    return guess[:, :units], guess[:, units : 2 * units]


def half_squares(error):
    """1/2 ||error||^2, the mean over the N rows of error (N, D)."""
    return xp.vdot(error, error) * (0.5 / len(error))
