"""How much memory a piece of work needs at most.

On the host Python's tracer counts, which NumPy tells of every array. On a GPU CuPy's pool does: it grows to what was
needed at once, and keeps it.
"""

import tracemalloc

from dni_np.backend import current, synchronize


def peak_memory(work):
    """Call `work()`; return the bytes it held at most, beyond what was there before."""
    pool = getattr(current(), "get_default_memory_pool", None)
    if pool is None:
        return _traced(work)
    synchronize()
    pool().free_all_blocks()
    before = pool().total_bytes()
    work()
    return pool().total_bytes() - before


def _traced(work):
    ours = not tracemalloc.is_tracing()
    if ours:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if ours:
            tracemalloc.stop()
