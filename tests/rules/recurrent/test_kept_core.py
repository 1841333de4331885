"""Errors of the guess that go on into the core, through the final core of the last chunk:

checked against differences.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.initializers import he_normal
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD, Adam
from dni_np.rules.recurrent.dni import state_guess
from dni_np.rules.recurrent.dni_aux import (
    ErrorIntoCore,
    LastStepAlone,
    RecurrentDNIAux,
    state_before_last,
)
from tests.rules.networks import assert_stopping_changes_nothing
from tests.rules.recurrent.test_dni import D, H, N, build, chunks, sequence

RULES = {  # name: the rule, and which columns of the guess's error go into the core
    "error": (ErrorIntoCore, {}, slice(0, 2 * H)),
    "foresight": (RecurrentDNIAux, {}, slice(2 * H, 4 * H)),
    "both": (RecurrentDNIAux, {"error_into_core": True}, slice(0, 4 * H)),
}


def make(name, rate=0.0, guess_rate=0.0, optimizer=SGD, seed=0, **options):
    rule, flags, _ = RULES[name]
    network = build(rule, rate, guess_rate, optimizer, seed, **flags, **options)
    if rule is RecurrentDNIAux:
        network.guess = state_guess(
            H, np.random.default_rng(seed), parts=4, last_init=he_normal, dtype=np.float64
        )
        network.guess_optimizer = optimizer(network.guess, lambda step: guess_rate)
    return network


@pytest.mark.parametrize("last", [False, True], ids=["goes on", "ends"])
@pytest.mark.parametrize("T", [1, 3])
@pytest.mark.parametrize("name", RULES)
def test_both_passes_add_up(name, T, last):
    """The core descends the chunk's loss + 0.1 <guess, state at the end> + 1/2 ||error||^2 of the
    guess at h_t.
    """
    network, data = make(name), sequence()
    work = list(chunks(data, T))
    for chunk in work[:2]:
        network.step(*chunk)
    x, y, mask, _, _ = work[2]
    start, steps = network.carried.arrays, network.carried.steps
    x_kept, kept_state = data[0][2 * T - 1], network.carried.kept[1:]
    arrived = []
    train = network.train_guess
    network.train_guess = lambda *given: arrived.append(given[1:]) or train(*given)
    network.step(x, y, mask, False, last)
    (target, future), total = arrived[0], to_numpy(network.core_optimizer.grads).copy()
    assert (future is None) == last
    ahead = asarray(np.zeros((N, 2 * H))) if future is None else future[:, : 2 * H].copy()
    targets = np.concatenate([to_numpy(target), to_numpy(ahead)], axis=1)
    flows = RULES[name][2]

    def loss():
        outputs, end, _ = network.core.forward(x, start, start=steps)
        value, _ = network.loss(network.readout.forward(outputs)[0], (y, mask))
        _, (h, _), _ = network.core.forward(x_kept[None], kept_state, start=steps - 1)
        guess = to_numpy(network.guess.forward(h)[0])
        error = guess - targets[:, : guess.shape[1]]
        entering = sum(
            float((part * s).sum()) for part, s in zip((ahead[:, :H], ahead[:, H:]), end)
        )
        return float(value) + (0.1 * entering + 0.5 * (error[:, flows] ** 2).sum()) / N

    rng = np.random.default_rng(0)
    assert check_gradient(loss, network.core_optimizer.params, total, rng, directions=10) < 1e-6
    without = build(scale=0.1)
    without.guess.load_state(
        {k: v[..., : 2 * H] if k[0] == "2" else v for k, v in network.guess.state().items()}
    )
    without.carried.arrays, without.carried.steps = start, steps
    without.step(x, y, mask, False, last)
    assert (
        np.abs(to_numpy(without.core_optimizer.grads) - total).max() > 1e-3
    )  # the error did go in


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("name", RULES)
def test_the_guess_descends_its_whole_error(name, last):
    network, data = make(name), sequence()
    first, second = list(chunks(data, 4))
    network.step(*first)
    seen = []
    train = network.train_guess
    network.train_guess = lambda *given: seen.append(given) or train(*given)
    metrics = network.step(*second[:3], False, last)
    (h, _), target, future = seen[0]
    targets = to_numpy(target)
    if name != "error":
        ahead = np.zeros((N, 2 * H)) if future is None else to_numpy(future)[:, : 2 * H]
        targets = np.concatenate([targets, ahead], axis=1)

    def loss():
        return 0.5 * float(((to_numpy(network.guess.forward(h)[0]) - targets) ** 2).sum()) / N

    gradient = to_numpy(network.guess_optimizer.grads).copy()
    assert (
        check_gradient(loss, network.guess_optimizer.params, gradient, np.random.default_rng(0))
        < 1e-6
    )
    assert sum(
        float(metrics.get(key, 0)) for key in ("gradient_loss", "foresight_loss")
    ) == pytest.approx(loss())


@pytest.mark.parametrize("name", RULES)
def test_where_a_sequence_begins_no_error_goes_into_the_one_before(name):
    with_error, without = make(name), build()
    without.guess.load_state(
        {k: v[..., : 2 * H] if k[0] == "2" else v for k, v in with_error.guess.state().items()}
    )
    for network in (with_error, without):
        for chunk in (*chunks(sequence(seed=1), 4), next(chunks(sequence(seed=2), 4))):
            network.step(*chunk)
    np.testing.assert_allclose(
        to_numpy(with_error.core_optimizer.grads),
        to_numpy(without.core_optimizer.grads),
        rtol=1e-12,
    )


@pytest.mark.parametrize("T", [1, 3])
@pytest.mark.parametrize("stop", [1, 2, 3])
@pytest.mark.parametrize("name", RULES)
def test_it_goes_on_from_its_saved_state_also_within_a_sequence(name, stop, T):
    whole, stopped, resumed = (make(name, 0.01, 0.01, Adam, seed) for seed in (0, 0, 9))
    work = [chunk for seed in range(2) for chunk in chunks(sequence(seed=seed), T)]
    assert_stopping_changes_nothing(whole, stopped, resumed, work, stop)


@pytest.mark.parametrize("name", RULES)
def test_memory_is_that_of_one_chunk_and_a_step(name):
    network = make(name)
    x = sequence(steps=30)
    for chunk in list(chunks(x, 3))[:-1]:
        network.step(*chunk)
    assert [part.shape for part in network.carried.kept] == [(1, N, D), (N, H), (N, H)]
    assert not np.shares_memory(
        to_numpy(network.carried.kept[0]), to_numpy(x[0])
    )  # whoever gave it may write over it


@pytest.mark.parametrize("T", [1, 2, 5])
@pytest.mark.parametrize("core", [LSTM, BatchNormLSTM])
def test_a_core_whose_last_step_runs_alone_is_the_same_core(core, T):
    options = {"max_steps": 3} if core is BatchNormLSTM else {}
    whole, split = (
        core(D, H, np.random.default_rng(0), dtype=np.float64, **options) for _ in range(2)
    )
    split = LastStepAlone(split)
    rng = np.random.default_rng(1)
    x, dy, *state = (
        asarray(rng.standard_normal(shape))
        for shape in ((T, N, D), (T, N, H), (N, H), (N, H), (N, H), (N, H))
    )
    results = []
    for layer in (whole, split):
        y, end, cache = layer.forward(x, tuple(state[:2]), start=1)
        dx, dstate = layer.backward(dy, tuple(state[2:]), cache)
        grads = layer.grads
        results.append(
            [
                to_numpy(array).copy()
                for array in (y, *end, dx, *dstate, *grads.values(), *layer.state().values())
            ]
        )
    for ours, wanted in zip(*results, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-13)
    _, before, _ = (
        whole.forward(x[:-1], tuple(state[:2]), start=1) if T > 1 else (None, state[:2], None)
    )
    for ours, wanted in zip(state_before_last(cache), before, strict=True):
        np.testing.assert_allclose(to_numpy(ours), to_numpy(wanted), rtol=1e-12)


def test_every_run_says_where_in_the_sequence_it_begins():
    """As batch-normalized cores need: (where, how many steps); the kept core first."""
    network, ran = make("error"), []
    core = network.core.core
    forward = core.forward
    core.forward = lambda x, *arguments, start=0: (
        ran.append((start or arguments[-1], len(x))) or forward(x, *arguments)
    )
    for chunk in chunks(sequence(), 3):
        network.step(*chunk)
    assert ran == [(0, 2), (2, 1), (2, 1), (3, 2), (5, 1), (5, 1), (6, 1), (7, 1)]
