"""Load: are all processor cores busy already, before a run begins?

Matrix products of NumPy use all cores. Several programs that all do so wait for each other:
together they need many times as long as with one core each.
"""

import os

from dni_np import backend
from dni_np.nn.fast import batch_threads


def load_note():
    """What to do about it, in one sentence; None where there is nothing to do, or no load known."""
    if not (backend.on_host() and hasattr(os, "getloadavg")):  # it is not on Windows
        return None
    load, cores, threads = os.getloadavg()[0], os.cpu_count(), batch_threads.cores.count()
    if load <= cores or threads == 1:
        return None
    return (
        f"{load:.1f} programs have been running on {cores} processor cores, and this one uses "
        f"{threads} threads: if it is slow, set OPENBLAS_NUM_THREADS=1 for each of them"
    )
