"""Whole sequences: what a rule through time is worth, beside the length that it solves.

    bits by place      of each symbol, the mean of -log2 p over the samples (and copies) of it.
                       A level's mean is below its threshold though a symbol is guessed by chance,
                       where there are many others.
    gradient cosine    between the core's gradient of a whole sequence under the rule, summed over
                       its chunks, and that of full backpropagation, in the same network

Both use a copy of the rule: nothing is updated. (Ours.)
"""

import copy
import math

from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.backend import xp
from dni_np.nn.losses import below_largest
from dni_np.rules.recurrent.truncated_bptt import FullBPTT


def bits_by_place(rule, episode, n_symbols, repeats=1):
    """(n_symbols + 1,) on the device: of each symbol in order, over all copies, and of the stop.

    `episode`: x (T, N, D), labels and mask (T, N), of Copy or Repeat Copy. `repeats`: copies.
    """
    x, labels, _ = episode
    written = n_symbols * repeats + 1
    logits, _ = rule.predict(x)
    below = below_largest(logits)
    below -= xp.log(xp.exp(below).sum(axis=2, keepdims=True))
    known = xp.take_along_axis(below, labels[:, :, None], axis=2)[:, :, 0]  # (T, N), log p
    bits = -known.mean(axis=1) / math.log(2)  # (T,)
    copies = bits[len(bits) - written : -1].reshape(-1, n_symbols)  # (R, n_symbols)
    return xp.concatenate([copies.mean(axis=0), bits[-1:]])


def gradient_cosine(rule, chunks, episode):
    """The cosine between the core's gradients, a device scalar; `chunks` are the episode's."""
    twin = at_rest(rule)
    for chunk in chunks:
        twin.step(*chunk)
    whole = FullBPTT(twin.core, twin.readout, twin.loss, Summed(twin.core_optimizer), Idle())
    whole.step(*episode, True, True)
    return pooled_cosine(twin.core_optimizer.total, whole.core_optimizer.total)


def at_rest(rule):
    """A copy of the rule whose steps update nothing, but sum up the core's gradients."""
    twin = copy.deepcopy(rule)
    twin.core_optimizer = Summed(twin.core_optimizer)
    twin.readout_optimizer = Idle()
    if hasattr(twin, "guess_optimizer"):
        twin.guess_optimizer = Idle()
    if hasattr(twin, "guesses"):  # linear ones, for boundaries (see rules/recurrent)
        twin.guesses.make_optimizer = Idle
        twin.guesses.models = {k: (model, Idle()) for k, (model, _) in twin.guesses.models.items()}
    return twin


class Idle:
    """In place of an optimizer: no step does anything."""

    def __init__(self, layer=None):
        pass

    def step(self):
        pass


class Summed:
    """In place of the core's optimizer: steps add up the gradients, in `total` (P,)."""

    def __init__(self, optimizer):
        self.grads = optimizer.grads
        self.total = xp.zeros_like(self.grads)

    def step(self):
        self.total += self.grads
