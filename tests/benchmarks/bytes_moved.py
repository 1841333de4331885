"""How many bytes a step reads and writes: what a processor's memory and caches have to move.

Each operation counts its inputs and its result, in full: an array that three operations use counts
three times, whether it comes from a cache or not. Counted on the strict stand-in for CuPy (see
`tests.strict_array`), whose arrays see every operation, so it is the form for a GPU that is
counted, which differs from a processor's in its convolutions only.
"""

from dni_np import backend
from tests.strict_array import strict


def bytes_moved(case):
    """Bytes of the second step of a case; in the first one optimizers make their memory."""
    with backend.using(strict):
        step = case.step()
        step()
        before = strict.record.bytes
        step()
        return strict.record.bytes - before


def bytes_of(pairs):
    """Bytes of matrix products of `pairs`: both factors and the result, each once."""
    return sum(a.nbytes + b.nbytes + len(a) * b.shape[1] * a.itemsize for a, b in pairs)
