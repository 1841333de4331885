"""Sliding windows: which part of an image does each offset of a kernel meet?

Convolutions and poolings share this geometry. A window of size k moves over the image (N, H, W, C)
in steps of s; `padding` "same" surrounds the image with enough to have one window for every s-th
pixel, H' = ceil(H / s); "valid" adds nothing, H' = (H - k) // s + 1.
"""

from dni_np import backend
from dni_np.backend import xp
from dni_np.errors import UserError


class Windows:
    """The windows of one layer: `size` k, `stride` s, and the rows added `before` and `after` the image."""

    def __init__(self, size, stride, padding):
        if padding not in ("same", "valid") or size < 1 or stride < 1:
            raise UserError(
                f"windows need a size and a stride of at least 1, padding same or valid: not {size}, {stride}, {padding}"
            )
        self.size, self.stride = size, stride
        self.before, self.after = ((size - 1) // 2, size // 2) if padding == "same" else (0, 0)

    def offsets(self):
        """All (i, j) in a window, row by row."""
        return ((i, j) for i in range(self.size) for j in range(self.size))

    def count(self, x):
        """(H', W'), how many windows fit down and across the images x (N, H, W, C)."""
        counts = tuple((length + self.before + self.after - self.size) // self.stride + 1 for length in x.shape[1:3])
        if min(counts) < 1:
            k = self.size
            raise UserError(
                f"windows of {k} x {k} are larger than the images, {x.shape}: take smaller ones, or padding same"
            )
        return counts

    def pad(self, x, value=0):
        """x with `value` around."""
        more = self.before + self.after
        if more == 0:
            return x
        n, height, width, channels = x.shape
        padded = xp.full((n, height + more, width + more, channels), value, x.dtype)
        self.unpad(padded, x)[...] = x
        return padded

    def unpad(self, padded, x):
        """The inverse: the part of `padded` that was x."""
        return padded[:, self.before : self.before + x.shape[1], self.before : self.before + x.shape[2]]

    def at(self, i, j, counts):
        """Index of the padded pixels that offset (i, j) meets, one for each window: (N, H', W', C)."""
        rows, columns = (slice(k, k + self.stride * (n - 1) + 1, self.stride) for k, n in zip((i, j), counts))
        return slice(None), rows, columns


CACHE = 1 << 20  # bytes of images that a processor core keeps at hand


def image_blocks(x):
    """Slices of the batch x (N, H, W, C), few images each: what is done to them in turn finds them in the cache."""
    step = max(1, CACHE // x[0].nbytes) if backend.on_host() else len(x)
    return slices(len(x), step)


def slices(n, step):
    """Slices of `step` that together cover n."""
    return [slice(start, start + step) for start in range(0, n, step)]
