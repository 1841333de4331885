"""Recurrent BP(lambda):

backpropagation at one end, guesses at the other, the truth everywhere if the guess knows it.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy, xp
from dni_np.errors import UserError
from dni_np.nn.optimizers import Adam
from dni_np.nn.time_distributed import as_rows
from dni_np.rules.recurrent.bp_lambda import RecurrentBPLambda
from dni_np.rules.recurrent.dni import RecurrentDNI
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from tests.rules.networks import assert_stopping_changes_nothing
from tests.rules.recurrent.test_dni import H, N, build, chunks, sequence

LAMBDAS = [0, 0.3, 1]


def gradient_of(network):
    return to_numpy(network.core_optimizer.grads).copy()


def losses_by_output(network, data):
    """dl_k/dh_k, (steps, N, H), of a network that does not move."""
    x, y, mask = data
    outputs, _, _ = network.core.forward(x, network.core.initial_state(N))
    return network.train_readout(outputs, y, mask)[1]


def true_gradients(network, data):
    """For k = 0 to the end:

    the gradient of the losses after step k by s_k, (steps + 1, N, 2 H); and the core's.
    """
    dlosses, state, caches = losses_by_output(network, data), network.core.initial_state(N), []
    for x in data[0]:
        _, state, cache = network.core.forward(x[None], state)
        caches.append(cache)
    answers, dstate, total = [xp.zeros((N, 2 * H))], None, 0
    for k in reversed(range(len(caches))):
        _, dstate = network.core.backward(dlosses[k : k + 1], dstate, caches[k])
        answers.insert(0, xp.concatenate(dstate, axis=1))
        total = total + gradient_of(network)
    return xp.stack(answers), total


class Table:
    """A guess for each step of each sequence, that takes on its targets at once."""

    grads = {}  # it needs none

    def __init__(self, values, too_much=None):
        self.values, self.too_much, self.start, self.errors = values, too_much, 0, []

    def forward(self, h):
        steps = len(h) // N  # of a chunk, and its start
        rows = slice(self.start, self.start + steps)
        self.start += steps - 1
        return as_rows(self.values[rows]).copy(), rows

    def backward(self, error, rows):
        error = error.reshape(-1, N, error.shape[1])
        self.values[rows] -= error
        if self.too_much is not None:  # the target as it is printed
            self.values[rows][:-1] += self.too_much[rows][:-1]
        self.errors.append(to_numpy(error))


@pytest.mark.parametrize("rule_options", [{"rule": TruncatedBPTT}, {"scale": 0.0}])
def test_lambda_1_with_nothing_after_is_backpropagation(rule_options):
    data = sequence()
    network, wanted = build(RecurrentBPLambda, lam=1), build(**rule_options)
    for one in (network, wanted):
        one.step(*next(chunks(data, 8)))
    np.testing.assert_allclose(gradient_of(network), gradient_of(wanted), rtol=1e-12, atol=1e-15)
    blind = build(RecurrentBPLambda, lam=0)
    blind.step(*next(chunks(data, 8)))
    assert np.abs(gradient_of(blind) - gradient_of(wanted)).max() > 1e-3


@pytest.mark.parametrize("T", [1, 2, 3])
def test_lambda_1_with_a_guess_where_the_chunk_ends_is_recurrent_dni(T):
    data = sequence()
    one, other = build(RecurrentBPLambda, rate=0.1, lam=1), build(RecurrentDNI, rate=0.1, scale=1.0)
    for chunk in chunks(data, T):
        for network in (one, other):
            network.step(*chunk)
        np.testing.assert_allclose(gradient_of(one), gradient_of(other), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_one_step_at_a_time_lambda_does_not_matter(lam):
    one, other = (
        build(rule, 0.01, 0.01, Adam, **options)
        for rule, options in ((RecurrentBPLambda, {"lam": lam}), (RecurrentDNI, {"scale": 1.0}))
    )
    for seed in range(3):
        for chunk in chunks(sequence(seed=seed), 1):
            metrics = [network.step(*chunk) for network in (one, other)]
            assert metrics[0].keys() == metrics[1].keys()
            assert all(
                float(metrics[0][key]) == pytest.approx(float(value))
                for key, value in metrics[1].items()
            )
    np.testing.assert_allclose(
        to_numpy(one.guess_optimizer.params), to_numpy(other.guess_optimizer.params), rtol=1e-7
    )


@pytest.mark.parametrize("T", [1, 3, 8])
@pytest.mark.parametrize("lam", LAMBDAS)
def test_a_perfect_guess_gives_the_true_gradient_for_every_lambda(lam, T):
    network, data = build(RecurrentBPLambda, lam=lam), sequence()
    answers, wanted = true_gradients(network, data)
    table = network.guess = Table(answers)
    total = 0
    for chunk in chunks(data, T):
        network.step(*chunk)
        total = total + gradient_of(network)
    np.testing.assert_allclose(total, wanted, rtol=1e-9, atol=1e-14)
    assert len(table.errors) == 8 // T + (8 % T > 0) - (T == 1)  # and its targets are what it says
    np.testing.assert_allclose(np.concatenate(table.errors), 0, atol=1e-14)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_the_target_is_what_arrives(lam):
    """For each step:

    the gradient by s_k of the losses after it, as far as lambda believes them, or the guesses.
    """
    network, data = build(RecurrentBPLambda, lam=lam), sequence()
    first, second, _ = chunks(data, 3)
    network.step(*first)
    state, seen = network.carried.arrays, []
    network.train_guess = lambda error, cache: seen.append(to_numpy(error))
    network.step(*second)
    h = network.unroll_step_by_step(second[0], state)[0]
    guesses = to_numpy(network.guess.forward(as_rows(h))[0]).reshape(len(h), N, -1)
    after, dlosses, caches = guesses[-1], [], []
    for k in range(3):
        outputs, state, cache = network.core.forward(second[0][k : k + 1], state)
        dlosses.append(
            network.train_readout(outputs, second[1][k : k + 1], second[2][k : k + 1])[1]
        )
        caches.append(cache)
    for k in (2, 1, 0):
        parts = (asarray(after[:, :H]), asarray(after[:, H:]))
        z = np.concatenate(
            [to_numpy(part) for part in network.core.backward(dlosses[k], parts, caches[k])[1]],
            axis=1,
        )
        np.testing.assert_allclose(guesses[k] - seen[0][k], z, rtol=1e-9, atol=1e-13)
        after = lam * z + (1 - lam) * guesses[k]
    assert not seen[0][3].any()


@pytest.mark.parametrize("printed", [False, True], ids=["our target", "the printed target"])
def test_the_printed_target_doubles_the_gradient(printed):
    """At lambda = 0, where the guesses have come to rest. It holds in a linear RNN as in an LSTM:
    along given sequences both are linear on the way back."""
    network, data = build(RecurrentBPLambda, lam=0), sequence()
    _, wanted = true_gradients(network, data)
    immediate = xp.zeros((9, N, 2 * H))
    immediate[1:, :, :H] = losses_by_output(network, data)
    values = xp.zeros((9, N, 2 * H))
    if printed:
        values[8] = immediate[8]  # of the last step, after which nothing comes
    for _ in range(9):  # from the end to the beginning, a step at each visit
        network.guess = Table(values, immediate if printed else None)
        network.step(*data, True, False)
    np.testing.assert_allclose(
        gradient_of(network), (2 if printed else 1) * wanted, rtol=1e-9, atol=1e-14
    )


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_it_goes_on_from_its_saved_state_also_within_a_sequence(stop):
    whole, stopped, resumed = (
        build(RecurrentBPLambda, 0.01, 0.01, Adam, seed, lam=0.3) for seed in (0, 0, 9)
    )
    work = [chunk for seed in range(2) for chunk in chunks(sequence(seed=seed), 3)]
    assert_stopping_changes_nothing(whole, stopped, resumed, work, stop)


@pytest.mark.parametrize("lam", [-0.1, 1.1, float("nan")])
def test_lambda_outside_0_to_1(lam):
    with pytest.raises(UserError, match=rf"lambda .* must be a number in \[0, 1\], not {lam}"):
        build(RecurrentBPLambda, lam=lam)
