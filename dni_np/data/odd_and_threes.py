"""Odd and threes: streams of digits for two networks; A counts odd digits, B counts threes.

The two run on two clocks. With T = 2, where B has a loss after T ticks of its own:

    step           1   2   3   4       A sees one digit at each
    digit          3   8   6   3
    A's target         1       1       how many of the last T were odd: 0 to T
    B runs             *       *       on the messages of A, every T steps
    B's target                 2       how many threes there were since the stream began: 0 to T^2

Then new digits begin, and both networks' states with them.

Source: Jaderberg et al. 2017, section D.3. It leaves open over how many steps B counts. Its
drawing for T = 2 names, in four steps, two counts of odd digits (2 and 1) but one of threes
(2): B answers less often than A. That it counts over T^2 steps is from memory, not
checked. `ticks` sets it: with ticks = 1, B counts over T steps as A does.
Digits are drawn independently, a digit may come again: that too is our choice.
"""

from typing import NamedTuple

import numpy as np

from dni_np.arguments import generator, size
from dni_np.errors import UserError

DIGITS = 10
THREE = 3


class Chunk(NamedTuple):
    """T steps of `batch` streams, time first: one tick of B."""

    x: np.ndarray  # (T, batch, pixels), the images' own type
    odd: np.ndarray  # (batch,) int64: odd digits in this chunk
    threes: np.ndarray  # (batch,) int64: threes since the streams began, this chunk included
    fresh: bool  # the streams begin here: reset the networks' states
    last: bool  # they end here: now `threes` is B's target


class OddAndThrees:
    """Chunks of streams of digits, drawn independently from `images` (M, pixels), `labels` (M,)."""

    def __init__(self, images, labels, batch, steps, rng, ticks=None):
        self.batch, self.steps = size("the batch", batch), size("T", steps)
        self.ticks = size("B's number of ticks", steps if ticks is None else ticks)
        if len(images) != len(labels) or len(images) == 0:
            raise UserError(
                f"{len(images)} images and {len(labels)} labels do not make a stream of digits: "
                "give as many of each"
            )
        labels = np.asarray(labels)
        integers = labels.ndim == 1 and labels.dtype.kind in "iu"
        if not integers or labels.min() < 0 or labels.max() >= DIGITS:
            raise UserError(
                "the labels of a stream of digits must be the digits themselves, integers 0 to 9"
            )
        self.images, self.labels, self.rng = np.asarray(images), labels, generator(rng)
        if self.images.ndim != 2 or self.images.dtype.kind not in "fu":
            raise UserError("the images of a stream of digits must be rows of pixels (M, pixels)")
        self.tick = 0  # of the current streams
        self.threes = np.zeros(batch, np.int64)  # so far in the current streams

    @property
    def odd_classes(self):
        """How many answers A may give."""
        return self.steps + 1

    @property
    def three_classes(self):
        """How many answers B may give."""
        return self.steps * self.ticks + 1

    def next(self):
        """The next Chunk of the streams, or the first of new ones."""
        fresh = self.tick == 0
        if fresh:
            self.threes = np.zeros(self.batch, np.int64)
        rows = self.rng.integers(0, len(self.images), size=(self.steps, self.batch))
        digits = self.labels[rows]  # (T, batch)
        self.threes = self.threes + (digits == THREE).sum(axis=0)
        self.tick = (self.tick + 1) % self.ticks
        odd = (digits % 2).sum(axis=0, dtype=np.int64)
        return Chunk(self.images[rows], odd, self.threes, fresh, last=self.tick == 0)

    def state(self):
        """The place in the streams, JSON-able; the generator's own state is its owner's to save."""
        of = [self.batch, self.steps, self.ticks]
        return {"tick": self.tick, "threes": self.threes.tolist(), "of": of}

    def load_state(self, state):
        """Go to the place that `state` returned."""
        now = [self.batch, self.steps, self.ticks]
        if list(state["of"]) != now:
            saved, here = ("{} streams, T = {}, {} ticks".format(*of) for of in (state["of"], now))
            raise UserError(
                f"the saved run had {saved}, not {here}: resume it with its own settings"
            )
        self.tick = int(state["tick"])
        self.threes = np.array(state["threes"], np.int64)
