"""Every rule, small, with what it learns from: for what all of them promise."""

import numpy as np

from dni_np.backend import FLOAT, asarray
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.recipes import find
from dni_np.experiments.feedforward.rules import RULES
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import state_guess
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.rules.two_networks.decoupled_label import DecoupledLabel
from dni_np.rules.two_networks.decoupled_pixels import DecoupledPixels
from tests.test_strict_recurrent import C, D, H, N, THROUGH_TIME, through_time, two_clocks

IMAGES = {
    **{rule: {"rule": rule} for rule in RULES},
    "dni, hidden, synthetic head": {"rule": "dni", "hidden": (9,), "head": "synthetic"},
    "cdni, true targets": {"rule": "cdni", "targets": "true"},
    "cdni, lambda targets": {"rule": "cdni", "target_lambda": (0.5,)},
    "unlock, lambda targets": {"rule": "unlock", "target_lambda": (0.9,)},
    "sparse, lambda targets": {"rule": "sparse", "target_lambda": (0.9,)},
    "critic, bootstrapped": {"rule": "critic", "targets": "bootstrapped"},
    "cnn, pictures": {"rule": "cdni", "network": "cnn", "sees": ("output", "label", "picture")},
    "target, every 4": {"rule": "target", "hidden": (9,), "target_period": 4},
    "cnn, fa": {"rule": "fa", "network": "cnn"},
    "sgd": {"rule": "cdni", "optimizer": "sgd"},
    "least squares": {"rule": "cdni", "sg_optimizer": "rls"},
    "unlock, least squares": {"rule": "unlock", "sg_optimizer": "rls", "hidden": ()},
}
SEQUENCES = {f"through time: {name}": name for name in THROUGH_TIME}
TWO_NETWORKS = ["locked", "decoupled", "decoupled, label", "decoupled, pixels"]
NAMES = [*IMAGES, *SEQUENCES, "through time: cdni", *TWO_NETWORKS]


def build(name, steps=6):
    """(rule, [the arguments of each step])."""
    rng = np.random.default_rng(3)
    if name in IMAGES:
        rule, work = on_images(rng, IMAGES[name])
    elif name in SEQUENCES:
        rule, work = through_time(rng, SEQUENCES[name], LSTM)
    elif name == "through time: cdni":
        rule, work = labels_ahead(rng)
    else:
        own = {"decoupled, label": with_label, "decoupled, pixels": with_pixels}
        kinds = {"locked": Locked, "decoupled": Decoupled, **own}
        rule, work = two_clocks(rng, kinds[name])
    return rule, [work[k % len(work)] for k in range(steps)]


def on_images(rng, changes):
    """Four layers of 8 units (or channels), on images of 6 x 6 pixels."""
    x, y = rng.random((72, 36)).astype(FLOAT), rng.integers(0, 10, 72)
    data = Dataset("noise", x[:60], y[:60], x[60:], y[60:], 10, image=(6, 6, 1))
    rates = {"learning_rate": 1e-2, "sg_learning_rate": 1e-2}
    small = {"steps": 6, "batch_size": 10, "width": 8, "layers": 4}
    settings = find("mnist-fcn-quick").settings(**{**small, **rates, **changes})
    batches = [(asarray(x[k : k + 10]), asarray(y[k : k + 10])) for k in range(0, 60, 10)]
    return build_rule(settings, data, rng), batches


def labels_ahead(rng, look_ahead=2):
    """cDNI through time, and two chunks of a sequence of 4 steps."""
    core, readout = LSTM(D, H, rng), TimeDistributed(Linear(H, C, rng))
    guess = state_guess(H, rng, labels_to_come=look_ahead * C)
    rule = LabeledRecurrentDNI(
        core,
        readout,
        MaskedSoftmaxCrossEntropy(),
        Adam(core, 0.01),
        Adam(readout, 0.01),
        guess=guess,
        guess_optimizer=Adam(guess, 0.01),
        look_ahead=look_ahead,
        classes=C,
    )
    x, y = asarray(rng.standard_normal((4, N, D)), FLOAT), asarray(rng.integers(0, C, (4, N)))
    mask = asarray(np.ones((4, N)), FLOAT)
    return rule, [(x[:2], y, mask, True, False), (x[2:], y[2:], mask[2:], False, True)]


def with_label(a, b, optimizer_a, optimizer_b):
    """DecoupledLabel, in the way of the rules without a guess of their own."""
    classes = 3 * 2 + 1
    guess = state_guess(H, np.random.default_rng(4), 1, (), count_so_far=classes)
    return DecoupledLabel(a, b, optimizer_a, optimizer_b, guess, Adam(guess, 0.01), classes=classes)


def with_pixels(a, b, optimizer_a, optimizer_b):
    """DecoupledPixels, in the same way."""
    guess = state_guess(H, np.random.default_rng(4), 1, (), pixels=3 * D)
    return DecoupledPixels(a, b, optimizer_a, optimizer_b, guess, Adam(guess, 0.01))


def metrics_of(rule, work):
    """The metrics of each step, on the host."""
    steps = [rule.step(*arguments) for arguments in work]
    return [{name: float(value) for name, value in metrics.items()} for metrics in steps]


def assert_same_state(one, other):
    one, other = one.state(), other.state()
    assert one.keys() == other.keys() and len(one) > 0
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)
