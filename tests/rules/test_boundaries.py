"""Wrong arrays for every rule's step, all refused; and a sequence that has ended does not go on."""

from types import SimpleNamespace

import numpy as np
import pytest

from dni_np.backend import asarray
from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.recipes import find
from dni_np.experiments.feedforward.rules import RULES
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.bp_lambda import RecurrentBPLambda
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.dni_aux import ErrorIntoCore, RecurrentDNIAux
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.rules.two_networks.decoupled_label import DecoupledLabel
from dni_np.rules.two_networks.decoupled_pixels import DecoupledPixels
from dni_np.rules.two_networks.networks import NetworkA, NetworkB
from tests.boundaries import Case, check, check_shapes, floats, labels
from tests.rules.recurrent import traces

X, Y = floats(4, 9), labels(4, classes=3)
DATA = Dataset("made up", X, Y, X, Y, 3, image=(3, 3, 1))
T, N, D, H, C = 5, traces.N, traces.D, traces.H, traces.C


def images_rule(name, network):
    settings = find(f"mnist-{network}-quick").settings(
        name, batch_size=4, width=3, layers=3, optimizer="sgd"
    )
    return build_rule(settings, DATA, np.random.default_rng(0))


def step(rule, *batch):
    """What the rule learned, and where it is then."""
    return rule.step(*batch), rule.state()


@pytest.mark.parametrize("name, network", [*((name, "fcn") for name in RULES), ("cdni", "cnn")])
def test_images(name, network, backend):
    check(Case(lambda x: step(images_rule(name, network), x, asarray(Y)), X, ()))
    check(Case(lambda y: step(images_rule(name, network), asarray(X), y), Y, (), classes=3))
    check(Case(lambda x: images_rule(name, network).predict(x), X))


RECURRENT = {
    "truncated bptt": (TruncatedBPTT, 0, {}),
    "dni": (RecurrentDNI, 2, {}),
    "cdni": (LabeledRecurrentDNI, 2, {"look_ahead": 2, "classes": C}),
    "dni and aux": (RecurrentDNIAux, 4, {}),
    "dni, error into the core": (ErrorIntoCore, 2, {}),
    "bp(lambda)": (RecurrentBPLambda, 2, {"lam": 0.5}),
    **traces.LEARNING,  # updated once a sequence
}


def recurrent_rule(name):
    if name in traces.LEARNING:
        return traces.LEARNING[name](dtype=np.float32)
    rule, parts, options = RECURRENT[name]
    rng = np.random.default_rng(0)
    core, readout = LSTM(D, H, rng), TimeDistributed(Linear(H, C, rng))
    if parts:
        guess = state_guess(H, rng, parts)
        if name == "cdni":
            guess = state_guess(H, rng, hidden=(), labels_to_come=2 * C)
        options = {"guess": guess, "guess_optimizer": SGD(guess, 0.1), **options}
    loss = MaskedSoftmaxCrossEntropy()
    return rule(core, readout, loss, SGD(core, 0.1), SGD(readout, 0.1), **options)


SEQUENCE = {"x": floats(T, N, D), "y": labels(T, N, classes=C), "mask": np.ones((T, N), np.float32)}


@pytest.mark.parametrize("open_one", SEQUENCE)
@pytest.mark.parametrize("name", RECURRENT)
def test_sequences(name, open_one, backend):
    def call(value):
        parts = {key: asarray(array) for key, array in SEQUENCE.items()} | {open_one: value}
        return step(recurrent_rule(name), *parts.values(), True, False)

    good, classes = SEQUENCE[open_one], C if open_one == "y" else 0
    if open_one == "mask":  # of any numbers
        check_shapes(Case(call, good, ()))
        for wrong in (good.tolist(), None, "1", good.astype(str).tolist()):
            with pytest.raises(UserError, match="mask"):
                call(wrong)
    else:
        # Labels may go on behind the chunk where a rule looks ahead.
        free = (0,) if (name, open_one) == ("cdni", "x") else ()
        check(Case(call, good, free, classes))


@pytest.mark.parametrize("name", RECURRENT)
def test_a_sequence_that_has_ended_does_not_go_on(name, backend):
    rule, batch = recurrent_rule(name), [asarray(array) for array in SEQUENCE.values()]
    rule.step(*batch, True, False)
    rule.step(*batch, False, True)
    for _ in range(2):
        with pytest.raises(
            UserError, match="first=True: no sequence has begun, or the last has ended"
        ):
            rule.step(*batch, False, False)
    again = recurrent_rule(name)
    again.load_state(rule.state())
    for network in (rule, again):  # a new one may begin
        network.step(*batch, True, True)
        with pytest.raises(UserError, match="first=True"):
            network.step(*batch, False, False)


STEPS, TICKS, UNITS, COUNTS = 2, 2, 4, 5
TWO_NETWORKS = {
    "locked": (Locked, None),
    "decoupled": (Decoupled, {}),
    "decoupled label": (DecoupledLabel, {"count_so_far": COUNTS}),
    "decoupled pixels": (DecoupledPixels, {"pixels": STEPS * D}),
}
CHUNK = {
    "x": floats(STEPS, N, D),
    "odd": labels(N, classes=STEPS + 1),
    "threes": labels(N, classes=COUNTS),
}


@pytest.mark.parametrize("open_one", CHUNK)
@pytest.mark.parametrize("name", TWO_NETWORKS)
def test_two_networks(name, open_one, backend):
    kind, seen = TWO_NETWORKS[name]

    def call(value):
        rng = np.random.default_rng(0)
        networks = NetworkA(D, UNITS, STEPS, TICKS, rng), NetworkB(UNITS, STEPS, TICKS, rng)
        optimizers, options = [SGD(network, 0.1) for network in networks], {}
        if seen is not None:
            options["guess"] = state_guess(UNITS, rng, 1, (), **seen)
            options["guess_optimizer"] = SGD(options["guess"], 0.1)
        if name == "decoupled label":
            options["classes"] = COUNTS
        right = {key: asarray(array) for key, array in CHUNK.items()}
        first = SimpleNamespace(**right, fresh=True, last=False)
        last = SimpleNamespace(**right | {open_one: value}, fresh=False, last=True)
        return step(kind(*networks, *optimizers, **options), [first, last])

    classes = {"x": 0, "odd": STEPS + 1, "threes": COUNTS}[open_one]
    # More digits at a tick are none of the networks' business: they take chunks of any length.
    check(Case(call, CHUNK[open_one], (0,) if open_one == "x" else (), classes))
