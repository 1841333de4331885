"""The convolution: one small linear layer, applied at every position of an image.

Images are (N, H, W, C): sample, row, column, channel. This order is defined here, and all
layers for images use it. With the channels last, every position of an image is a row of
features, as in `Linear`, and a convolution is a handful of matrix products on such rows.

    y[n, a, b] = sum_{i, j} x[n, s a + i - p, s b + j - p] W[i, j] + bias        (zero outside x)

with the kernel W (k, k, C_in, C_out), stride s, and p rows of it hanging over the edge. This page
loops over the kernel's k^2 offsets; `conv_columns` and `conv_frequency` compute the same faster.
"""

from dni_np.arguments import precision, size
from dni_np.backend import FLOAT, asarray, xp
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.initializers import he_normal
from dni_np.nn.layer import Layer
from dni_np.nn.windows import Windows


class Conv2D(Layer):
    """x (N, H, W, n_in) -> y (N, H', W', n_out), by kernels of k x k; H' and W' as in `windows`.

    Backward, for per-sample gradients dy, with x_ij (N, H', W', n_in) the input as offset
    (i, j) of the kernel sees it:

        dx_ij += dy W[i, j]^T        dW[i, j] = sum_{n, a, b} x_ij^T dy / N

    Jaderberg et al. 2017, section D.1, uses k = 5, stride 1, "same".
    """

    def __init__(
        self,
        n_in,
        n_out,
        rng,
        kernel=5,
        stride=1,
        padding="same",
        bias=True,
        init=he_normal,
        dtype=FLOAT,
    ):
        n_in, n_out, dtype = size("n_in", n_in), size("n_out", n_out), precision(dtype)
        self.windows = Windows(kernel, stride, padding)
        W = init(kernel * kernel * n_in, n_out, rng).reshape(kernel, kernel, n_in, n_out)
        params = {"W": asarray(W, dtype)}
        if bias:
            params["b"] = xp.zeros(n_out, dtype)
        super().__init__(**params)

    def forward(self, x, training=True):
        check_batch(self, x, (4,), self.params["W"].shape[2])
        y = self.correlate(x)  # (N, H', W', n_out)
        if "b" in self.params:
            y += self.params["b"]
        return y, x

    def backward(self, dy, cache, input_gradient=True):
        x, n = cache, len(cache)
        check_gradient(self, dy, (n, *self.windows.count(x), self.params["W"].shape[3]))
        dx, dW = self.gradients(x, dy, input_gradient)
        xp.multiply(dW, 1 / n, out=self.grads["W"])  # (k, k, n_in, n_out)
        if "b" in self.grads:
            self.grads["b"][...] = dy.reshape(-1, dy.shape[-1]).sum(axis=0) / n
        return dx

    def gradients(self, x, dy, input_gradient):
        """(dx, or None without `input_gradient`; dW summed over samples and positions)."""
        return (self.input_gradient(x, dy) if input_gradient else None), self.kernel_gradient(x, dy)

    # The three sums. Faster versions write these anew.

    def correlate(self, x):
        """y = sum_ij x_ij W[i, j]."""
        y = xp.zeros((len(x), *self.windows.count(x), self.params["W"].shape[3]), x.dtype)
        for offset, windows, pixels in self.windows.offsets(x):
            y[windows] += x[pixels] @ self.params["W"][offset]  # (N, ., ., n_out)
        return y

    def kernel_gradient(self, x, dy):
        """dW[i, j] = x_ij^T dy, summed over samples and positions."""
        dW = xp.empty_like(self.params["W"])
        for offset, windows, pixels in self.windows.offsets(x):
            seen = x[pixels].reshape(-1, x.shape[3])  # (positions, n_in)
            dW[offset] = seen.T @ dy[windows].reshape(-1, dy.shape[3])
        return dW

    def input_gradient(self, x, dy):
        """dx_ij += dy W[i, j]^T."""
        dx = xp.zeros_like(x)
        for offset, windows, pixels in self.windows.offsets(x):
            dx[pixels] += dy[windows] @ self.params["W"][offset].T
        return dx
