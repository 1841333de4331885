"""One thread for each worker: several workers with all of a machine's cores each are slower.

Matrix products, and what is shared out to cores beside them. It is a setting of the whole process,
made once when its worker starts, never around a single call.
"""

import contextlib
import os

from threadpoolctl import threadpool_limits

from dni_np.nn.fast import batch_threads

NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread():
    """From now on one thread, for all that is computed here; call what is returned to end that."""
    cores = batch_threads.cores
    cores.count()  # finds the libraries
    cores.free_the_setting()
    limit = threadpool_limits(limits=1, user_api="blas")
    cores.workers += 1

    def restore():
        cores.workers -= 1
        cores.free_the_setting()
        limit.restore_original_limits()
        cores.free_the_setting()

    return restore


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
