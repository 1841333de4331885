"""Every recurrent rule trains on the strict stand-in for CuPy as on NumPy, and never waits in a
step.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from dni_np.backend import FLOAT, asarray, using
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.bp_lambda import RecurrentBPLambda
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.dni_aux import ErrorIntoCore, RecurrentDNIAux
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.rules.two_networks.networks import NetworkA, NetworkB
from tests.strict_array import strict
from tests.test_strict_parts import assert_same_on_both

N, D, H, C = 6, 3, 5, 4
THROUGH_TIME = {
    "truncated bptt": (TruncatedBPTT, 0, {}),
    "dni": (RecurrentDNI, 2, {}),
    "dni, whole target": (RecurrentDNI, 2, {"scaled_target": False}),
    "dni, error into the core": (ErrorIntoCore, 2, {}),
    "dni and aux": (RecurrentDNIAux, 4, {}),
    "dni and aux, error into the core": (RecurrentDNIAux, 4, {"error_into_core": True}),
    "bp(lambda)": (RecurrentBPLambda, 2, {"lam": 0.5}),
}


def through_time(rng, name, core_class):
    """The rule `name`, and the chunks of two sequences, 2, 1 and 3 steps each."""
    rule, parts, options = THROUGH_TIME[name]
    core = LSTM(D, H, rng) if core_class is LSTM else BatchNormLSTM(D, H, rng, max_steps=4)
    readout = TimeDistributed(Linear(H, C, rng))
    if parts:
        guess = state_guess(H, rng, parts)
        options = {"guess": guess, "guess_optimizer": Adam(guess, 0.01), **options}
    network = rule(
        core, readout, MaskedSoftmaxCrossEntropy(), Adam(core, 0.01), Adam(readout, 0.01), **options
    )
    work = []
    for T, first, last in 2 * [(2, True, False), (1, False, False), (3, False, True)]:
        x, y, mask = (
            rng.standard_normal((T, N, D)),
            rng.integers(0, C, (T, N)),
            rng.random((T, N)) < 0.7,
        )
        work.append((asarray(x, FLOAT), asarray(y), asarray(mask), first, last))
    return network, work


def two_clocks(rng, rule):
    """The rule, and three streams of 2 ticks of 3 steps."""
    networks = NetworkA(D, H, 3, 2, rng), NetworkB(H, 3, 2, rng)
    guess = state_guess(H, rng, parts=1)
    more = (guess, Adam(guess, 0.01)) if rule is Decoupled else ()
    work = []
    for _ in range(3):
        chunks = []
        for tick in range(2):
            x, odd, threes = (
                rng.standard_normal((3, N, D)),
                rng.integers(0, 4, N),
                rng.integers(0, 7, N),
            )
            arrays = {"x": asarray(x, FLOAT), "odd": asarray(odd), "threes": asarray(threes)}
            chunks.append(SimpleNamespace(**arrays, fresh=tick == 0, last=tick == 1))
        work.append((chunks,))
    return rule(*networks, *(Adam(network, 0.01) for network in networks), *more), work


def train(rng, make, *options):
    """Its metrics and what it has become, all through single precision; no step waits for the
    device.
    """
    rule, work = make(rng, *options)
    waits, results = strict.record.synchronizations, []
    for step in work:
        metrics = rule.step(*step)
        results += metrics.values()
    assert strict.record.synchronizations == waits
    state = rule.state()
    assert {value.dtype for name, value in state.items() if not name.endswith("steps")} == {
        np.dtype(FLOAT)
    }
    rule.load_state(state)
    return [*results, *state.values()]


@pytest.mark.parametrize("core", [LSTM, BatchNormLSTM])
@pytest.mark.parametrize("name", THROUGH_TIME)
def test_through_time(name, core):
    assert_same_on_both(lambda rng: train(rng, through_time, name, core))


@pytest.mark.parametrize("rule", [Locked, Decoupled])
def test_two_clocks(rule):
    assert_same_on_both(lambda rng: train(rng, two_clocks, rule))


def test_a_rule_that_waits_is_noticed():
    with using(strict):
        network, work = through_time(np.random.default_rng(0), "dni", LSTM)
        network.step = lambda *step: {"loss": float(RecurrentDNI.step(network, *step)["loss"])}
        with pytest.raises(AssertionError):
            train(np.random.default_rng(0), lambda rng: (network, work))
