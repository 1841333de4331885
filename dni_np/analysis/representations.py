"""How does a layer see the data? Which images does it hold for alike? (Czarnecki et al. 2017; the procedure is M)

For N images with activations h (N, D) the representation dissimilarity matrix is

    R_nm = 1 - corr(h_n, h_m)        (N, N); 0: alike, 1: nothing in common, 2: opposite

with the correlation over the D units. It does not depend on which unit says what, nor on how many there are, so that layers
of any width, also of different networks, can be compared (Kriegeskorte et al. 2008, "Representational similarity analysis",
M). Sort the images by class, and classes that a layer tells apart are dark squares on the diagonal.

Two layers agree as much as the entries of their matrices above the diagonal correlate: 1 if they order all pairs of images
in the same way, up to scale.
"""

from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.layers import activations
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_alike, check_batch


def dissimilarity(h):
    """Activations (N, D) or (N, ...) -> R (N, N) in float64. A row that is constant has nothing in common with any other."""
    check_batch("a dissimilarity", h)
    h = h.reshape(len(h), -1).astype(xp.float64)
    if h.shape[1] < 2:
        raise UserError("a correlation needs at least 2 units in the layer")
    h = h - h.mean(axis=1, keepdims=True)
    size = xp.sqrt((h * h).sum(axis=1, keepdims=True))  # (N, 1)
    h = h / xp.where(size > 0, size, 1)
    return 1 - h @ h.T


def agreement(one, other):
    """Correlation of two dissimilarity matrices (N, N) above their diagonals, a device scalar; 0 where one is constant."""
    check_alike("an agreement", one, other, (2,))
    if one.shape[0] != one.shape[1] or len(one) < 3:
        raise UserError(
            f"an agreement needs two matrices (N, N) of at least 3 images, not {one.shape}"
        )
    above = xp.triu(xp.ones(one.shape), 1)
    pairs = above.sum()
    a, b = ((matrix - (above * matrix).sum() / pairs) * above for matrix in (one, other))
    return pooled_cosine(a, b)


def agreement_with_last(rule, x):
    """For each layer of a network, how far it agrees with the last one on the images x: a list of device scalars."""
    matrices = [dissimilarity(h) for h in activations(rule, x)]
    return [agreement(matrix, matrices[-1]) for matrix in matrices]
