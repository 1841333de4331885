"""Sliding windows: the pixels that each offset of a kernel is applied to.

Convolutions and poolings share this geometry. A window of size k slides over the images
(N, H, W, C) in steps of s. With padding "same" windows hang over the edges, so that there is one
for every s-th pixel, H' = ceil(H / s); with "valid" all lie inside, H' = (H - k) // s + 1. No zeros
are written around an image: offsets beyond the edge are left out.
"""

from dni_np.arguments import size as whole_number
from dni_np.errors import UserError


class Windows:
    """The windows of one layer: `size` k, `stride` s, `padding` "same" or "valid".

    `before` and `after`: by how many pixels they reach beyond the two edges of an axis.
    """

    def __init__(self, size, stride, padding):
        if padding not in ("same", "valid"):
            raise UserError(f"the padding of windows must be same or valid, not {padding!r}")
        self.size, self.stride = (
            whole_number("the size of windows", size),
            whole_number("the stride of windows", stride),
        )
        self.before, self.after = ((size - 1) // 2, size // 2) if padding == "same" else (0, 0)

    def count(self, x):
        """(H', W'), how many windows fit down and across the images x (N, H, W, C)."""
        beyond = self.before + self.after - self.size
        counts = tuple((length + beyond) // self.stride + 1 for length in x.shape[1:3])
        if min(counts) < 1:
            k = self.size
            raise UserError(
                f"windows of {k} x {k} are larger than the images, {x.shape}: "
                "take smaller ones, or padding same"
            )
        return counts

    def offsets(self, x):
        """For each offset (i, j) in a window, row by row, yield ((i, j), windows, pixels).

        The last two are indices: y[windows] are the windows whose offset (i, j) lies inside the
        images x, x[pixels] the pixels at that offset; both (N, ., ., C).
        """
        axes = zip(x.shape[1:3], self.count(x))
        rows, columns = ([self._meet(i, *axis) for i in range(self.size)] for axis in axes)
        every = slice(None)
        for i, (window_rows, pixel_rows) in enumerate(rows):
            for j, (window_columns, pixel_columns) in enumerate(columns):
                windows = every, window_rows, window_columns
                yield (i, j), windows, (every, pixel_rows, pixel_columns)

    def _meet(self, i, length, count):
        """Along one axis, slices of the windows and of their pixels at offset i.

        Offset i of window a is pixel s a + i - before, if that is one of 0..length-1.
        """
        s, shift = self.stride, i - self.before
        first, stop = max(0, -(shift // s)), min(count, (length - 1 - shift) // s + 1)
        stop = max(stop, first)  # none, where the image is too small for this offset
        return slice(first, stop), slice(s * first + shift, s * stop + shift, s)
