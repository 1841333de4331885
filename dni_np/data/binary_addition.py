"""Binary addition: from the bits of two numbers to the bits of their sum (trask 2017).

      0 1 0 1   0 0 1 1   ->   1 0 0 0          5 + 3 = 8, most significant bit first

Both addends stay below 2^(bits-1), so the sum always fits. The lowest bit is an XOR and
every other one depends on the carry: no linear network can do it.
"""

import numpy as np

from dni_np.arguments import described, generator, size
from dni_np.errors import UserError

MOST_BITS = 62  # of a signed integer of 64


def binary_addition(n_examples=1000, n_bits=12, *, rng):
    """Draw (x (n_examples, 2 n_bits), y (n_examples, n_bits)), float32 bits."""
    if size("n_bits", n_bits, least=2) > MOST_BITS:
        raise UserError(f"binary addition works with 2 to {MOST_BITS} bits, not {n_bits}")
    n_examples = size("n_examples", n_examples)
    left, right = generator(rng).integers(0, 2 ** (n_bits - 1), size=(2, n_examples))
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
    """Integers (N,) to bits (N, n_bits), most significant first; each must fit."""
    if size("n_bits", n_bits) > MOST_BITS:
        raise UserError(f"numbers are written with at most {MOST_BITS} bits, not {n_bits}")
    numbers = np.asarray(numbers)
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or (numbers >> n_bits).any():
        raise UserError(
            f"numbers to be written with {n_bits} bits are integers (N,) from 0 to {2**n_bits - 1}"
        )
    places = np.arange(n_bits - 1, -1, -1)
    return ((numbers[:, None] >> places) & 1).astype(np.float32)


def decode(bits):
    """Bits, or a network's outputs rounded at 1/2, (N, n_bits) to integers (N,)."""
    bits = np.asarray(bits)
    if bits.ndim != 2 or bits.dtype.kind not in "bfiu" or not 1 <= bits.shape[1] <= MOST_BITS:
        raise UserError(
            f"bits are numbers of shape (N, n_bits), at most {MOST_BITS}, not {described(bits)}"
        )
    places = np.arange(bits.shape[1] - 1, -1, -1)
    return ((bits > 0.5).astype(np.int64) << places).sum(axis=1)
