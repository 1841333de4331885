"""Memory: the peak that a function needs, and what is free, in bytes.

On the host Python's tracer counts, to which NumPy reports every array. On a GPU CuPy's pool counts:
it grows to what was needed at once, and keeps it.
"""

import os
import tracemalloc
from pathlib import Path

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


def free_memory():
    """The bytes that are free now; None where the system does not report them."""
    runtime = getattr(getattr(current(), "cuda", None), "runtime", None)
    if runtime is not None:
        return runtime.memGetInfo()[0] + current().get_default_memory_pool().free_bytes()
    known = [_of_machine(), _of_container()]
    return min((n for n in known if n is not None), default=None)


def _of_machine():
    """Free bytes on Linux, all bytes on other Unix systems, None on Windows."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _of_container(folder=Path("/sys/fs/cgroup")):
    """What a container's limit leaves."""
    try:
        return int((folder / "memory.max").read_text()) - int(
            (folder / "memory.current").read_text()
        )
    except (OSError, ValueError):  # no container, or "max"
        return None


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
