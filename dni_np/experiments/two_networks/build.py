"""From settings to a run: the digits, both networks, the rule, the loop.

One Generator per run, seeded by the settings, draws A, B, then the streams. The synthetic gradient
model is drawn by another, so that all rules begin with the same networks and see the same digits.
"""

from collections import Counter
from functools import partial

import numpy as np

from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.message_probe import message_gradients
from dni_np.data.odd_and_threes import OddAndThrees
from dni_np.experiments.experiment import schedule
from dni_np.experiments.least_squares import RLS, memory_of
from dni_np.experiments.memory import NUMBER, linear
from dni_np.experiments.two_networks.rules import beside
from dni_np.nn.optimizers import Adam
from dni_np.nn.schedules import RunClock
from dni_np.rules.two_networks.networks import NetworkA, NetworkB
from dni_np.training.loop import Loop
from dni_np.training.tasks.two_networks import TEST_STREAMS, TwoNetworks, whole_stream

PROBE_STREAMS = 256  # on which synthetic and true gradients of the messages are compared
PROBE_SEED = 1


def load_data(settings):
    """The digits that the runs of a plan share."""
    from dni_np.data.choose import load_images  # and with it what downloads

    return load_images(settings.data)


def memory(settings, dataset):
    """{names of settings: the bytes they ask for}, estimated."""
    units, pixels = settings.units, dataset.x_train.shape[1]
    length = settings.unroll * settings.messages
    lstms = 2 * linear([2 * units, 4 * units])
    asked = Counter({("units",): lstms + linear([pixels, units, units, units])})
    if "hidden" in settings.row.uses:
        largest = ("hidden",) if max(settings.hidden, default=0) > units else ("units",)
        seen = sum(beside(settings, pixels).values())
        inputs = units + seen
        asked[largest] += linear([inputs, *settings.hidden, units])
        asked[largest] += memory_of(inputs) if settings.sg_optimizer == RLS else 0
        # Kept until the gradients come, and joined with the messages when they are there.
        guesses = settings.batch_size * settings.messages
        asked["batch_size", "unroll"] += guesses * (seen + inputs) * NUMBER
    asked["unroll", "ticks"] += (length + 1) * linear([units, 1]) + TEST_STREAMS * length * pixels
    asked["batch_size", "unroll"] += settings.batch_size * length * (pixels + 12 * units) * NUMBER
    return asked


def build_loop(settings, dataset=None, folder=None, **loop_options):
    """The training loop for `settings`, ready to run; `dataset` may be given if already loaded."""
    draws, network = np.random.default_rng(settings.seed).spawn(2)
    dataset = dataset or load_data(settings)
    clock = RunClock()
    pixels = dataset.x_train.shape[1]
    if settings.workers == 1:
        rule = build_rule(settings, pixels, network, clock)
    else:
        from dni_np.parallel.two_networks import TwoNetworksPipeline

        again, how = partial(build_again, settings, pixels), (settings.engine, settings.staleness)
        rule = TwoNetworksPipeline(again, *how, clock)
    task = TwoNetworks(dataset, settings.batch_size, settings.unroll, settings.messages, draws)
    measure = gradient_measure(task) if settings.row.measured else None
    own = {"measure": measure, "folder": folder, "clock": clock, **settings.of_loop()}
    return Loop(rule, task, draws, **own, **loop_options)


def build_again(settings, pixels, clock):
    """The rule of a run, from nothing but its settings and the size of its pictures."""
    _, network = np.random.default_rng(settings.seed).spawn(2)
    return build_rule(settings, pixels, network, clock)


def build_rule(settings, pixels, rng, clock):
    """Both networks, and the way they are trained.

    A, B and the guess are drawn by a child of `rng` each. The rates of A and B follow the run's
    `clock`, though A may be updated several times a step.
    """
    of_a, of_b, of_guess = rng.spawn(3)
    a = NetworkA(pixels, settings.units, settings.unroll, settings.messages, of_a)
    b = NetworkB(settings.units, settings.unroll, settings.messages, of_b)
    rates = schedule(settings, settings.learning_rate, clock)
    networks = a, b, Adam(a, rates), Adam(b, rates)
    return settings.row.build(settings, networks, of_guess)


def gradient_measure(task):
    """A function of the rule: the pooled cosine of guesses and true gradients of the messages.

    Few streams have most of the gradient, once B is right about the others: a mean of their cosines
    would be noise.
    """
    data, source = task.dataset, task.source
    rng = np.random.default_rng(PROBE_SEED)  # the run's own stays as it is without a probe
    probe = OddAndThrees(data.x_train, data.y_train, PROBE_STREAMS, source.steps, rng, source.ticks)
    host = whole_stream(probe)

    def measure(rule):
        rule = getattr(rule, "rule", rule)  # with workers, what they have brought home
        return {"cosine": pooled_cosine(*message_gradients(rule, task.on_device(host)))}

    return measure
