"""Linear probe: a linear classifier fitted to a layer's activations.

(Alain & Bengio 2016, "Understanding intermediate layers"; from memory, not checked.) With
activations h (N, D) and one-hot labels Y (N, C), both with their means subtracted, the probe is
ridge regression,

    minimize 1/N ||h V - Y||^2 + r s ||V||^2        V = (h^T h / N + r s I)^{-1} h^T Y / N

with s the mean variance of the D units, so that r has the same effect at any scale of h. The class
is that of the largest output. The closed form treats every layer alike: there is nothing to tune
but r, and no training that could fail.
"""

from dni_np.analysis.layers import activations
from dni_np.arguments import number, size
from dni_np.backend import xp
from dni_np.nn.checks import check_batch, check_ids, check_labels, check_samples
from dni_np.nn.embedding import one_hot


class LinearProbe:
    """Fitted to activations (N, D) and integer labels (N,)."""

    def __init__(self, h, labels, classes, ridge=1e-3):
        check_ids("a linear probe", labels, size("classes", classes), axes=1)
        targets = one_hot(labels, classes, xp.float64)
        check_samples("a linear probe", h, targets)
        ridge = number("ridge", ridge, "[0, inf)")
        h = h.astype(xp.float64)
        self.h_mean, self.target_mean = h.mean(axis=0), targets.mean(axis=0)
        h, targets = h - self.h_mean, targets - self.target_mean
        covariance = h.T @ h / len(h)  # (D, D)
        # The tiny number only keeps the matrix invertible where all units are constant.
        penalty = ridge * xp.trace(covariance) / len(covariance) + 1e-12
        regularized = covariance + penalty * xp.eye(len(covariance))
        self.weights = xp.linalg.solve(regularized, h.T @ targets / len(h))  # (D, C)

    def predict(self, h):
        """(M, D) -> (M, C)."""
        check_batch("a linear probe", h, (2,), len(self.weights))
        return (h - self.h_mean) @ self.weights + self.target_mean

    def error(self, h, labels):
        """Share of wrong classes, a device scalar."""
        outputs = self.predict(h)
        check_labels(outputs, labels, axes=2)
        return (outputs.argmax(axis=1) != labels).mean()


def probe_errors(rule, train, test, classes, ridge=1e-3):
    """For each layer of a network, the error on `test` of a probe fitted to `train`.

    Both are (x, labels) on the device; the errors are device scalars.
    """
    (x, labels), (x_test, labels_test) = train, test
    pairs = zip(activations(rule, x), activations(rule, x_test))
    return [
        LinearProbe(h, labels, classes, ridge).error(h_test, labels_test) for h, h_test in pairs
    ]
