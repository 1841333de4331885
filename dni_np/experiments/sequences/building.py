"""From settings to a run: the data, the LSTM, the rule, the loop.

One Generator per run, seeded by the settings, draws everything in a fixed order: the core, the
read-out, the synthetic gradient model, then the sequences. The network is therefore the same for
every rule, and so is a text's order; Copy's sequences follow from how fast a run comes through the levels.
"""

from collections import Counter
from dataclasses import asdict

import numpy as np

from dni_np.data.copy_tasks import CLASSES
from dni_np.data.curriculum import COPY, REPEAT_COPY, Curriculum
from dni_np.data.text_sources import choose_text
from dni_np.dni.plain_guess import PlainGuess
from dni_np.experiments.memory import NUMBER, linear
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import EachStep
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import RecurrentDNI, StateGuess
from dni_np.rules.recurrent.dni_aux import RecurrentDNIAux
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from dni_np.training.loop import Loop
from dni_np.training.tasks.characters import Characters
from dni_np.training.tasks.copying import Copying


def load_data(settings):
    """The text that the runs of a plan share; None for Copy and Repeat Copy, whose sequences are drawn."""
    return choose_text(settings.data) if settings.task == "characters" else None


def memory(settings, text):
    """{names of settings: the bytes they ask for}, estimated."""
    units, hidden = settings.units, settings.hidden
    classes = text.classes if text else CLASSES
    asked = Counter({("units",): linear([classes + units, 4 * units]) + linear([units, classes])})
    if settings.rule != "bptt":
        labels = settings.look_ahead * classes if settings.rule == "cdni" else 0
        sizes = {"units": units, "hidden": max(hidden, default=0), "look_ahead": labels}
        asked[(max(sizes, key=sizes.get),)] += linear([units + labels, *hidden, 2 * units])
    # The first episodes of a curriculum are short.
    steps = settings.unroll if text else min(settings.unroll, 4)
    asked["batch_size", "unroll"] = settings.batch_size * steps * (2 * classes + 8 * units) * NUMBER
    return asked


def build_loop(settings, text=None, folder=None, **loop_options):
    """The training loop for `settings`, ready to run; `text` may be given if already loaded."""
    rng = np.random.default_rng(settings.seed)
    if settings.task == "characters":
        text = text or load_data(settings)
        rule = build_rule(settings, text.classes, text.classes, rng)
        task = Characters(text, settings.batch_size, settings.unroll, settings.patience, settings.epochs)
    else:
        curriculum = Curriculum(COPY if settings.task == "copy" else REPEAT_COPY)
        rule = build_rule(settings, curriculum.channels, CLASSES, rng)
        task = Copying(curriculum, settings.batch_size, settings.unroll, rng, settings.samples)
    return Loop(
        rule,
        task,
        rng,
        steps=settings.steps or None,
        evaluate_every=settings.evaluate_every,
        checkpoint_every=settings.checkpoint_every,
        folder=folder,
        config=asdict(settings),
        defaults=settings.defaults(),
        **loop_options,
    )


def build_rule(settings, n_in, classes, rng):
    """An LSTM with a linear read-out at every step, and the way they are trained."""
    core = LSTM(n_in, settings.units, rng)
    readout = EachStep(Linear(settings.units, classes, rng))
    rate = settings.learning_rate
    network = core, readout, MaskedSoftmaxCrossEntropy(), Adam(core, rate), Adam(readout, rate)
    if settings.rule == "bptt":
        return TruncatedBPTT(*network)
    units, own = settings.units, {}
    if settings.rule == "cdni":
        kind, own = LabeledRecurrentDNI, {"look_ahead": settings.look_ahead, "classes": classes}
        guess = PlainGuess(units + settings.look_ahead * classes, 2 * units, settings.hidden, rng)
    elif settings.rule == "dni-aux":
        kind, guess = RecurrentDNIAux, StateGuess(units, rng, parts=4, hidden=settings.hidden)
    else:
        kind, guess = RecurrentDNI, StateGuess(units, rng, hidden=settings.hidden)
    return kind(
        *network,
        guess=guess,
        guess_optimizer=Adam(guess, settings.sg_learning_rate or rate),
        scale=settings.scale,
        scaled_target=settings.scaled_target,
        error_into_core=settings.error_into_core,
        **own,
    )
