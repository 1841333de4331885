"""Batch threads: a batch of images in parts, on several processor cores at once.

NumPy's matrix products use all cores by themselves; everything else uses one. Images are
independent of each other, so that a few of them at a time can be given to each core, with one-core
products inside:

    parts = in_parallel(work, blocks)            # [work(block) for block in blocks]
    total = sum_in_parallel(work, blocks)

Each core gets whole blocks, and results come back in their order, so that they do not depend on the
number of cores. As many threads are used as NumPy's products use (OPENBLAS_NUM_THREADS sets both).
"""

import contextlib
import contextvars
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

from dni_np import backend


CACHE = 1 << 21  # bytes of images that a core keeps at hand, beside what is computed from them


def image_blocks(x):
    """Slices of the batch x (N, H, W, C), few images each: they stay in the processor's cache."""
    step = max(1, CACHE // x[0].nbytes) if backend.on_host() else len(x)
    return slices(len(x), step)


def slices(n, largest):
    """Slices of at most `largest` that together cover n.

    Several are even in number and of one size, for two cores.
    """
    count = -(-n // largest)
    step = largest if count == 1 else -(-n // (count + count % 2))
    return [slice(start, start + step) for start in range(0, n, step)]


def in_parallel(work, blocks):
    """[work(block) for block in blocks]; NumPy lets other threads go on while it computes."""
    return list(results(work, blocks))


def sum_in_parallel(work, blocks):
    """The sum of work(block) over the blocks, in their order: few results are in memory at once."""
    with contextlib.closing(results(work, blocks)) as coming:  # closed after Ctrl-C as well
        total = next(coming)
        for part in coming:
            total += part
    return total


def results(work, blocks):
    """The work's results, one after another."""
    if len(blocks) == 1 or not several_cores():
        yield from map(work, blocks)
        return
    # Each call in a copy of this thread's context, which holds NumPy's settings for overflows.
    jobs = [contextvars.copy_context() for _ in blocks]
    with cores.for_blocks():
        yield from cores.pool.map(lambda context, block: context.run(work, block), jobs, blocks)


def on_each_core(work, most):
    """work(k, n) on each of n cores, at most `most`; without matrix products, which use them all.

    The calling thread is one of the n: it would have nothing else to do.
    """
    n = min(cores.count(), most) if most > 1 and backend.on_host() else 1
    others = [
        cores.pool.submit(contextvars.copy_context().run, work, k, n) for k in range(1, n)
    ]
    try:
        work(0, n)
    finally:  # after Ctrl-C as well: nobody works on in the background
        for other in others:
            other.result()


def several_cores():
    """Is there another core that could help?"""
    return backend.on_host() and cores.count() > 1


class Cores:
    """The threads of this process: those of matrix products, and a pool of as many for blocks."""

    def __init__(self):
        self.controller = self.pool = self.limit = None
        self.lock, self.users = threading.Lock(), 0
        self.workers = 0  # crews that have the cores: each of their workers keeps to one

    def count(self):
        """How many threads matrix products use, as it is at the first call without workers."""
        if self.workers:
            return 1
        with self.lock:
            if self.pool is None:
                self.controller = ThreadpoolController().select(user_api="blas")
                threads = [library["num_threads"] for library in self.controller.info()]
                self.threads = max(threads, default=1)
                self.pool = ThreadPoolExecutor(self.threads)
        return self.threads

    @contextlib.contextmanager
    def for_blocks(self):
        """Inside, a matrix product uses one thread.

        That is a setting of the whole process. Where several threads train at once, the first to
        enter changes it and the last to leave restores it. (If each restored the value it had
        found, the last would restore the one thread that another had set.)
        """
        with self.lock:
            if self.users == 0:
                self.free_the_setting()
                self.limit = self.controller.limit(limits=1, user_api="blas")
            self.users += 1
        try:
            yield
        finally:
            with self.lock:
                self.users -= 1
                if self.users == 0:
                    self.restore()

    def restore(self):
        self.free_the_setting()
        self.limit.restore_original_limits()
        self.free_the_setting()

    def free_the_setting(self):
        """Allow this thread to change the setting, and any other one after it.

        From threadpoolctl 3.8 on the first thread that changes it owns it while it lives: what
        other threads set is ignored, without a word.
        """
        for library in self.controller.lib_controllers:
            if hasattr(library, "clear_controlling_thread"):
                library.clear_controlling_thread(force=True)


def start_anew():
    """In a forked child none of the parent's threads is there: it gets a pool of its own."""
    global cores
    if cores.users:
        cores.restore()
    cores = Cores()


cores = Cores()
if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=start_anew)
