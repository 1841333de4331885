"""im2col: the convolution as one matrix product, with the kernel's input written out.

    columns (positions, k k n_in) @ W (k k n_in, n_out)

The columns hold every pixel k^2 times. For a whole batch that is hundreds of megabytes; so
they are written for a few images at a time, which stay in the processor's cache. They are
written as their transpose: for one offset and channel, neighboring positions lie side by side
in the image, and are copied in whole rows.
"""

from dni_np import backend
from dni_np.backend import xp
from dni_np.nn.conv import Conv2D
from dni_np.nn.fast.batch_threads import in_parallel, slices, sum_in_parallel

HOST_BYTES, DEVICE_BYTES = 1 << 22, 1 << 28  # of columns at a time
SMALL = 10**6  # multiplications


class ColumnsConv2D(Conv2D):
    """Conv2D by im2col, a block of images at a time."""

    def correlate(self, x):
        W = self.params["W"].reshape(-1, self.params["W"].shape[3])  # (k k n_in, n_out)
        y = xp.empty((len(x), *self.windows.count(x), W.shape[1]), x.dtype)

        def convolve(block):
            columns = self.columns(x[block])
            rows = y[block].reshape(len(columns), -1)
            for some, out in zip(small(columns, W.size), small(rows, W.size)):
                xp.matmul(some, W, out=out)

        in_parallel(convolve, self.blocks(x))
        return y

    def kernel_gradient(self, x, dy):
        def product(block):
            columns = self.columns(x[block])
            rows, size = dy[block].reshape(len(columns), -1), self.params["W"].size
            parts = zip(small(columns, size), small(rows, size))
            return sum((some.transpose(0, 2, 1) @ above).sum(axis=0) for some, above in parts)

        return sum_in_parallel(product, self.blocks(x)).reshape(self.params["W"].shape)

    def blocks(self, x):
        """Slices of the batch, of as many images as have columns that fit into the cache."""
        counts = self.windows.count(x)
        bytes_each = counts[0] * counts[1] * self.params["W"][..., 0].size * x.dtype.itemsize
        limit = HOST_BYTES if backend.on_host() else DEVICE_BYTES
        return slices(len(x), max(1, limit // bytes_each))

    def columns(self, x):
        """(n, H, W, C) -> (n H' W', k k C), the kernel's input at each position.

        It is zero beyond the edge.
        """
        k, s = self.windows.size, self.windows.stride
        before, after = self.windows.before, self.windows.after
        n, height, width, c = x.shape
        framed = xp.zeros((n, before + height + after, before + width + after, c), x.dtype)
        framed[:, before : before + height, before : before + width] = x
        seen = xp.lib.stride_tricks.sliding_window_view(framed, (k, k), axis=(1, 2))
        seen = seen[:, ::s, ::s]  # (n, H', W', C, k, k), a view: nothing is copied k^2 times yet.
        # Now it is, in one call: a call for each offset would make the threads wait for each other.
        return seen.transpose(4, 5, 3, 0, 1, 2).reshape(k * k * c, -1).T


def small(rows, each):
    """Rows (P, n) as stacks (P // r, r, n) and (1, P % r, n), for small products of r rows.

    A row has `each` multiplications. OpenBLAS's AVX-512 kernel takes the factors of a product of up
    to a million as they are; for a larger one it first copies them into an order of its own, which
    does not pay where the kernel sees few numbers.
    """
    r = max(1, SMALL // each) if backend.on_host() else len(rows)
    whole = len(rows) // r * r
    return rows[:whole].reshape(-1, r, rows.shape[1]), rows[None, whole:]
