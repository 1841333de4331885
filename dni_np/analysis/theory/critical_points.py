"""Critical points: the weights at which learning stops, under true gradients and under guesses.

A linear layer p = x w stops under the true gradients d (N, D_p) where x^T d = 0, and under guesses
ghat where x^T ghat = 0. Take the best linear guess: the least-squares fit of d from what it sees,
z (N, K),

    ghat = Z d,   Z the projection on the columns of z
    the field   x^T Z d / N   in place of   x^T d / N

For linear regression, d = p - y, the critical points follow directly:

    z = (p, y)      Z d = d: the same field everywhere; a guess that can be right changes nothing
    z = p           the true ones are kept: where x^T d = 0 also p^T d = 0, and so Z d = 0. New ones
                    appear wherever p^T d = 0, for one output the whole ellipsoid
                    w^T (x^T x) w = w^T x^T y, which contains 0 and the solution
    z = y           the true one is lost: at the solution y^T d = -||d||^2 is not zero, unless the
                    fit is perfect. Learning ends elsewhere, on the plane y^T p = y^T y

The guess is assumed to be fully fitted, as after a long time at a small rate of the layer.
(After Czarnecki et al. 2017; from memory, not checked.)
"""

from dni_np.backend import xp
from dni_np.nn.checks import check_batch, check_samples


def best_guess(seen, d, tolerance=1e-9):
    """Projection of the true gradients d (N, D) on the columns of `seen` (N, K), what it sees.

    The columns may be linearly dependent.
    """
    check_samples("a linear guess", seen, d)
    basis, sizes, _ = xp.linalg.svd(seen, False)  # (N, K), (K,)
    basis = basis * (sizes > tolerance * xp.maximum(sizes[0], 1e-300))
    return basis @ (basis.T @ d)


def fields(x, y, w, see):
    """(true, guessed) gradients of w (D, K) for linear regression on x (N, D), y (N, K).

    see(p, y) -> the columns that the guess sees, (N, any number).
    """
    check_batch("a linear layer", w, (2,))
    check_samples("a linear layer", x, y, *w.shape)
    p = x @ w
    d = p - y
    return x.T @ d / len(x), x.T @ best_guess(see(p, y), d) / len(x)
