"""The linear layer, y = x W + b."""

from dni_np.arguments import precision, size
from dni_np.backend import FLOAT, asarray, xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.initializers import he_normal
from dni_np.nn.layer import Layer


class Linear(Layer):
    """y = x W + b, with W (n_in, n_out) and b (n_out,).

    Backward, for per-sample gradients dy (see `layer`):

        dx = dy W^T        dW = x^T dy / N        db = sum_n dy_n / N

    Leave the bias out in front of a BatchNorm, which subtracts it again.
    """

    def __init__(self, n_in, n_out, rng, bias=True, init=he_normal, dtype=FLOAT):
        n_in, n_out, dtype = size("n_in", n_in), size("n_out", n_out), precision(dtype)
        params = {"W": asarray(init(n_in, n_out, rng), dtype)}
        if bias:
            params["b"] = xp.zeros(n_out, dtype)
        super().__init__(**params)

    def forward(self, x, training=True):
        W = self.params["W"]
        check_batch(self, x, (2,), W.shape[0])
        y = x @ W  # (N, n_out)
        if "b" in self.params:
            y += self.params["b"]
        return y, x

    def backward(self, dy, cache, input_gradient=True):
        x = cache
        n = len(x)
        check_gradient(self, dy, (n, self.params["W"].shape[1]))
        # The division by N takes a pass over the smaller of the two, dy or dW.
        of_mean = dy * (1 / n) if n < x.shape[1] else dy
        xp.matmul(x.T, of_mean, out=self.grads["W"])  # (n_in, n_out)
        if of_mean is dy:
            self.grads["W"] *= 1 / n
        if "b" in self.grads:
            dy.sum(axis=0, out=self.grads["b"])  # (n_out,)
            self.grads["b"] /= n
        if "hessian" in self.grads:
            self.write_hessian(x)
        dx = dy @ self.params["W"].T if input_gradient else None  # (N, n_in)
        return dx

    def write_hessian(self, x):
        """phi^T phi / N with phi = [x, 1], for an optimizer that needs it.

        It is the second derivative of the mean of 1/2 ||y - target||^2 by any column of W over b
        (see `recursive_least_squares`).
        """
        hessian, n_in = self.grads["hessian"], x.shape[1]
        xp.matmul(x.T, x, out=hessian[:n_in, :n_in])
        hessian[:n_in, :n_in] *= 1 / len(x)
        if "b" in self.params:
            hessian[:n_in, n_in] = hessian[n_in, :n_in] = x.mean(axis=0)
            hessian[n_in, n_in] = 1
