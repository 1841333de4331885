"""Layout: where the arrays of a message lie in its bytes."""

import numpy as np

ALIGNED = 64  # bytes: where an array may begin


def layout(arrays, start):
    """(where each array begins, where the last one ends), in bytes, after `start` bytes."""
    places = []
    for array in arrays:
        start = -(-start // ALIGNED) * ALIGNED
        places.append(start)
        start += array.nbytes
    return places, -(-start // ALIGNED) * ALIGNED


def view(block, dtype, shape, start):
    """The array that lies there. It must not be kept: memory with views cannot be closed."""
    return np.ndarray(shape, dtype, buffer=block.buf, offset=start)
