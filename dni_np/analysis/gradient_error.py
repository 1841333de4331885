"""Gradient error: the distance of a synthetic gradient from the true one.

(Jaderberg et al. 2017, figure 12.)

For per-sample gradients ghat and g, both (N, D), averaged over the N samples:

    cosine   <ghat, g> / (||ghat|| ||g||)      1: same direction, 0: unrelated, -1: opposite
    l2       ||ghat - g||
    sign     share of the D dimensions whose signs differ; 1/2 by chance

    pooled cosine    <ghat, g> / (||ghat|| ||g||) of all N rows at once: those with a large gradient
                     have more weight

A zero gradient has no direction: its cosine counts as 0, and its sign as differing from
any that is not zero.
"""

from dni_np.backend import xp
from dni_np.nn.checks import check_alike


def gradient_error(synthetic, true):
    """{"cosine", "l2", "sign"}: device scalars, from two (N, D) arrays."""
    check_alike("a comparison of gradients", synthetic, true)
    synthetic, true = synthetic.reshape(len(synthetic), -1), true.reshape(len(true), -1)
    product = (synthetic * true).sum(axis=1)  # (N,)
    sizes = norm(synthetic) * norm(true)  # (N,)
    cosine = xp.where(sizes > 0, product / xp.maximum(sizes, 1e-30), 0)
    return {
        "cosine": cosine.mean(),
        "l2": norm(synthetic - true).mean(),
        "sign": (xp.sign(synthetic) != xp.sign(true)).mean(),
    }


def norm(rows):
    """Euclidean length of each row, (N, D) -> (N,)."""
    return xp.sqrt((rows * rows).sum(axis=1))


def pooled_cosine(synthetic, true):
    """A device scalar, from two arrays of one shape; 0 where one of them is all zero."""
    check_alike("a comparison of gradients", synthetic, true)
    sizes = xp.sqrt((synthetic * synthetic).sum() * (true * true).sum())
    return (synthetic * true).sum() / xp.maximum(sizes, 1e-30)
