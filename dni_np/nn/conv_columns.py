"""The convolution as one matrix product: write out what the kernel sees at each position ("im2col").

    columns (positions, k k n_in) @ W (k k n_in, n_out)

The columns hold every pixel k^2 times. For a whole batch that is hundreds of megabytes; so
they are written for a few images at a time, which stay in the processor's cache. They are
written as their transpose: for one offset and channel, neighboring positions lie side by side
in the image, and are copied in whole rows.
"""

from dni_np import backend
from dni_np.backend import xp
from dni_np.nn.conv import Conv2D

HOST_BYTES, DEVICE_BYTES = 1 << 20, 1 << 28  # of columns at a time


class ColumnsConv2D(Conv2D):
    """Conv2D by im2col, a block of images at a time."""

    def correlate(self, x):
        y = xp.empty((len(x), *self.output_size(x), self.params["W"].shape[3]), x.dtype)
        W = self.params["W"].reshape(-1, y.shape[3])  # (k k n_in, n_out)
        padded = self.pad(x)
        for block in self.blocks(x):
            columns = self.columns(padded[block])
            xp.matmul(columns, W, out=y[block].reshape(len(columns), -1))
        return y

    def kernel_gradient(self, x, dy):
        padded, dW = self.pad(x), 0
        for block in self.blocks(x):
            columns = self.columns(padded[block])
            dW = dW + columns.T @ dy[block].reshape(len(columns), -1)
        return dW.reshape(self.params["W"].shape)

    def columns(self, padded):
        """(n, H, W, C) -> (n H' W', k k C), what the kernel sees at each position."""
        n, _, _, c = padded.shape
        height, width = self.output_size(padded, padding=0)
        columns = xp.empty((self.kernel, self.kernel, c, n, height, width), padded.dtype)
        for i, j in self.offsets():
            columns[i, j] = padded[self.seen(i, j, height, width)].transpose(3, 0, 1, 2)
        return columns.reshape(-1, n * height * width).T

    def blocks(self, x):
        """Slices of the batch whose columns fit into the cache."""
        height, width = self.output_size(x)
        bytes_each = height * width * self.params["W"][..., 0].size * x.dtype.itemsize
        size = max(1, (HOST_BYTES if backend.on_host() else DEVICE_BYTES) // bytes_each)
        return [slice(start, start + size) for start in range(0, len(x), size)]
