"""Sequence losses: the sum of a loss over the steps that are scored.

    loss, dlogits = loss_function(logits, (labels, mask))

as in `losses`, with logits (T, N, C), integer labels (T, N) and a mask (T, N) that is 1 (or True)
where a step is scored and 0 where it is not, such as while a Copy network still reads. The loss is
the mean over the N samples, a device scalar; dlogits is per sample, not divided by anything.
"""

import math

from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_labels, found, indices, marked
from dni_np.nn.losses import below_largest


class MaskedSoftmaxCrossEntropy:
    """L_n = -sum_t m_tn log softmax(z_tn)[label_tn], for logits z and a mask m.

        dL_n/dz_tn = m_tn (softmax(z_tn) - onehot(label_tn))

    Where nothing is scored the label does not matter, but must be one of the C: others are refused,
    and on a device their loss is nan (see `checks`).
    """

    def __call__(self, logits, target):
        labels, mask = self.check(logits, target)
        classes = logits.shape[2]
        logits, labels = marked(logits, labels, classes), indices(labels, classes)
        below = below_largest(logits)  # (T, N, C)
        p = xp.exp(below)
        total = p.sum(axis=2, keepdims=True)  # (T, N, 1)
        p /= total
        step, sample = xp.arange(len(logits))[:, None], xp.arange(logits.shape[1])
        nats = xp.log(total[:, :, 0]) - below[step, sample, labels]  # (T, N), -log p
        nats *= mask
        p[step, sample, labels] -= 1
        p *= mask[:, :, None]
        return nats.sum() / logits.shape[1], p

    def errors(self, logits, target):
        """At how many scored steps another symbol has the largest logit, as a device scalar."""
        labels, mask = self.check(logits, target)
        return ((logits.argmax(axis=2) != labels) * mask).sum()

    def check(self, logits, target):
        """The labels and the mask, if they fit."""
        if not (isinstance(target, (tuple, list)) and len(target) == 2):
            raise UserError(
                f"the target of a sequence is a pair (labels, mask), not {found(target)}"
            )
        labels, mask = target
        check_labels(logits, labels, axes=3)
        check_mask(mask, labels.shape)
        return labels, mask


def check_mask(mask, shape):
    """Refuse what is no mask of that shape."""
    if not (type(mask) is xp.ndarray and mask.dtype.kind in "bfiu" and mask.shape == shape):
        raise UserError(
            f"a mask needs a 1 or a 0 for each step, shape {shape}: {found(mask)} is none"
        )


def bits_per_symbol(loss, mask):
    """The mean of -log2 p over the scored steps, in bits: it does not grow with the sequence.

    For a sequence in chunks give the sum of their losses and the whole sequence's mask (T, N): a
    chunk alone may have no scored step. A mean over many sequences weighs each by its mask.sum().
    """
    check_mask(mask, getattr(mask, "shape", None))
    return loss * (mask.shape[1] / math.log(2)) / mask.sum()
