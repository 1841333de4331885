"""Fast optimizers: SGD and Adam, on all processor cores.

NumPy goes through vectors on one core only, and Adam goes through four of them many times. Every
number is updated by itself, so that each core can take a share of the blocks, and the result does
not depend on how many cores there are.

To wake another core takes as long as half of an average layer's update. So a step of many
optimizers can let all cores make its updates at once, in the end (`together`).
"""

import contextlib
import threading

from dni_np.backend import xp
from dni_np.nn.fast.batch_threads import on_each_core, several_cores
from dni_np.nn.optimizers import SGD, Adam

ALONE = 1 << 17  # numbers that one core has updated before another is awake
FEW = 1 << 13  # numbers whose update costs less than to let it wait


class OnAllCores:
    """An Optimizer whose blocks are shared out to the cores."""

    def each_block(self, change):
        """change(params, grads, *vectors, temporary) of each block, now or at `together`'s end."""
        if waiting.updates is not None and self.params.size > FEW:
            waiting.updates += [(change, block) for block in self.blocks]
        elif len(self.blocks) > 1:
            make([(change, block) for block in self.blocks], len(self.blocks))
        else:
            super().each_block(change)


class FastSGD(OnAllCores, SGD):
    """SGD: the same updates, bit for bit."""


class FastAdam(OnAllCores, Adam):
    """Adam: the same updates, bit for bit."""


class WaitingUpdates(threading.local):
    """The updates that wait for the end of this thread's step; None if none has to wait."""

    updates = None


waiting = WaitingUpdates()


@contextlib.contextmanager
def together():
    """Inside, updates of this thread's SGD and Adam may wait; then all are made when it ends.

    For steps in which nobody reads a parameter after its update. After an error, too, the updates
    before it are made: optimizers have counted them.
    """
    if waiting.updates is not None or not several_cores():  # inside another one; or nothing to gain
        yield
        return
    waiting.updates = []
    try:
        yield
    finally:
        updates, waiting.updates = waiting.updates, None
        if updates:
            make(updates, 1 if sum(map(numbers, updates)) < ALONE else len(updates))


def make(updates, most):
    """Make the updates, (change, block) each, on `most` cores at most."""
    updates = sorted(updates, key=numbers, reverse=True)

    def share(k, n):
        mine = shares(updates, n)[k]
        temporaries = {}
        for change, (params, *others) in mine:
            kind = params.dtype
            if kind not in temporaries:  # the first of them is the largest
                temporaries[kind] = xp.empty_like(params)
            change(params, *others, temporaries[kind][: len(params)])

    on_each_core(share, most)


def shares(updates, n):
    """n lists of the updates, which come largest first: each goes to who has least to do so far."""
    found, load = [[] for _ in range(n)], [0] * n
    for update in updates:
        k = load.index(min(load))
        found[k].append(update)
        load[k] += numbers(update)
    return found


def numbers(update):
    """How many numbers an update changes."""
    _, (params, *_) = update
    return len(params)
