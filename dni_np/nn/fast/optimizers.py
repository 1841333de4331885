"""Fast optimizers: SGD and Adam, on all processor cores.

NumPy goes through vectors on one core only, and Adam goes through four of them many times. Every
number is updated by itself, so that each core can take a share of the blocks, and the result does
not depend on how many cores there are.
"""

from dni_np.backend import xp
from dni_np.nn.fast.batch_threads import on_each_core
from dni_np.nn.optimizers import SGD, Adam


class OnAllCores:
    """An Optimizer whose blocks are shared out to the cores."""

    def each_block(self, change):
        """change(params, grads, *vectors, temporary) of each block."""

        def share(k, n):
            temporary = self.temporary if k == 0 else xp.empty_like(self.temporary)
            super(OnAllCores, self).each_block(change, self.blocks[k::n], temporary)

        on_each_core(share, len(self.blocks))


class FastSGD(OnAllCores, SGD):
    """SGD: the same updates, bit for bit."""


class FastAdam(OnAllCores, Adam):
    """Adam: the same updates, bit for bit."""
