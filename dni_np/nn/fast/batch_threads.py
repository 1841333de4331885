"""A batch of images in parts, on several processor cores at once.

NumPy's matrix products use all cores by themselves; everything else uses one. Images are independent
of each other, so that a few of them at a time can be given to each core, with one-core products inside:

    parts = in_parallel(work, blocks)            # [work(block) for block in blocks]
    total = sum_in_parallel(work, blocks)

Each core gets whole blocks, and results come back in their order, so that they do not depend on how many
cores there are. As many threads are used as NumPy's products use (OPENBLAS_NUM_THREADS sets both).
"""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from threadpoolctl import ThreadpoolController

from dni_np import backend


def in_parallel(work, blocks):
    """[work(block) for block in blocks]; NumPy lets other threads go on while it computes."""
    return list(results(work, blocks))


def sum_in_parallel(work, blocks):
    """Their sum. Added up as they come, in the order of the blocks: few of them are in memory at a time."""
    coming = results(work, blocks)
    total = next(coming)
    for part in coming:
        total += part
    return total


def results(work, blocks):
    """The work's results, one after another."""
    controller, threads = products()
    if threads == 1 or len(blocks) == 1 or not backend.on_host():
        yield from map(work, blocks)
        return
    # Each call in a copy of this thread's context, which says what NumPy is to do about overflows.
    jobs = [contextvars.copy_context() for _ in blocks]
    with controller.limit(limits=1, user_api="blas"):
        yield from pool(threads).map(lambda context, block: context.run(work, block), jobs, blocks)


@lru_cache(maxsize=1)
def products():
    """(what controls the threads of matrix products, how many they are), as it is at the first call."""
    controller = ThreadpoolController().select(user_api="blas")
    return controller, max([library["num_threads"] for library in controller.info()], default=1)


@lru_cache(maxsize=1)
def pool(threads):
    """Threads that wait for work."""
    return ThreadPoolExecutor(threads)
