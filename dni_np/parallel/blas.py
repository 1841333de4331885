"""One thread for matrix products: several workers with all of a machine's cores each are slower.

It is a setting of the whole process, made once when its worker starts, never around a single call.
"""

import contextlib
import os

from threadpoolctl import threadpool_limits

NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread():
    """From now on one thread; `restore_original_limits()` of what is returned ends that."""
    return threadpool_limits(limits=1, user_api="blas")


@contextlib.contextmanager
def one_thread_in_children():
    """Processes that start within the block have one from their beginning."""
    before = {name: os.environ.get(name) for name in NAMES}
    os.environ.update(dict.fromkeys(NAMES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
