"""DNI-trace in constant memory: one guess for all boundaries, one trace for all that lies behind.

    E_k = sum_{j<k} P_{j,k} x phi_j   (N, H, 2 H + 1)        phi_j = [s_j, 1], the rest as there
    sum_j phi_j^T R_j^c = sum_k (phi_k^T delta_k^c + E_k^T news_k)
    E_{k+1} = lambda (E_k + phi_k) prod_t f_t

The boundaries of one model need not be kept apart. From each its gradient takes P_{j,k} phi_j, and
the sum of these is carried: H (2 H + 1) numbers a sample, however long the sequence, as many as
2 H / 5 open boundaries take in `dni_trace`.

(Ours; the accumulating trace of TD(lambda), Sutton & Barto 2018, chapter 12.)
"""

from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.rules.recurrent.dni_trace import DNITrace


class SharedTrace(DNITrace):
    """DNITrace for BoundaryGuesses with `each` False: the same updates, in constant memory."""

    def __init__(self, *arguments, guesses, lam=1.0):
        super().__init__(*arguments, guesses=guesses, lam=lam)
        if guesses.each:
            raise UserError(
                "one trace for all boundaries needs one guess for all: BoundaryGuesses(each=False)"
            )

    def begin_trace(self, z):
        E = xp.zeros((len(z), self.guesses.units, z.shape[1] + 1), z.dtype)
        self.carried.trace = {"E": E}

    def send_back(self, z, delta_h, delta_c):
        E, slope = (self.carried.trace[name] for name in ("E", "slope"))
        H, model = self.guesses.units, self.guesses.model(0)
        model.backward(-xp.concatenate([delta_h, delta_c], axis=1), z, input_gradient=False)
        news = delta_c + delta_h * slope
        behind = (E * news[:, :, None]).mean(axis=0).T  # E_k^T news_k / N, (2 H + 1, H)
        model.grads["W"][:, H:] -= behind[:-1]
        model.grads["b"][H:] -= behind[-1]
        self.collect(self.guesses.name(0))
        phi = xp.concatenate([z, xp.ones_like(z[:, :1])], axis=1)
        self.carried.trace = {"E": E + phi[:, None, :]}

    def go_on(self, path, slope):
        E = self.carried.trace["E"] * (self.lam * path)[:, :, None]
        self.carried.trace = {"E": E, "slope": slope}

    def close_boundaries(self, last):
        """No boundary is open: the gradients are collected as the differences come."""
