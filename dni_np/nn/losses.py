"""Losses: each returns the mean over the batch and the per-sample gradient.

    loss, dprediction = loss_function(prediction, target)

The mean is a device scalar (fetch it only to show it); row n of the gradient is
dL_n/dprediction_n, not divided by N (see `layer`).
"""

from dni_np.backend import xp
from dni_np.errors import UserError


class SoftmaxCrossEntropy:
    """L_n = -log softmax(z_n)[t_n] for logits z (N, C) and integer labels t (N,).

    dL_n/dz_n = softmax(z_n) - onehot(t_n). The largest logit is subtracted first:
    the value is unchanged and no exponential overflows.
    """

    def __call__(self, logits, labels):
        if logits.ndim != 2 or labels.shape != logits.shape[:1]:
            raise UserError(f"logits {logits.shape} need integer labels of shape (N,), not {labels.shape}")
        shifted = logits - logits.max(axis=1, keepdims=True)  # (N, C)
        p = xp.exp(shifted)
        total = p.sum(axis=1, keepdims=True)  # (N, 1)
        p /= total
        rows = xp.arange(len(labels))
        loss = (xp.log(total[:, 0]) - shifted[rows, labels]).mean()
        p[rows, labels] -= 1
        return loss, p

    def each(self, logits, labels):
        """L_n of every sample, (N,)."""
        shifted = logits - logits.max(axis=1, keepdims=True)
        return xp.log(xp.exp(shifted).sum(axis=1)) - shifted[xp.arange(len(labels)), labels]

    def errors(self, logits, labels):
        """How many samples are classified wrongly, as a device scalar."""
        return (logits.argmax(axis=1) != labels).sum()


class SquaredError:
    """L_n = 1/2 ||p_n - t_n||^2 for predictions and targets (N, D); dL_n/dp_n = p_n - t_n."""

    def __call__(self, prediction, target):
        if prediction.shape != target.shape:
            raise UserError(f"prediction {prediction.shape} and target {target.shape} must have the same shape")
        difference = prediction - target  # (N, D)
        loss = 0.5 * (difference * difference).sum() / len(prediction)
        return loss, difference

    def each(self, prediction, target):
        """L_n of every sample, (N,)."""
        return 0.5 * ((prediction - target) ** 2).sum(axis=1)

    def errors(self, prediction, target):
        """The share of outputs on the wrong side of 1/2 (targets are bits), summed over samples."""
        return ((prediction > 0.5) != (target > 0.5)).mean(axis=1).sum()
