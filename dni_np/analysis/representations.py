"""Representation dissimilarity: which images have similar activations in a layer.

(Czarnecki et al. 2017; the procedure is from memory, not checked.) For N images with activations
h (N, D) the representation dissimilarity matrix is

    R_nm = 1 - corr(h_n, h_m)        (N, N); 0: alike, 1: nothing in common, 2: opposite

with the correlation over the D units. Its shape does not depend on D, nor its entries on the order
of the units, so that layers of any width, also of different networks, can be compared (Kriegeskorte
et al. 2008, "Representational similarity analysis"; from memory, not checked). With the images
sorted by class, classes that a layer separates are dark squares on the diagonal.

The agreement of two layers is the correlation of the entries of their matrices above the diagonal:
1 if one is the other up to a positive scale and a shift.
"""

from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.layers import activations
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_alike, check_batch


def dissimilarity(h):
    """Activations (N, ...) -> R (N, N) in float64; a constant row correlates with none."""
    check_batch("a dissimilarity", h)
    h = h.reshape(len(h), -1).astype(xp.float64)
    if h.shape[1] < 2:
        raise UserError("a correlation needs at least 2 units in the layer")
    h = h - h.mean(axis=1, keepdims=True)
    size = xp.sqrt((h * h).sum(axis=1, keepdims=True))  # (N, 1)
    h = h / xp.where(size > 0, size, 1)
    return 1 - h @ h.T


def agreement(one, other):
    """Correlation of two dissimilarity matrices (N, N) above their diagonals, a device scalar.

    0 where one of them is constant there.
    """
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
    """For each layer of a network, its agreement with the last one on the images x (N, ...).

    A list of device scalars.
    """
    matrices = [dissimilarity(h) for h in activations(rule, x)]
    return [agreement(matrix, matrices[-1]) for matrix in matrices]
