"""Logistic theory: logistic regression that learns from a guess (Czarnecki et al. 2017).

A linear guess stalls, one of the true gradient's form does not:

    p = x w        L = cross-entropy of sigmoid(p) and y, for bits y
    d = dL/dp = sigmoid(p) - y

    linear guess      ghat = p a + y b + c              exact only for a loss that is quadratic in p
    sigmoid guess     ghat = sigmoid(p a + c) + y b     exact at a = 1, b = -1, c = 0

Where the linear one stops can be computed without running it. There
x^T ghat = a x^T p + b x^T y + c x^T 1 = 0. If the columns of x are independent and one of them is
all ones, this is solved by one w only,

    w = -(b / a) w_ls - (c / a) e
    w_ls: least squares from x to y;  e picks the column of ones

that is, up to scale and bias, *linear* regression on the bits: it fails where linear regression
fails. (x^T (x e - 1) = 0, and x^T (x w_ls - y) = 0.)
"""

from dni_np.arguments import generator, number, size
from dni_np.backend import asarray, xp
from dni_np.nn.checks import check_alike, check_batch, check_samples


def three_groups(rng, n=60):
    """x (2.5 n, 3) with a column of ones, bits y (2.5 n, 1), drawn with the Generator `rng`.

    n zeros and n ones that a line separates but for a few, and n / 2 ones far away. Those are even
    easier to classify, but shift the line of a least-squares fit.
    """
    rng, n = generator(rng), size("n", n, least=2)
    zeros = rng.standard_normal((n, 2)) * [0.5, 1.5] + [-1, 0]
    ones = rng.standard_normal((n, 2)) * [0.5, 1.5] + [1, 0]
    far = rng.standard_normal((n // 2, 2)) * 0.5 + [6, 6]
    x = xp.concatenate([asarray(group) for group in (zeros, ones, far)])
    y = xp.concatenate([xp.zeros((n, 1)), xp.ones((n + n // 2, 1))])
    return xp.concatenate([x, xp.ones((len(x), 1))], axis=1), y


def sigmoid(p):
    return 0.5 * (1 + xp.tanh(0.5 * p))


class LinearBitGuess:
    """ghat = p a + y b + c, for p, y (N, 1)."""

    def __init__(self, dtype=None):
        self.a, self.b, self.c = xp.zeros((3, 1), dtype or xp.float64)

    def __call__(self, p, y):
        return p * self.a + y * self.b + self.c

    def learn(self, p, y, target, rate):
        """A step along the gradient of 1/2 (ghat - target)^2, the mean over the N samples."""
        error = self(p, y) - target
        slope = error * self.slope(p)
        self.a -= rate * (slope * p).mean()
        self.b -= rate * (error * y).mean()
        self.c -= rate * slope.mean()

    def slope(self, p):
        """dghat / d(p a + c)."""
        return 1


class SigmoidBitGuess(LinearBitGuess):
    """ghat = sigmoid(p a + c) + y b."""

    def __call__(self, p, y):
        return sigmoid(p * self.a + self.c) + y * self.b

    def slope(self, p):
        s = sigmoid(p * self.a + self.c)
        return s * (1 - s)


def train(x, y, guess, steps, rate, guess_rate):
    """(losses (steps,), w (D, 1)), from w = 0; `guess` None: with the true gradient."""
    check_samples("a logistic regression", x, y, outputs=1)
    steps = size("steps", steps)
    rate, guess_rate = (number("a rate", one, "[0, inf)") for one in (rate, guess_rate))
    w, losses = xp.zeros((x.shape[1], 1), x.dtype), []
    for _ in range(steps):
        p = x @ w
        losses.append(loss(p, y))
        d = sigmoid(p) - y
        w -= rate * x.T @ (d if guess is None else guess(p, y)) / len(x)
        if guess is not None:
            guess.learn(p, y, d, guess_rate)
    return xp.stack(losses), w


def loss(p, y):
    """Mean cross-entropy in nats, log(1 + e^p) - y p, without overflow; y may be one number."""
    if not isinstance(y, float):
        check_alike("a cross-entropy", p, y)
    return (xp.maximum(p, 0) + xp.log1p(xp.exp(-abs(p))) - y * p).mean()


def stopping_place(w, x, y, guess):
    """The w at which a linear `guess` with these numbers stops it: solves x^T ghat = 0."""
    check_batch("a logistic regression", w, (2,))
    check_samples("a logistic regression", x, y, *w.shape)
    ghat = guess(x @ w, y)
    return w - xp.linalg.solve(x.T @ x, x.T @ ghat) / guess.a
