"""DNI-trace: guesses through time that learn from all later chunks, not only the next guess.

Boundary k lies before chunk k, where the state is s_k = (h_k, c_k). After the last chunk ghat = 0.

    ghat_k  = [s_k, 1] W_k                                      a guess of d(losses to come)/ds_k
    d_k     = d(losses of chunk k)/ds_k + ghat_{k+1} ds_{k+1}/ds_k     backpropagated, one chunk
    delta_k = d_k - ghat_k                                      the temporal difference

In `dni` ghat_j learns from d_j, which is made of the next guess: a distant loss becomes known one
chunk earlier at each visit. But what delta_{j+1} corrects in the next guess is missing in ghat_j as
well, and so on. So each difference is sent back to all boundaries before it, along the cell, where
an LSTM's gradients last:

    P_{j,j} = 1,  P_{j,k+1} = lambda P_{j,k} prod_t f_t       along the cell, chunk by chunk
    news_k  = delta_k^c + delta_k^h o_k (1 - tanh(c_k)^2)     h_k is a function of c_k, too
    R_j^h   = delta_j^h,    R_j^c = delta_j^c + sum_{k>j} P_{j,k} news_k

Where the sequence ends, the guess at s_j learns from the error -R_j, and core and read-out make
their one step, along the chunks' gradients with ghat_{k+1} at the end of chunk k.

This is TD(lambda). In the trace, nowhere else, a chunk's Jacobian is replaced by its path along
the cell, as in e-prop (Bellec et al. 2020). The differences are exact, so perfect guesses are a
fixed point. At lambda = 0 the gradients of a sequence are those of `dni` with scale 1, with W = 0
those of truncated BPTT (which update the core after each chunk, by default). Without recurrent
weights, at lambda = 1, ghat_j^c + R_j^c is the true gradient, whatever was guessed on the way. The
exact trace is in `accumulate_bp_lambda`. (Ours, after Pemberton & Costa 2024.)

Memory: a chunk, and for each open boundary 5 H numbers a sample (s, R^h, R^c and P). No more than
`window` are open; in `shared_trace` none.
"""

import math

from dni_np.arguments import number, size
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.rules.recurrent.dni import half_squares
from dni_np.rules.recurrent.update_per_sequence import UpdatePerSequence


class DNITrace(UpdatePerSequence):
    """UpdatePerSequence with `guesses`, BoundaryGuesses that learn by a trace; the core is an LSTM.

    `lam` is lambda, from 0 to 1. `window`: a boundary receives the differences of so many later
    ones (None: of all), then it is closed.
    """

    def __init__(self, *arguments, guesses, lam=1.0, window=None):
        super().__init__(*arguments)
        lam = number("lambda (0: the next guess alone, 1: all that comes)", lam, "[0, 1]")
        window = math.inf if window is None else size("the window", window, least=0)
        if getattr(self.core, "cell_path", None) is None:
            raise UserError(
                f"the trace needs an LSTM's cell, which a {type(self.core).__name__} does not have"
            )
        self.guesses, self.lam = guesses, lam
        self.window = 0 if lam == 0 else window

    def learn(self, x, y, mask, first, last):
        start, k = self.start(x, first), self.carried.chunks
        guess = None if first else self.guesses(k, start)
        outputs, cache = self.unroll(x, start)
        future = None if last else self.guesses(k + 1, self.carried.arrays)
        metrics, doutputs = self.train_readout(outputs, y, mask)
        _, arrived = self.core.backward(doutputs, future, cache, input_gradient=False)
        self.collect("core")
        z = self.guesses.seen(start)
        if first:
            self.begin_trace(z)
        else:
            delta_h, delta_c = (d - ghat for d, ghat in zip(arrived, guess))
            self.send_back(z, delta_h, delta_c)
            metrics["gradient_loss"] = half_squares(delta_h) + half_squares(delta_c)
        self.go_on(*self.core.cell_path(cache))
        self.close_boundaries(last)
        return metrics

    def begin_trace(self, z):
        """No boundary is open. The oldest comes first in arrays (boundaries, N, ...)."""
        none_of_h = xp.zeros((0, len(z), self.guesses.units), z.dtype)
        self.carried.trace = {"z": z[None][:0], "R_h": none_of_h, "R_c": none_of_h, "P": none_of_h}

    def send_back(self, z, delta_h, delta_c):
        """Boundary k opens, where the guess saw z; delta (N, H) goes to those that are open."""
        t = self.carried.trace
        news = delta_c + delta_h * t["slope"]
        self.carried.trace = {
            "z": one_more(t["z"], z),
            "R_h": one_more(t["R_h"], delta_h),
            "R_c": one_more(t["R_c"] + t["P"] * news, delta_c),
            "P": one_more(t["P"], xp.ones_like(delta_c)),
        }

    def go_on(self, path, slope):
        """Advance to boundary k + 1, by `path` and `slope`, (N, H) each, of LSTM.cell_path."""
        P = self.carried.trace["P"] * (self.lam * path)
        self.carried.trace = {**self.carried.trace, "P": P, "slope": slope}

    def close_boundaries(self, last):
        """The oldest n boundaries have received all they will: collect their guesses' gradients."""
        trace = self.carried.trace
        count = len(trace["z"])
        n = count if last else max(0, count - self.window)
        for i in range(n):
            k = self.carried.chunks - count + 1 + i
            R = xp.concatenate([trace["R_h"][i], trace["R_c"][i]], axis=1)
            self.guesses.model(k).backward(-R, trace["z"][i], input_gradient=False)
            self.collect(self.guesses.name(k))
        self.carried.trace = {name: a if name == "slope" else a[n:] for name, a in trace.items()}

    def learners(self):
        return {**super().learners(), **self.guesses.learners()}

    def parts(self):
        return {**super().parts(), "guesses": self.guesses}


def one_more(rows, row):
    """rows (B, N, D) and row (N, D) -> (B + 1, N, D)."""
    return xp.concatenate([rows, row[None]])
