"""DNI through time: a guess stands in for all that comes after the chunk (figure 10).

    s_t, ..., s_{t+T}           T steps from the carried state s_t = (h_t, c_t)
    ghat_{t+T} = M(h_{t+T})     a guess of d(losses after t+T) / d s_{t+T}, for h and for c
    the chunk's losses are backpropagated, with 0.1 ghat_{t+T} entering at s_{t+T}
    d_t                         what arrives at s_t: the target for M(h_t)
    M descends 1/2 ||M(h_t) - d_t||^2;  s_{t+T} is carried on, the rest is forgotten

Memory is that of T steps, however long the sequence. A target is itself made of a guess: a distant
loss becomes known one chunk earlier at each visit. With T = 1 learning is online. (Jaderberg et al.
2017, sections A.3 and D.2; the factor 0.1, where the guess is consumed, is theirs.)

The paper keeps the guess at s_t until its target comes. Here M guesses once more from the carried
h_t, with its newest weights: one small product more, and the state is all that is carried.
"""

from dni_np.arguments import number
from dni_np.backend import FLOAT, xp
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import PLAIN, SyntheticGradient
from dni_np.nn.initializers import zeros
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


def state_guess(units, rng, parts=2, hidden=None, last_init=zeros, dtype=FLOAT, **sees):
    """The synthetic gradient M, (N, H) -> (N, `parts` H): for h and for c (section D.2).

    One hidden layer of as many units as the core has; `hidden` gives other widths, () a linear
    model. `sees` are the widths of what M sees beside h, such as cell=units.
    """
    conditioning = Conditioning(("output", *sees), units, **sees)
    hidden = (units,) if hidden is None else hidden
    return SyntheticGradient(
        parts * units, conditioning, rng, hidden, last_init, dtype=dtype, layers=PLAIN
    )


class RecurrentDNI(TruncatedBPTT):
    """TruncatedBPTT with a guess where each chunk ends; `guess` (see `state_guess`) is M.

    `scale` multiplies the guess where the core consumes it. With `scaled_target` targets are made
    of the scaled guess as well, otherwise of the whole one (the paper leaves it open).
    """

    context, context_after = {}, {}  # what M sees beside the state, where the chunk begins and ends

    def __init__(self, *arguments, guess, guess_optimizer, scale=0.1, scaled_target=True):
        super().__init__(*arguments)
        self.guess, self.guess_optimizer = guess, guess_optimizer
        self.scale, self.scaled_target = number("scale", scale, "[0, inf)"), scaled_target

    def step(self, x, y, mask, first, last):
        start = self.start(x, first)
        outputs, cache = self.unroll(x, start)
        metrics, doutputs = self.train_readout(outputs, y, mask)
        future = None if last else self.guess_at(self.carried.arrays, self.context_after)[0]
        target = self.backward(doutputs, future, cache)
        if not first:  # nothing is guessed before the first step of a sequence
            metrics |= self.train_guess(start, target, future)
        self.core_optimizer.step()
        self.end(last)
        return metrics

    def guess_at(self, state, context):
        """The state (h, c), (N, H) each -> (ghat (N, 2 H), the cache of M)."""
        h, c = state
        return self.guess.forward(h, {"cell": c, **context})

    def backward(self, doutputs, future, cache):
        """The core's gradients; return the target (N, 2 H), what arrives where the chunk begins."""
        if future is None:
            return self.arriving(doutputs, None, cache)
        if self.scaled_target:
            return self.arriving(doutputs, self.scale * future, cache)
        # Backpropagation is linear: the rest of the guess is sent back alone.
        rest = self.arriving(xp.zeros_like(doutputs), (1 - self.scale) * future, cache)
        return self.arriving(doutputs, self.scale * future, cache) + rest

    def arriving(self, doutputs, entering, cache):
        """Backpropagate, from a gradient of the chunk's last state to one of its first."""
        if entering is not None:
            entering = split(entering, doutputs.shape[2])
        _, arrived = self.core.backward(doutputs, entering, cache, input_gradient=False)
        return xp.concatenate(arrived, axis=1)

    def train_guess(self, start, target, future):
        """Fit the guess at the state `start` to its target (N, 2 H); return the loss before.

        `future`, the guess at the end of the chunk, is for subclasses that learn from it, too.
        """
        guess, cache = self.guess_at(start, self.context)
        error = guess - target
        self.guess.backward(error, cache)
        self.guess_optimizer.step()
        return {"gradient_loss": half_squares(error)}

    def parts(self):
        return {**super().parts(), "guess": self.guess, "guess_optimizer": self.guess_optimizer}


def split(guess, units):
    """(N, 2 H), or more -> the gradients of h and c, both (N, H)."""
    return guess[:, :units], guess[:, units : 2 * units]


def half_squares(error):
    """1/2 ||error||^2, the mean over the N rows of error (N, D)."""
    return xp.vdot(error, error) * (0.5 / len(error))
