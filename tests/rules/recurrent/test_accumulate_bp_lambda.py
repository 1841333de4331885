"""The exact trace: the sum of differences along it is the gradient that its lambda promises."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.linear import Linear
from dni_np.rules.recurrent.accumulate_bp_lambda import AccumulateBPLambda
from tests.rules.recurrent.test_dni import chunks, sequence
from tests.rules.recurrent.traces import (
    H,
    N,
    at_rest,
    exact,
    parts,
    rls,
    states,
    theta,
    trace,
    true_gradients,
    with_one,
)


def run(network, data, T):
    for chunk in chunks(data, T):
        metrics = network.step(*chunk)
    return metrics


def gradient_of(seen, guesses, targets):
    """Of sum_t 1/2 ||g_t - z_t||^2, the mean over the samples, by theta (S + 1, S)."""
    return sum(with_one(s).T @ (g - z) for s, g, z in zip(seen, guesses, targets)) / N


@pytest.mark.parametrize("T", [1, 2, 3])
def test_at_lambda_1_the_guess_descends_to_the_true_gradient_whatever_it_guesses(T):
    network, data = exact(lam=1), sequence()
    true, _ = true_gradients(network, data, T)
    seen = states(network, data, T)
    guesses = [with_one(s) @ theta(network.guess) for s in seen]
    run(network, data, T)
    wanted = gradient_of(seen, guesses, true)
    np.testing.assert_allclose(theta(network.guess, "grads"), wanted, rtol=1e-9, atol=1e-13)


def chunk_jacobians(network, data, T, eps=1e-6):
    """J_t at boundaries 1, 2, ..., by central differences: [n, a, b] is ds_{t+1,a}/ds_{t,b}."""
    found = []
    for t, s in enumerate(states(network, data, T), 1):
        columns = []
        for b in range(2 * H):
            ends = []
            for sign in (1, -1):
                moved = s.copy()
                moved[:, b] += sign * eps
                state = asarray(moved[:, :H]), asarray(moved[:, H:])
                _, end, _ = network.core.forward(data[0][t * T : (t + 1) * T], state)
                ends.append(np.concatenate([to_numpy(part) for part in end], axis=1))
            columns.append((ends[0] - ends[1]) / (2 * eps))
        found.append(np.stack(columns, axis=2))
    return found


@pytest.mark.parametrize("T", [1, 3])
@pytest.mark.parametrize("lam, gamma", [(0, 1), (0.3, 1), (0.3, 0.9), (1, 0.9), (0.6, 0)])
def test_the_backward_view_is_the_forward_view(lam, gamma, T):
    """z_t = dL_{t+1}/ds_t + gamma ((1 - lambda) g_{t+1} + lambda z_{t+1}) J_t"""
    network, data = exact(lam=lam, gamma=gamma), sequence()
    true, _ = true_gradients(network, data, T)
    J, seen = chunk_jacobians(network, data, T), states(network, data, T)
    guesses = [with_one(s) @ theta(network.guess) for s in seen]
    after = [*true[1:], np.zeros((N, 2 * H))]
    losses = [t - np.einsum("na,nab->nb", a, j) for t, a, j in zip(true, after, J)]  # dL_{t+1}/ds_t
    targets, z, g = [], np.zeros((N, 2 * H)), np.zeros((N, 2 * H))
    for t in reversed(range(len(seen))):
        z = losses[t] + gamma * np.einsum("na,nab->nb", (1 - lam) * g + lam * z, J[t])
        g = guesses[t]
        targets.insert(0, z)
    run(network, data, T)
    wanted = gradient_of(seen, guesses, targets)
    np.testing.assert_allclose(theta(network.guess, "grads"), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("T", [1, 3])
def test_its_jacobian(T):
    network, data = exact(), sequence()
    wanted, found = chunk_jacobians(network, data, T), []
    jacobian = network.jacobian
    network.jacobian = lambda *chunk: found.append(jacobian(*chunk)) or found[-1]
    run(network, data, T)
    for ours, numeric in zip(found[1:], wanted, strict=True):
        np.testing.assert_allclose(to_numpy(ours), numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("gamma", [1, 0.5])
def test_the_core_learns_as_with_any_guess(gamma):
    """From the guess as it is: gamma is in what the guess learns."""
    one, other, data = exact(gamma=gamma), trace(each=False, lam=0), sequence()
    other.guesses.model(0).load_state(one.guess.state())
    run(one, data, 3)
    run(other, data, 3)
    ours, wanted = (to_numpy(network.core_optimizer.grads) for network in (one, other))
    np.testing.assert_allclose(ours, wanted, rtol=1e-12, atol=1e-15)
    if gamma == 1:  # and at lambda 0 the guess does, too
        zero = exact(lam=0)
        run(zero, data, 3)
        ours, wanted = theta(zero.guess, "grads"), theta(other.guesses.model(0), "grads")
        np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-14)


def test_with_least_squares_it_fits_the_true_gradients_at_once():
    network = exact(guess_optimizer=lambda model: rls(model, ridge=1e-12))
    data = sequence()
    true, _ = true_gradients(network, data, 1)
    phi = np.concatenate([with_one(s) for s in states(network, data, 1)])
    run(network, data, 1)
    best = np.linalg.lstsq(phi, np.concatenate(true), rcond=None)[0]
    np.testing.assert_allclose(theta(network.guess), best, rtol=1e-5, atol=1e-7)


def test_mistakes():
    for name, options in {"lambda": {"lam": 1.1}, "gamma": {"gamma": float("nan")}}.items():
        with pytest.raises(UserError, match=rf"{name} must be a number in \[0, 1\]"):
            exact(**options)
    guess = Linear(H, 2 * H, np.random.default_rng(0))
    with pytest.raises(UserError, match=r"Linear\(10, 10\)"):
        AccumulateBPLambda(*parts(), guess=guess, guess_optimizer=at_rest(guess))
