"""Streams: a text cut into parallel pieces, each read a few steps at a time.

A batch cannot be made of neighboring characters: the state of a recurrent network after one
is needed for the next. So the text is cut into as many long pieces as the batch is wide, and
all are read side by side (10 characters, batch 2, steps 3):

    text            a b c d e f g h i j
    first chunk     a b c     ->  b c d        inputs -> labels, the characters one further on
                    f g h     ->  g h i
    second chunk    d e .     ->  e f .        . : behind the end of a stream, mask 0
                    i . .     ->  j . .
    then anew       a b c     ->  b c d        fresh: the state must be reset

Each character but the first is a scored label exactly once an epoch, whatever the sizes.
"""

from typing import NamedTuple

import numpy as np

from dni_np.arguments import described, size
from dni_np.errors import UserError


class Chunk(NamedTuple):
    """The next steps of all streams, time first."""

    inputs: np.ndarray  # (steps, batch) int64 ids
    labels: np.ndarray  # (steps + ahead, batch) int64 ids, 0 where nothing is scored
    mask: np.ndarray  # (steps + ahead, batch) float32, 1 where the output is scored
    fresh: bool  # the streams begin here: reset the network's state


class Streams:
    """Chunks of `steps` characters from `batch` places of the text `ids` (L,), again and again."""

    def __init__(self, ids, batch, steps):
        self.ids = np.asarray(ids)
        if self.ids.ndim != 1 or self.ids.dtype.kind not in "iu" or self.ids.min(initial=0) < 0:
            raise UserError(
                f"a text is one row of ids, integers from 0 on, not {described(self.ids)}"
            )
        self.steps = size("the number of steps", steps)
        self.batch = size("--batch-size", batch)
        self.predictions = len(self.ids) - 1  # in an epoch
        if batch > self.predictions:
            raise UserError(
                f"{batch} streams cannot be cut from a text of {len(self.ids)} characters: "
                f"choose a --batch-size of at most {max(self.predictions, 1)}, or a longer text"
            )
        self.length = -(-self.predictions // batch)  # of a stream; the last ones may be shorter
        self.chunks = -(-self.length // steps)  # in an epoch
        self.position = 0  # the next chunk of this epoch
        self.epoch = 0

    def next(self, ahead=0):
        """The next Chunk, with the labels of `ahead` steps more.

        After the last one of an epoch the streams begin anew.
        """
        size("ahead", ahead, least=0)
        time = self.position * self.steps + np.arange(self.steps + ahead)
        time = time[:, None]  # (steps + ahead, 1)
        place = time + self.length * np.arange(self.batch)  # (steps + ahead, batch)
        there = (time < self.length) & (place < self.predictions)
        place = np.where(there, place, 0)
        inputs = np.where(there, self.ids[place], 0).astype(np.int64)[: self.steps]
        labels = np.where(there, self.ids[place + 1], 0).astype(np.int64)
        fresh = self.position == 0
        self.position += 1
        if self.position == self.chunks:
            self.position = 0
            self.epoch += 1
        return Chunk(inputs, labels, there.astype(np.float32), fresh)

    def state(self):
        """The place in the text, and what it is a place in."""
        of = [len(self.ids), self.batch, self.steps]
        return {"position": self.position, "epoch": self.epoch, "of": of}

    def load_state(self, state):
        """Go to the place that `state` returned."""
        now = [len(self.ids), self.batch, self.steps]
        if list(state["of"]) != now:
            text = "{:,} characters in {} streams, {} steps at once"
            saved, here = (text.format(*of) for of in (state["of"], now))
            raise UserError(
                f"the saved run read {saved}, not {here}: resume it with its own text and settings"
            )
        self.position, self.epoch = int(state["position"]), int(state["epoch"])
