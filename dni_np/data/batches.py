"""Batches: shuffled minibatches that can be stopped and resumed.

Each epoch goes through a new random order of all samples. What is left at the end, too
little for a whole batch, is dropped: batch statistics of a handful of samples would
disturb batch normalization, and the next order brings those samples back.
"""

import numpy as np

from dni_np.arguments import generator, size
from dni_np.errors import UserError


class Batches:
    """Rows of each next minibatch, from `n` samples; the order is drawn from `rng`."""

    def __init__(self, n, batch_size, rng):
        self.n, self.rng = size("the number of samples", n), generator(rng)
        self.batch_size = size("--batch-size", batch_size)
        if self.batch_size > n:
            raise UserError(
                f"a batch of {batch_size} cannot be drawn from {n} samples: "
                f"choose a --batch-size of at most {n}"
            )
        self.epoch = 0
        self.order = rng.permutation(self.n)  # (n,)
        self.position = 0

    def next(self):
        """Host indices of the next batch, (batch_size,)."""
        if self.position + self.batch_size > self.n:
            self.order = self.rng.permutation(self.n)
            self.position = 0
            self.epoch += 1
        rows = self.order[self.position : self.position + self.batch_size]
        self.position += self.batch_size
        return rows

    def state(self):
        """The place in the data; the generator's own state is its owner's to save."""
        return {"order": self.order, "position": self.position, "epoch": self.epoch}

    def load_state(self, state):
        """Go to the place that `state` returned."""
        order = np.asarray(state["order"])
        if order.shape != (self.n,):
            raise UserError(
                f"the saved run was trained on {len(order)} samples, not on {self.n}: "
                "use the same data"
            )
        self.order, self.position, self.epoch = order, int(state["position"]), int(state["epoch"])
