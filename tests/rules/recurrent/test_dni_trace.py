"""DNI-trace: what guesses learn from, beside the truth, the formula, and other rules."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy, xp
from dni_np.errors import UserError
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.lstm import LSTM
from dni_np.rules.recurrent.boundary_guesses import BoundaryGuesses
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.shared_trace import SharedTrace
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from tests.rules.recurrent.test_dni import chunks, sequence
from tests.rules.recurrent.traces import (
    D,
    H,
    N,
    adam,
    at_rest,
    exact,
    parts,
    rls,
    shared,
    split,
    states,
    theta,
    trace,
    true_gradients,
    with_one,
)


def run(network, data, T):
    """A whole sequence; return what the guesses at k = 1, 2, ... learn, R_k (N, 2 H)."""
    close_boundaries, R = network.close_boundaries, []

    def watch(last):
        before = network.carried.trace
        close_boundaries(last)
        closed = len(before["z"]) - len(network.carried.trace["z"])
        R.extend(to_numpy(xp.concatenate([before["R_h"], before["R_c"]], axis=2)[:closed]))

    network.close_boundaries = watch
    for chunk in chunks(data, T):
        network.step(*chunk)
    network.close_boundaries = close_boundaries
    return R


@pytest.mark.parametrize("T", [1, 2, 3])
def test_without_recurrent_weights_the_cell_s_lesson_is_the_truth_whatever_was_guessed(T):
    network, data = trace(silent=True), sequence()
    true, _ = true_gradients(network, data, T)
    seen = states(network, data, T)
    R = run(network, data, T)
    assert len(R) == len(true) >= 2
    for k, (lesson, gradient, s) in enumerate(zip(R, true, seen), 1):
        guess = with_one(s) @ theta(network.guesses.model(k))
        np.testing.assert_allclose(lesson[:, H:], (gradient - guess)[:, H:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("T", [1, 2, 3, 5])
@pytest.mark.parametrize("lam", [0, 0.5, 1])
def test_perfect_guesses_have_nothing_to_learn_and_the_chunks_add_up_to_the_whole(lam, T):
    network, data = trace(lam=lam), sequence()
    true, whole = true_gradients(network, data, T)
    network.guesses.__class__ = type(
        "Oracle",
        (BoundaryGuesses,),
        {"__call__": lambda self, k, state: split(asarray(true[k - 1]))},
    )
    for lesson in run(network, data, T):
        np.testing.assert_allclose(lesson, 0, atol=1e-13)
    np.testing.assert_allclose(
        to_numpy(network.core_optimizer.grads), whole, rtol=1e-10, atol=1e-14
    )


@pytest.mark.parametrize("each", [True, False])
def test_least_squares_without_forgetting_fits_all_lessons_so_far(each):
    def least_squares(model):
        return rls(model, beta=1, ridge=1e-13)

    network = trace(guess_optimizer=least_squares, each=each, noise=0, lam=0.7)
    rows = {}
    for seed in range(6):
        data = sequence(seed=seed)
        before = {k: theta(model) for k, (model, _) in network.guesses.models.items()}
        seen = states(network, data, 3)
        for k, (lesson, s) in enumerate(zip(run(network, data, 3), seen), 1):
            number = k if each else 0
            guess = with_one(s) @ before.get(number, np.zeros((2 * H + 1, 2 * H)))
            rows.setdefault(number, []).append((with_one(s), guess + lesson))
    for number, pairs in rows.items():
        phi, target = (np.concatenate(parts) for parts in zip(*pairs))
        best = np.linalg.lstsq(phi, target, rcond=None)[0]
        np.testing.assert_allclose(theta(network.guesses.model(number)), best, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("T", [1, 3])
def test_at_lambda_0_it_is_dni_of_scale_1(T):
    data = sequence()
    network = trace(lam=0, each=False, sees="h")
    linear = state_guess(H, np.random.default_rng(0), hidden=(), dtype=np.float64)
    for value, ours in zip(linear.params.values(), network.guesses.model(0).params.values()):
        value[...] = ours
    other = RecurrentDNI(*parts(), guess=linear, guess_optimizer=at_rest(linear), scale=1.0)
    core = guess = 0
    for i, chunk in enumerate(chunks(data, T)):
        losses = network.step(*chunk), other.step(*chunk)
        assert losses[0].keys() == losses[1].keys()
        for name, value in losses[1].items():
            assert float(losses[0][name]) == pytest.approx(float(value), rel=1e-12)
        core = core + to_numpy(other.core_optimizer.grads)
        guess = guess + (to_numpy(other.guess_optimizer.grads) if i else 0)
    np.testing.assert_allclose(to_numpy(network.core_optimizer.grads), core, rtol=1e-10, atol=1e-14)
    ours = np.concatenate(
        [g.ravel() for g in map(to_numpy, network.guesses.model(0).grads.values())]
    )
    np.testing.assert_allclose(ours, guess, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("T", [1, 3])
def test_guesses_of_zero_are_truncation(T):
    network, other, total = trace(noise=0), TruncatedBPTT(*parts()), 0
    for chunk in chunks(sequence(), T):
        network.step(*chunk)
        other.step(*chunk)
        total = total + to_numpy(other.core_optimizer.grads)
    np.testing.assert_allclose(
        to_numpy(network.core_optimizer.grads), total, rtol=1e-10, atol=1e-14
    )


@pytest.mark.parametrize("window", [None, 0, 1, 2, 50])
@pytest.mark.parametrize("lam", [0.3, 1])
@pytest.mark.parametrize("T", [1, 3])
def test_the_lessons_are_the_sum_in_the_docstring(T, lam, window):
    network, data, seen = trace(lam=lam, window=window), sequence(), []
    send_back, cell_path = network.send_back, network.core.cell_path
    network.send_back = lambda z, *delta: (
        seen[-1].extend(map(to_numpy, delta)) or send_back(z, *delta)
    )

    def watch(cache):
        path, slope = cell_path(cache)
        seen[-1].extend([to_numpy(path)])
        seen.append([to_numpy(slope)])  # where the next chunk begins
        return path, slope

    seen.append([None])
    network.core.cell_path = watch
    R = run(network, data, T)
    del network.core.cell_path
    boundaries = seen[1:-1]  # slope, delta_h, delta_c, path of the chunk that begins there
    assert len(R) == len(boundaries) == -(-8 // T) - 1
    for j, lesson in enumerate(R):
        _, delta_h, cell, _ = boundaries[j]
        P = 1
        for k in range(j + 1, min(len(boundaries), j + 1 + (100 if window is None else window))):
            P = lam * P * boundaries[k - 1][3]
            slope, later_h, later_c, _ = boundaries[k]
            cell = cell + P * (later_c + slope * later_h)
        np.testing.assert_allclose(lesson, np.concatenate([delta_h, cell], axis=1), atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64])
def test_without_recurrent_weights_the_cell_path_is_all_there_is(backend, dtype):
    rng = np.random.default_rng(0)
    core = LSTM(D, H, rng, dtype=dtype)
    core.params["W"][D:] = 0
    x, h, c, dh, dc = (asarray(rng.standard_normal(s)) for s in ((3, N, D), *[(N, H)] * 4))
    outputs, _, cache = core.forward(x, (h, c))
    _, (back_h, back_c) = core.backward(xp.zeros_like(outputs), (dh, dc), cache)
    path, slope = core.cell_path(cache)
    assert not to_numpy(back_h).any()
    np.testing.assert_allclose(to_numpy(back_c), to_numpy(path * (dc + slope * dh)), rtol=1e-12)


@pytest.mark.parametrize("T", [1, 3])
@pytest.mark.parametrize("lam", [0, 0.7, 1])
@pytest.mark.parametrize("guess_optimizer", [rls, adam])
@pytest.mark.parametrize("sees", ["h", "hc"])
def test_in_constant_memory_it_learns_the_same(guess_optimizer, lam, sees, T):
    options = {"optimizer": adam, "guess_optimizer": guess_optimizer, "lam": lam, "sees": sees}
    one, other = trace(each=False, noise=0.1, **options), shared(noise=0.1, **options)
    for seed in range(4):
        for chunk in chunks(sequence(seed=seed), T):
            metrics = [network.step(*chunk) for network in (one, other)]
            assert metrics[0].keys() == metrics[1].keys()
    np.testing.assert_allclose(
        theta(one.guesses.model(0)), theta(other.guesses.model(0)), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(
        to_numpy(one.core_optimizer.params),
        to_numpy(other.core_optimizer.params),
        rtol=1e-6,
        atol=1e-9,
    )


@pytest.mark.parametrize("T", [1, 3])
@pytest.mark.parametrize("lam", [0, 0.7, 1])
@pytest.mark.parametrize(
    "cheap", [lambda **o: trace(each=False, **o), shared], ids=["open", "constant"]
)
def test_without_recurrent_weights_the_cheap_trace_is_the_exact_one(cheap, lam, T):
    found = []
    for silent in (True, False):
        one, other = cheap(lam=lam, silent=silent), exact(lam=lam, silent=silent)
        other.guess.load_state(one.guesses.model(0).state())
        for chunk in chunks(sequence(), T):
            one.step(*chunk)
            other.step(*chunk)
        found.append((theta(one.guesses.model(0), "grads"), theta(other.guess, "grads")))
    (ours, wanted), (with_weights, exactly) = found
    np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-14)
    assert (
        lam == 0 or np.abs(with_weights - exactly).max() > 1e-4
    )  # with them it is cheaper, not exact


def shapes(network):
    return {name: value.shape for name, value in network.carried.state().items()}


@pytest.mark.parametrize(
    "make", [shared, exact, lambda: trace(each=False, window=3), lambda: trace(each=False, lam=0)]
)
def test_memory_does_not_grow_with_the_sequence(make):
    network, seen = make(), []
    for chunk in list(chunks(sequence(steps=40), 2))[:-1]:
        network.step(*chunk)
        seen.append(shapes(network))
    assert seen[5] == seen[-1]


def test_memory_of_a_trace_that_keeps_all_grows_by_a_boundary_a_chunk():
    network = trace()
    for k, chunk in enumerate(list(chunks(sequence(steps=20), 2))[:-1]):
        network.step(*chunk)
        sizes = {name: value.shape for name, value in network.carried.trace.items()}
        wide, narrow = (k, N, 2 * H), (k, N, H)
        assert sizes == {"z": wide, "R_h": narrow, "R_c": narrow, "P": narrow, "slope": (N, H)}


def test_the_guesses_keep_up_better_than_with_adam():
    losses = {}
    for name, optimizer in {"rls": rls, "adam": adam}.items():
        network = trace(optimizer=adam, guess_optimizer=optimizer, noise=0)
        data = sequence()
        steps = [network.step(*chunk) for _ in range(40) for chunk in chunks(data, 3)]
        losses[name] = sum(float(m["gradient_loss"]) for m in steps[60:] if "gradient_loss" in m)
    assert losses["rls"] < 0.5 * losses["adam"]


@pytest.mark.parametrize("lam", [-0.1, 1.1, float("nan")])
def test_lambda_outside_0_to_1(lam):
    with pytest.raises(UserError, match=rf"lambda .* must be a number in \[0, 1\], not {lam}"):
        trace(lam=lam)


def test_mistakes():
    with pytest.raises(UserError, match="window must be a whole number, at least 0, not -1"):
        trace(window=-1)
    with pytest.raises(UserError, match="one guess for all: BoundaryGuesses"):
        trace(SharedTrace)
    core = BatchNormLSTM(D, H, np.random.default_rng(0), max_steps=3, dtype=np.float64)
    with pytest.raises(UserError, match="an LSTM's cell, which a BatchNormLSTM does not have"):
        type(trace())(core, *parts()[1:], guesses=BoundaryGuesses(H, at_rest))
