"""From settings to a run: the data, the LSTM, the rule, the loop.

One Generator per run, seeded by the settings, draws everything in a fixed order: the core, the
read-out, the synthetic gradient model, then the sequences. The network is therefore the same for
every rule, and so is a text's order; Copy's sequences follow from how fast a run comes through
the levels.
"""

import math
from collections import Counter

import numpy as np

from dni_np.data.copy_tasks import CLASSES
from dni_np.data.curriculum import COPY, REPEAT_COPY, Curriculum
from dni_np.experiments.least_squares import RLS, memory_of
from dni_np.experiments.memory import NUMBER, linear
from dni_np.experiments.sequences.probe import copying_measure
from dni_np.nn.clip import Clipped
from dni_np.nn.fast.choice import adam, lstm
from dni_np.nn.linear import Linear
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.training.loop import Loop
from dni_np.training.tasks.characters import Characters
from dni_np.training.tasks.copying import Copying


def load_data(settings):
    """The text that the runs of a plan share; None for tasks whose sequences are drawn."""
    from dni_np.data.text_sources import choose_text  # and with it what downloads

    return choose_text(settings.data) if settings.task == "characters" else None


def memory(settings, text):
    """{names of settings: the bytes they ask for}, estimated."""
    units, hidden, uses = settings.units, settings.hidden, settings.row.uses
    classes = text.classes if text else CLASSES
    asked = Counter({("units",): linear([classes + units, 4 * units]) + linear([units, classes])})
    if "sg_optimizer" in uses:
        labels = settings.look_ahead * classes if "look_ahead" in uses else 0
        sizes = {"units": units, "hidden": max(hidden, default=0), "look_ahead": labels}
        seen = units * (2 if settings.sees_cell else 1) + labels
        model = linear([seen, *hidden, 2 * units])
        model += memory_of(seen) if settings.sg_optimizer == RLS else 0
        asked[(max(sizes, key=sizes.get),)] += model
    # The first episodes of a curriculum are short.
    steps = settings.unroll if text else min(settings.unroll, 4)
    asked["batch_size", "unroll"] = settings.batch_size * steps * (2 * classes + 8 * units) * NUMBER
    return asked


def build_loop(settings, text=None, folder=None, **loop_options):
    """The training loop for `settings`, ready to run; `text` may be given if already loaded."""
    draws, network = np.random.default_rng(settings.seed).spawn(2)
    measure = None
    batch, unroll = settings.batch_size, settings.unroll
    if settings.task == "characters":
        text = text or load_data(settings)
        rule = build_rule(settings, text.classes, text.classes, network)
        ends = settings.patience, settings.epochs
        task = Characters(text, batch, unroll, *ends, rule.look_ahead)
    else:
        curriculum = Curriculum(COPY if settings.task == "copy" else REPEAT_COPY)
        rule = build_rule(settings, curriculum.channels, CLASSES, network)
        unroll = math.inf if rule.whole_sequences else unroll
        task = Copying(curriculum, batch, unroll, draws, settings.samples, rule.look_ahead)
        measure = copying_measure(task, settings.seed)
    own = {"measure": measure, "folder": folder, **settings.of_loop()}
    return Loop(rule, task, draws, **own, **loop_options)


def build_rule(settings, n_in, classes, rng):
    """An LSTM with a linear read-out at every step, and the way they are trained.

    Core, read-out and guess are drawn by a child of `rng` each.
    """
    of_core, of_readout, of_guess = rng.spawn(3)
    core = lstm(n_in, settings.units, of_core)
    readout = TimeDistributed(Linear(settings.units, classes, of_readout))
    optimizers = [optimizer(settings, layer) for layer in (core, readout)]
    network = core, readout, MaskedSoftmaxCrossEntropy(), *optimizers
    return settings.row.build(settings, network, classes, of_guess)


def optimizer(settings, layer):
    """Adam, with clipped gradients where the settings say so."""
    plain = adam(layer, settings.learning_rate, betas=settings.betas)
    return Clipped(plain, settings.clip) if settings.clip else plain
