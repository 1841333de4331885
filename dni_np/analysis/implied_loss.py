"""Implied loss: the integral of a guess along a path, the loss whose gradient it would be.

A guess that is the gradient of a loss can be integrated to that loss, along any path from h_0 to h:

    L(h) - L(h_0) = integral of <ghat(q), dq>

So the guesses are summed along a path, to be plotted beside the true loss. The trapezoid rule is
exact where ghat is linear in q, and its loss quadratic. In one dimension any function is some
loss's gradient. In more it need not be: a linear guess q A + y B + C has a loss only if A is
symmetric, since

    d ghat_i / d q_j = d^2 L / (dq_i dq_j) = d ghat_j / d q_i

and where it has none, two paths to the same point give two losses. `detour` measures that.

(Czarnecki et al. 2017 plot such losses; the procedure is from memory, not checked.)
"""

from dni_np.arguments import size
from dni_np.backend import xp
from dni_np.nn.checks import check_alike, check_batch


def straight(start, end, steps=50):
    """A path (steps + 1, N, D) from `start` to `end`, both (N, D)."""
    check_alike("a path", start, end, (2,))
    size("steps", steps)
    share = xp.linspace(0, 1, steps + 1)[:, None, None]
    return start + share * (end - start)


def implied_loss(guess, path):
    """Losses (P, N) along a path (P, N, D), 0 at its start.

    `guess(q (N, D)) -> ghat (N, D)`; where it depends on the labels, they are fixed in it.
    """
    check_batch("an implied loss", path, (3,))
    gradients = xp.stack([guess(q) for q in path])  # (P, N, D)
    between = 0.5 * (gradients[1:] + gradients[:-1])
    pieces = (between * (path[1:] - path[:-1])).sum(axis=2)  # (P - 1, N)
    return xp.concatenate([xp.zeros_like(pieces[:1]), xp.cumsum(pieces, axis=0)])


def detour(guess, start, middle, end, steps=50):
    """The implied loss of the path over `middle` less that of the straight one, (N,).

    0 everywhere for a guess that has a loss. `start`, `middle`, `end` are (N, D).
    """
    parts = [straight(start, middle, steps), straight(middle, end, steps)]
    there = sum(implied_loss(guess, path)[-1] for path in parts)
    return there - implied_loss(guess, straight(start, end, steps))[-1]
