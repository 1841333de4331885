"""Accumulate BP(lambda): the exact trace of a synthetic gradient (Pemberton & Costa 2024).

    g_t     = [s_t, 1] theta                   a guess of d(losses after t)/ds_t, s_t = (h_t, c_t)
    J_t     = ds_{t+1}/ds_t
    delta_t = dL_{t+1}/ds_t + gamma g_{t+1} J_t - g_t                the temporal difference
    e_t     = gamma lambda J_{t-1} e_{t-1} + dg_t/dtheta             the eligibility trace
    theta  <- theta + alpha sum_t delta_t e_t                        where the sequence ends

The trace is the derivative by theta of all guesses so far, each carried on to the present state. So
an error found now corrects all of them, and no earlier chunk has to be kept. With gamma = 1
the sum is minus the gradient of sum_t 1/2 ||g_t - z_t||^2, where z_t is

    at lambda = 1    the true gradient, whatever the guesses on the way: nothing is bootstrapped
    at lambda = 0    dL_{t+1}/ds_t + g_{t+1} J_t, made of the next guess, as in `dni`

Here t counts chunks, of any number of steps; L_{t+1} is the loss of one. With S = 2 H numbers in a
state, e is (N, S, S + 1, S). To carry it on takes N S^3 (S + 1) products a chunk, to find J_t S
backward passes: this page is for small cores, and to test the cheap trace (`dni_trace`) against.

(Settings of the paper's Copy-Repeat, from its code: lambda 1, gamma 0.9, an LSTM of 100 units, Adam
at 1e-3 for the core and 1e-5 for the guess, batches of 100, gradients clipped at 1.)
"""

from dni_np.arguments import number
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.rules.recurrent.dni import half_squares, split
from dni_np.rules.recurrent.update_per_sequence import UpdatePerSequence


class AccumulateBPLambda(UpdatePerSequence):
    """UpdatePerSequence with a `guess`, Linear(2 H, 2 H), of the whole state, and its optimizer."""

    def __init__(self, *arguments, guess, guess_optimizer, lam=1.0, gamma=1.0):
        super().__init__(*arguments)
        lam, gamma = number("lambda", lam, "[0, 1]"), number("gamma", gamma, "[0, 1]")
        S = 2 * self.core.n_units
        if {name: value.shape for name, value in guess.params.items()} != {"W": (S, S), "b": (S,)}:
            raise UserError(f"the guess of a core of {S // 2} units must be a Linear({S}, {S})")
        self.guess, self.guess_optimizer, self.lam, self.gamma = guess, guess_optimizer, lam, gamma

    def learn(self, x, y, mask, first, last):
        start = self.start(x, first)
        outputs, cache = self.unroll(x, start)
        J = self.jacobian(outputs, cache)
        s, s_next = beside(start), beside(self.carried.arrays)
        g_next = xp.zeros_like(s) if last else self.guess.forward(s_next)[0]
        metrics, doutputs = self.train_readout(outputs, y, mask)
        arrived = self.backward(doutputs, g_next, cache)  # dL/ds + g_next J
        self.collect("core")
        if first:
            e = xp.zeros((*s.shape, s.shape[1] + 1, s.shape[1]), s.dtype)
        else:
            g = self.guess.forward(s)[0]
            delta = arrived - (1 - self.gamma) * xp.einsum("na,nab->nb", g_next, J) - g
            e = self.carried.trace["e"] + guess_by_theta(s)
            self.write_gradient(delta, e, s)
            self.collect("guess")
            metrics["gradient_loss"] = half_squares(delta)
        self.carried.trace = {"e": self.gamma * self.lam * xp.einsum("nac,ncib->naib", J, e)}
        return metrics

    def backward(self, doutputs, g_next, cache):
        """The core's gradients; return what arrives at the state before the chunk, (N, S)."""
        halves = split(g_next, g_next.shape[1] // 2)
        return beside(self.core.backward(doutputs, halves, cache, input_gradient=False)[1])

    def jacobian(self, outputs, cache):
        """J (N, S, S) of the chunk with these outputs (T, N, H); [a, b] is ds_{t+1,a}/ds_{t,b}."""
        nothing, (_, N, H) = xp.zeros_like(outputs), outputs.shape
        units = xp.eye(2 * H, dtype=outputs.dtype)
        column = xp.ones((N, 1), outputs.dtype)
        return xp.stack([self.backward(nothing, column * unit, cache) for unit in units], axis=1)

    def write_gradient(self, delta, e, s):
        """Of theta, the gradient -delta e, the mean over the samples."""
        self.guess.backward(-delta, s, input_gradient=False)  # for the hessian, where one is wanted
        dtheta = xp.einsum("na,naib->ib", delta, e) * (-1 / len(s))  # (S + 1, S)
        self.guess.grads["W"][...] = dtheta[:-1]
        self.guess.grads["b"][...] = dtheta[-1]

    def learners(self):
        return {**super().learners(), "guess": (self.guess, self.guess_optimizer)}

    def parts(self):
        return {**super().parts(), "guess": self.guess, "guess_optimizer": self.guess_optimizer}


def beside(state):
    """(h, c) -> s (N, S)."""
    return xp.concatenate(state, axis=1)


def guess_by_theta(s):
    """dg/dtheta (N, S, S + 1, S): dg_a/dtheta is [s, 1] in column a, zero elsewhere."""
    phi = xp.concatenate([s, xp.ones_like(s[:, :1])], axis=1)
    return phi[:, None, :, None] * xp.eye(s.shape[1], dtype=s.dtype)[:, None, :]
