"""Pooling a few images at a time: on several processor cores, and in their caches."""

from dni_np.nn.fast.batch_threads import image_blocks, in_parallel
from dni_np.nn.pooling import AveragePool2D, MaxPool2D


class InBlocks:
    """Before a Pool2D among a class's bases: the same function and gradient, block by block."""

    def pool(self, x, y):
        pool = super().pool
        in_parallel(lambda block: pool(x[block], y[block]), image_blocks(x))

    def share(self, dy, x, y, dx):
        share = super().share
        arrays = dy, x, y, dx
        in_parallel(lambda block: share(*(array[block] for array in arrays)), image_blocks(x))


class FastMaxPool2D(InBlocks, MaxPool2D):
    """MaxPool2D, a few images at a time."""


class FastAveragePool2D(InBlocks, AveragePool2D):
    """AveragePool2D, a few images at a time."""
