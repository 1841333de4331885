"""Recurrent DNI:

with a perfect guess it is backpropagation through all of time; what it fits, what it carries.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.gradcheck import check_layer
from dni_np.nn.initializers import he_normal
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from tests.rules.networks import assert_stopping_changes_nothing

N, D, H, C = 4, 3, 5, 3


def build(rule=RecurrentDNI, rate=0.0, guess_rate=0.0, optimizer=SGD, seed=0, **options):
    """A small network in float64; with rates of zero gradients can be compared."""
    rng = np.random.default_rng(seed)
    core = LSTM(D, H, rng, dtype=np.float64)
    readout = TimeDistributed(Linear(H, C, rng, dtype=np.float64))
    parts = (
        core,
        readout,
        MaskedSoftmaxCrossEntropy(),
        *(optimizer(layer, lambda step: rate) for layer in (core, readout)),
    )
    if rule is TruncatedBPTT:
        return rule(*parts)
    guess = state_guess(H, rng, last_init=he_normal, dtype=np.float64)
    return rule(
        *parts, guess=guess, guess_optimizer=optimizer(guess, lambda step: guess_rate), **options
    )


def sequence(steps=8, seed=1):
    rng = np.random.default_rng(seed)
    mask = (rng.random((steps, N)) < 0.7).astype(np.float64)
    return tuple(
        map(asarray, (rng.standard_normal((steps, N, D)), rng.integers(0, C, (steps, N)), mask))
    )


def chunks(data, T):
    """(x, y, mask, first, last) for each T steps."""
    steps = len(data[0])
    for start in range(0, steps, T):
        part = slice(start, start + T)
        yield *(array[part] for array in data), start == 0, start + T >= steps


class Oracle:
    """Returns the true gradient at the end of each chunk, from the whole sequence."""

    def __init__(self, network, data, T):
        core, readout = network.core, network.readout
        x, y, mask = data
        bounds = range(0, len(x), T)
        state, caches = core.initial_state(N), []
        for start in bounds:
            outputs, state, cache = core.forward(x[start : start + T], state)
            prediction, readout_cache = readout.forward(outputs)
            _, dprediction = network.loss(
                prediction, (y[start : start + T], mask[start : start + T])
            )
            caches.append((cache, readout.backward(dprediction, readout_cache)))
        dstate, self.answers, self.gradient = None, [], 0
        for cache, doutputs in reversed(caches):
            _, dstate = core.backward(doutputs, dstate, cache)
            self.answers.insert(0, dstate)
            self.gradient = self.gradient + to_numpy(network.core_optimizer.grads)
        self.answers = [
            np.concatenate(list(map(to_numpy, pair)), axis=1) for pair in self.answers[1:]
        ]
        self.next_answers = iter(list(self.answers))

    def forward(self, h, context):
        return asarray(next(self.next_answers)), None


@pytest.mark.parametrize("T", [1, 2, 3, 5])
def test_with_a_perfect_guess_the_chunks_add_up_to_the_whole(T):
    network, data = build(scale=1.0), sequence()
    oracle = network.guess = Oracle(network, data, T)

    def check(start, target, future):  # and its target is what it already says
        wanted = oracle.answers.pop(0)
        np.testing.assert_allclose(to_numpy(target), wanted, rtol=1e-10, atol=1e-14)
        return {}

    network.train_guess = check
    total = 0
    for chunk in chunks(data, T):
        network.step(*chunk)
        total = total + to_numpy(network.core_optimizer.grads)
    assert not oracle.answers
    np.testing.assert_allclose(total, oracle.gradient, rtol=1e-10, atol=1e-14)
    truncated = build(TruncatedBPTT)
    blind = sum(
        truncated.step(*chunk) and to_numpy(truncated.core_optimizer.grads)
        for chunk in chunks(data, T)
    )
    assert np.abs(blind - oracle.gradient).max() > 1e-3  # truncation alone does lose something


def test_one_chunk_is_backpropagation_through_the_whole_sequence():
    data = sequence()
    for rule in (TruncatedBPTT, RecurrentDNI):
        network = build(rule)
        network.step(*next(chunks(data, 8)))
        wanted = Oracle(build(rule), data, 8).gradient
        np.testing.assert_allclose(to_numpy(network.core_optimizer.grads), wanted, rtol=1e-12)


def test_a_guess_of_zero_is_truncation():
    data = sequence()
    dni, truncated = build(scale=0.0, rate=0.1), build(TruncatedBPTT, rate=0.1)
    for chunk in chunks(data, 3):
        dni.step(*chunk)
        truncated.step(*chunk)
        np.testing.assert_array_equal(
            to_numpy(dni.core_optimizer.params), to_numpy(truncated.core_optimizer.params)
        )


@pytest.mark.parametrize("scaled_target", [True, False])
def test_the_target_is_the_gradient_that_arrives(scaled_target):
    """Against central differences: of the chunk's loss plus <guess, state at the end>."""
    network, data = build(scale=0.3, scaled_target=scaled_target), sequence()
    first, second, _ = chunks(data, 3)
    network.step(*first)
    start = network.carried.arrays
    targets = []
    network.train_guess = lambda start, target, future: targets.append(target) or {}
    network.step(*second)
    future = to_numpy(network.guess_at(network.carried.arrays, {})[0])
    future = future[:, :H], future[:, H:]
    scale = 0.3 if scaled_target else 1.0

    def loss(*state):
        outputs, end, _ = network.core.forward(second[0], state)
        value, _ = network.loss(network.readout.forward(outputs)[0], second[1:3])
        return float(value) * N + scale * sum(
            (part * to_numpy(s)).sum() for part, s in zip(future, end)
        )

    for i, target in enumerate((targets[0][:, :H], targets[0][:, H:])):
        u = np.random.default_rng(i).standard_normal((N, H))
        moved = [
            [part + sign * 1e-6 * asarray(u) * (k == i) for k, part in enumerate(start)]
            for sign in (1, -1)
        ]
        slope = (loss(*moved[0]) - loss(*moved[1])) / 2e-6
        assert slope == pytest.approx(float((to_numpy(target) * u).sum()), rel=1e-6)


def test_the_guess_descends_towards_its_target():
    network, data = build(guess_rate=0.1), sequence()
    losses = [
        network.step(*chunk).get("gradient_loss") for _ in range(300) for chunk in chunks(data, 4)
    ]
    assert not any(losses[0::2])  # where a sequence begins nothing was guessed
    assert float(losses[-1]) < 0.4 * float(losses[1])


def test_gradients_of_the_guess():
    rng = np.random.default_rng(0)
    guess = state_guess(4, rng, last_init=he_normal, dtype=np.float64)
    assert check_layer(guess.net, rng.standard_normal((6, 4)), rng, elementwise=True) < 1e-6
    assert not to_numpy(
        state_guess(4, rng).forward(asarray(rng.standard_normal((6, 4)), np.float32))[0]
    ).any()


@pytest.mark.parametrize("rule", [TruncatedBPTT, RecurrentDNI])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_it_goes_on_from_its_saved_state_also_within_a_sequence(rule, stop):
    options = {"rate": 0.01, "guess_rate": 0.01, "optimizer": Adam}
    whole, stopped, resumed = (build(rule, seed=seed, **options) for seed in (0, 0, 9))
    work = [chunk for seed in range(2) for chunk in chunks(sequence(seed=seed), 3)]
    assert_stopping_changes_nothing(whole, stopped, resumed, work, stop)


def test_memory_is_that_of_one_chunk():
    network = build()
    for *chunk, last in chunks(sequence(steps=30), 3):
        network.step(*chunk, last)
        if last:
            assert network.carried.arrays == ()  # nothing goes on from a sequence that has ended
            continue
        carried = [*network.carried.arrays]
        assert [part.shape for part in carried] == [(N, H), (N, H)]


@pytest.mark.parametrize(
    "n, first, sentence",
    [(N, False, "needs first=True"), (2, False, "4 sequences were begun, this chunk continues 2")],
)
def test_mistakes(n, first, sentence):
    network, (x, y, mask) = build(), sequence()
    if n != N:
        network.step(x, y, mask, True, False)
    with pytest.raises(UserError, match=sentence):
        network.step(x[:, :n], y[:, :n], mask[:, :n], first, False)
