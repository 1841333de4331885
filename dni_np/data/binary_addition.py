"""Two numbers in, their sum out, bit by bit (trask 2017).

      0 1 0 1   0 0 1 1   ->   1 0 0 0          5 + 3 = 8, most significant bit first

Both addends stay below 2^(bits-1), so the sum always fits. The lowest bit is an XOR and
every other one depends on the carry: no linear network can do it.
"""

import numpy as np

from dni_np.errors import UserError


def binary_addition(n_examples=1000, n_bits=12, *, rng):
    """Draw (x (n_examples, 2 n_bits), y (n_examples, n_bits)), float32 bits."""
    if not 2 <= n_bits <= 62:
        raise UserError(f"binary addition works with 2 to 62 bits, not {n_bits}")
    if n_examples < 1:
        raise UserError(f"binary addition needs at least 1 example, not {n_examples}")
    left, right = rng.integers(0, 2 ** (n_bits - 1), size=(2, n_examples))
    x = np.concatenate([encode(left, n_bits), encode(right, n_bits)], axis=1)
    return x, encode(left + right, n_bits)


def every_sum(n_bits):
    """All pairs once: x (4^(n_bits - 1), 2 n_bits), y (4^(n_bits - 1), n_bits), float32 bits."""
    if not 2 <= n_bits <= 12:
        raise UserError(f"every sum of {n_bits} bits is too many to write down: take 2 to 12 bits")
    n = 2 ** (n_bits - 1)
    left, right = np.divmod(np.arange(n * n), n)
    x = np.concatenate([encode(left, n_bits), encode(right, n_bits)], axis=1)
    return x, encode(left + right, n_bits)


def encode(numbers, n_bits):
    """Integers (N,) to bits (N, n_bits), most significant first."""
    places = np.arange(n_bits - 1, -1, -1)
    return ((numbers[:, None] >> places) & 1).astype(np.float32)


def decode(bits):
    """Bits, or a network's outputs rounded at 1/2, (N, n_bits) to integers (N,)."""
    places = np.arange(bits.shape[1] - 1, -1, -1)
    return ((np.asarray(bits) > 0.5).astype(np.int64) << places).sum(axis=1)
