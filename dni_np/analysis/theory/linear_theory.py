"""Linear theory: deep linear networks that learn from linear guesses.

(Czarnecki et al. 2017, theory.)

    h_0 = x        h_k = h_{k-1} W_k, k = 1..N        L = 1/2 ||h_N - y||^2
    ghat_k = h_k A_k + y B_k + C_k

Each W_k is updated along ghat_k. The top guess learns the true gradient h_N - y, every other one
the next guess, sent back by W_{k+1}^T: `DNIChain` with the simplest parts. The exact guesses are
known in closed form: with P_k = W_{k+1} ... W_N,

    dL/dh_k = (h_k P_k - y) P_k^T        A_k = P_k P_k^T        B_k = -P_k^T        C_k = 0

so a linear guess *can* be exact, at every step; N = 1, linear regression, has A = I, B = -I. The
theorem is that for small enough rates the product W_1 ... W_N converges to the least-squares
solution. The guesses become exact on the data: if y is an exact linear function of x, at the end
the data no longer distinguish A from -B.
"""

from dni_np.arguments import number, several
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch, check_samples


class LinearDNI:
    """`weights` [W_1, ..., W_N], each (D_{k-1}, D_k); the guesses start at zero."""

    def __init__(self, weights):
        width = None
        for W in several("weights", weights):
            check_batch("a linear network", W, (2,))
            if width not in (None, len(W)):
                raise UserError(
                    f"a linear network cannot go on from {width} units with weights {W.shape}"
                )
            width = W.shape[1]
        self.weights = [W.copy() for W in weights]
        outputs = self.weights[-1].shape[1]
        self.guesses = [LinearGuess(W.shape[1], outputs, W.dtype) for W in self.weights]

    def step(self, x, y, rate, guess_rate):
        """One step on x (N, D_0), y (N, D_N); returns the mean loss before it, a device scalar."""
        check_samples("a linear network", x, y, len(self.weights[0]), self.weights[-1].shape[1])
        rate, guess_rate = (number("a rate", one, "[0, inf)") for one in (rate, guess_rate))
        h, below = x, None
        for i, (W, guess) in enumerate(zip(self.weights, self.guesses)):
            below, h = h, h @ W
            ghat = guess(h, y)
            if i > 0:
                self.guesses[i - 1].learn(below, y, ghat @ W.T, guess_rate)
            W -= rate * below.T @ ghat / len(x)
        error = h - y
        self.guesses[-1].learn(h, y, error, guess_rate)
        return 0.5 * (error * error).sum() / len(x)

    def product(self):
        """W_1 ... W_N, the network as one matrix."""
        return product(self.weights)

    def distances(self):
        """For each guess: ||A - P P^T||, ||B + P^T||, ||C||, device scalars."""
        rows = []
        for k, guess in enumerate(self.guesses, 1):
            A, B = exact_guess(self.weights[k:], len(guess.B), guess.A.dtype)
            rows.append(tuple(xp.sqrt((m * m).sum()) for m in (guess.A - A, guess.B - B, guess.C)))
        return rows


class LinearGuess:
    """ghat = h A + y B + C, which learns 1/2 ||ghat - d||^2 by gradient descent."""

    def __init__(self, width, outputs, dtype):
        shapes = (width, width), (outputs, width), width
        self.A, self.B, self.C = (xp.zeros(shape, dtype) for shape in shapes)

    def __call__(self, h, y):
        return h @ self.A + y @ self.B + self.C

    def learn(self, h, y, target, rate):
        error = self(h, y) - target
        self.A -= rate * h.T @ error / len(h)
        self.B -= rate * y.T @ error / len(h)
        self.C -= rate * error.mean(axis=0)


def product(weights):
    """W_1 W_2 ... of the list."""
    result = weights[0]
    for W in weights[1:]:
        result = result @ W
    return result


def exact_guess(above, outputs, dtype):
    """(A, B) of the exact guess below the layers `above`, an empty list at the top."""
    P = product(above) if above else xp.eye(outputs, dtype=dtype)
    return P @ P.T, -P.T


def least_squares(x, y):
    """The W (D_0, D_N) that minimizes ||x W - y||^2, where the columns of x are independent."""
    check_samples("least squares", x, y)
    return xp.linalg.solve(x.T @ x, x.T @ y)
