"""The convolution, as one would explain it: slide a small linear layer over the image.

Images are (N, H, W, C): sample, row, column, channel. This is the one place that says so, and
all layers for images follow. With the channels last, every position of an image is a row of
features, as in `Linear`, and a convolution is a handful of matrix products on such rows.

    y[n, a, b] = sum_{i, j} x[n, s a + i - p, s b + j - p] W[i, j] + bias        (zero outside x)

with the kernel W (k, k, C_in, C_out), stride s and p rows of padding. This page loops over the
kernel's k^2 offsets; `conv_columns` and `conv_frequency` compute the same faster.
"""

from dni_np.backend import FLOAT, asarray, xp
from dni_np.errors import UserError
from dni_np.nn.initializers import he_normal
from dni_np.nn.layer import Layer


class Conv2D(Layer):
    """x (N, H, W, n_in) -> y (N, H', W', n_out), by kernels of k x k.

    "same" padding gives H' = ceil(H / stride); "valid" pads nothing, H' = (H - k) // stride + 1.
    Backward, for per-sample gradients dy, with x_ij the input as offset (i, j) sees it:

        dx gathers dy W[i, j]^T at each offset        dW[i, j] = sum_{n, a, b} x_ij^T dy / N

    Jaderberg et al. 2017, section D.1, uses k = 5, stride 1, "same".
    """

    def __init__(self, n_in, n_out, rng, kernel=5, stride=1, padding="same", bias=True, init=he_normal, dtype=FLOAT):
        if padding not in ("same", "valid") or kernel < 1 or stride < 1:
            raise UserError(
                f"a convolution needs padding same or valid, kernel and stride of at least 1; not {padding}, {kernel}, {stride}"
            )
        W = init(kernel * kernel * n_in, n_out, rng).reshape(kernel, kernel, n_in, n_out)
        params = {"W": asarray(W, dtype)}
        if bias:
            params["b"] = xp.zeros(n_out, dtype)
        super().__init__(**params)
        self.kernel, self.stride = kernel, stride
        self.before, self.after = ((kernel - 1) // 2, kernel // 2) if padding == "same" else (0, 0)

    def forward(self, x, training=True):
        self.check(x)
        y = self.correlate(x)  # (N, H', W', n_out)
        if "b" in self.params:
            y += self.params["b"]
        return y, x

    def backward(self, dy, cache, input_gradient=True):
        x, n = cache, len(dy)
        self.grads["W"][...] = self.kernel_gradient(x, dy)  # (k, k, n_in, n_out)
        self.grads["W"] *= 1 / n
        if "b" in self.grads:
            self.grads["b"][...] = dy.reshape(-1, dy.shape[-1]).sum(axis=0) / n
        return (self.input_gradient(x, dy) if input_gradient else None), self.grads

    # The three sums, which the faster versions write anew.

    def correlate(self, x):
        """sum_ij x_ij W[i, j]."""
        padded, size = self.pad(x), self.output_size(x)
        y = 0
        for i, j in self.offsets():
            y = y + padded[self.seen(i, j, *size)] @ self.params["W"][i, j]  # (N, H', W', n_out)
        return y

    def kernel_gradient(self, x, dy):
        """x_ij^T dy for every offset, summed over samples and positions."""
        padded, size, dW = self.pad(x), self.output_size(x), xp.empty_like(self.params["W"])
        rows = dy.reshape(-1, dy.shape[-1])  # (N H' W', n_out)
        for i, j in self.offsets():
            dW[i, j] = padded[self.seen(i, j, *size)].reshape(len(rows), -1).T @ rows
        return dW

    def input_gradient(self, x, dy):
        """What each offset saw of x gets its share back."""
        n, h, w, c = x.shape
        size = self.output_size(x)
        dx = xp.zeros((n, h + self.before + self.after, w + self.before + self.after, c), dy.dtype)
        for i, j in self.offsets():
            dx[self.seen(i, j, *size)] += dy @ self.params["W"][i, j].T
        return dx[:, self.before : self.before + h, self.before : self.before + w]

    def offsets(self):
        return ((i, j) for i in range(self.kernel) for j in range(self.kernel))

    def seen(self, i, j, height, width):
        """The part of the padded input that offset (i, j) of the kernel meets, for an output of that size."""
        rows = slice(i, i + self.stride * (height - 1) + 1, self.stride)
        return slice(None), rows, slice(j, j + self.stride * (width - 1) + 1, self.stride)

    def output_size(self, x, padding=None):
        """(H', W')."""
        more = self.before + self.after if padding is None else padding
        return tuple((size + more - self.kernel) // self.stride + 1 for size in x.shape[1:3])

    def pad(self, x):
        """x with zeros around."""
        around = (self.before, self.after)
        return xp.pad(x, ((0, 0), around, around, (0, 0))) if self.before + self.after else x

    def check(self, x):
        W = self.params["W"]
        if x.ndim != 4 or x.shape[3] != W.shape[2]:
            raise UserError(
                f"a convolution with kernel {W.shape} cannot take {x.shape}: it needs (N, height, width, {W.shape[2]})"
            )
        if min(self.output_size(x)) < 1:
            raise UserError(f"a kernel {W.shape} is larger than the images, {x.shape}: take a smaller one, or padding same")
