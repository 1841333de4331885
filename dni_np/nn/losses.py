"""Losses: each returns the mean over the batch and the per-sample gradient.

    loss, dprediction = loss_function(prediction, target)

The mean is a device scalar (fetch it only to show it); row n of the gradient is
dL_n/dprediction_n, not divided by N (see `layer`).
"""

import numpy as np

from dni_np.backend import xp
from dni_np.nn.checks import check_alike, check_labels, indices, marked


def below_largest(logits):
    """Logits z minus their maximum over the classes, the last axis.

    Without NumPy's warnings: where a logit is +inf it is nan, which the loss shows, and where the
    difference is too large for a float it is -inf, which is right.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return logits - logits.max(axis=-1, keepdims=True)


class SoftmaxCrossEntropy:
    """L_n = -log softmax(z_n)[t_n] for logits z (N, C) and integer labels t (N,).

    dL_n/dz_n = softmax(z_n) - onehot(t_n). The largest logit is subtracted first:
    the value is unchanged and no exponential overflows.

    A label that is none of 0..C-1 is refused; on a device its loss is nan (see `checks`).
    """

    def __call__(self, logits, labels):
        logits, labels = self.checked(logits, labels)
        below = below_largest(logits)  # (N, C)
        p = xp.exp(below)
        total = p.sum(axis=1, keepdims=True)  # (N, 1)
        p /= total
        rows = xp.arange(len(labels))
        loss = (xp.log(total[:, 0]) - below[rows, labels]).mean()
        p[rows, labels] -= 1
        return loss, p

    def each(self, logits, labels):
        """L_n of every sample, (N,)."""
        logits, labels = self.checked(logits, labels)
        below = below_largest(logits)
        return xp.log(xp.exp(below).sum(axis=1)) - below[xp.arange(len(labels)), labels]

    def errors(self, logits, labels):
        """How many samples are classified wrongly, as a device scalar."""
        check_labels(logits, labels, axes=2)
        return (logits.argmax(axis=1) != labels).sum()

    def checked(self, logits, labels):
        """Both, as they can be used: on a device the logits are nan where the label is wrong."""
        check_labels(logits, labels, axes=2)
        classes = logits.shape[1]
        return marked(logits, labels, classes), indices(labels, classes)


class SquaredError:
    """L_n = 1/2 ||p_n - t_n||^2 for predictions and targets (N, D); dL_n/dp_n = p_n - t_n."""

    def __call__(self, prediction, target):
        self.check(prediction, target)
        difference = prediction - target  # (N, D)
        loss = 0.5 * (difference * difference).sum() / len(prediction)
        return loss, difference

    def each(self, prediction, target):
        """L_n of every sample, (N,)."""
        self.check(prediction, target)
        return 0.5 * ((prediction - target) ** 2).sum(axis=1)

    def errors(self, prediction, target):
        """The share of outputs on the wrong side of 1/2 (targets are bits), summed over samples."""
        self.check(prediction, target)
        return ((prediction > 0.5) != (target > 0.5)).mean(axis=1).sum()

    def check(self, prediction, target):
        """Refuse what does not fit: a target (N, 1) would be compared with each of D outputs."""
        check_alike("a squared error", prediction, target, (2,))
