"""Copy and Repeat Copy: read random symbols, then write them from memory.

Copy with N = 3, one column a time step:

    channel "0"   1 . .  .   . . .  .
    channel "1"   . 1 1  .   . . .  .
    channel stop  . . .  1   . . .  .
    label         - - -  -   0 1 1  stop        - : not scored (mask 0)

Repeat Copy with N = 2, R = 2. The step after the stop gives R, in a channel of its own:

    channel "0"   1 .  .  .   . . . .  .
    channel "1"   . 1  .  .   . . . .  .
    channel stop  . .  1  .   . . . .  .
    channel R     . .  . .2   . . . .  .        R / 10, to stay of the size of the others
    label         - -  -  -   0 1 0 1  stop

While the network writes it reads zeros: not even what it wrote last. It ends with a stop of
its own, so that it must also count what it has written; without the stop R would not be needed.
Scored are the N R symbols and that stop, three classes each.

A symbol is written N + 1 steps after it was read (Copy); its last copy N R + 2 steps after
(Repeat Copy). A network trained over fewer steps at once never sees the two together.

Source: Jaderberg et al. 2017, section D.2, which gives neither the alphabet nor the
encoding: both are our choice.
"""

from typing import NamedTuple

import numpy as np

from dni_np.arguments import generator, size

STOP = 2  # the class and the channel after the binary symbols 0 and 1
COUNT = 3  # the channel for R
CLASSES = 3
REPEATS_SCALE = 0.1


class Episode(NamedTuple):
    """Whole sequences, time first: T steps of `batch` sequences of the same length."""

    inputs: np.ndarray  # (T, batch, 3 or 4) float32
    labels: np.ndarray  # (T, batch) int64, 0 where nothing is scored
    mask: np.ndarray  # (T, batch) float32, 1 where the output is scored


def copy(n_symbols, batch, rng):
    """Read N symbols and a stop; write the symbols and a stop. T = 2 N + 2 steps, 3 channels."""
    symbols = _draw(n_symbols, batch, rng)
    return _lay_out(symbols, repeats=1, reading=n_symbols + 1, channels=CLASSES)


def repeat_copy(n_symbols, repeats, batch, rng):
    """Read N symbols, a stop and R; write the symbols R times and a stop.

    T = N + N R + 3 steps, 4 channels.
    """
    size("the number of copies", repeats)
    symbols = _draw(n_symbols, batch, rng)
    episode = _lay_out(symbols, repeats, reading=n_symbols + 2, channels=CLASSES + 1)
    episode.inputs[n_symbols + 1, :, COUNT] = REPEATS_SCALE * repeats
    return episode


def time_span(n_symbols, repeats=1):
    """N R + 3, the paper's measure of a level's time dependency.

    From memory, not checked: it is not in the supplement.
    """
    return n_symbols * repeats + 3


def _draw(n_symbols, batch, rng):
    shape = size("the number of symbols", n_symbols), size("the batch", batch)
    return generator(rng).integers(0, 2, size=shape)


def _lay_out(symbols, repeats, reading, channels):
    """Symbols (N, batch) -> Episode, whose writing begins after `reading` steps."""
    n, batch = symbols.shape
    steps = reading + n * repeats + 1
    inputs = np.zeros((steps, batch, channels), np.float32)
    inputs[:n] = np.eye(channels, dtype=np.float32)[symbols]
    inputs[n, :, STOP] = 1
    labels = np.zeros((steps, batch), np.int64)
    labels[reading:-1] = np.tile(symbols, (repeats, 1))
    labels[-1] = STOP
    mask = np.zeros((steps, batch), np.float32)
    mask[reading:] = 1
    return Episode(inputs, labels, mask)
