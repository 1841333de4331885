"""Logistic regression:

a linear guess stalls at a place that is known beforehand, a sigmoid guess does not.
"""

import numpy as np
import pytest

from dni_np.analysis.theory.logistic_theory import (
    LinearBitGuess,
    SigmoidBitGuess,
    loss,
    sigmoid,
    stopping_place,
    three_groups,
    train,
)
from dni_np.backend import to_numpy, using

pytestmark = pytest.mark.usefixtures("on_the_host")


with using("numpy"):
    X, Y = three_groups(np.random.default_rng(1))


def mistakes(w):
    return ((X @ w > 0) != (Y > 0.5)).mean()


def test_it_stalls_and_is_mended():
    true_losses, true_w = train(X, Y, None, 4000, 0.05, 0)
    linear_losses, linear_w = train(X, Y, LinearBitGuess(), 4000, 0.05, 0.01)
    mended_losses, mended_w = train(X, Y, SigmoidBitGuess(), 4000, 0.05, 0.1)
    assert true_losses[-1] < 0.05 and mended_losses[-1] < 0.05
    assert linear_losses[-1] > 0.2 and abs(linear_losses[-1] - linear_losses[-1000]) < 0.01
    assert mistakes(true_w) < 0.02 and mistakes(mended_w) < 0.02 < 0.08 < mistakes(linear_w)


def test_where_it_stalls_is_linear_regression():
    """w = -(b / a) w_ls - (c / a) e."""
    guess = LinearBitGuess()
    _, w = train(X, Y, guess, 15_000, 0.05, 0.01)
    linear = np.linalg.lstsq(X, Y, rcond=None)[0]
    wanted = -(guess.b / guess.a) * linear - (guess.c / guess.a) * np.array([[0], [0], [1]])
    np.testing.assert_allclose(stopping_place(w, X, Y, guess), wanted, rtol=1e-9)
    np.testing.assert_allclose(w, wanted, rtol=1e-2)


def test_where_classes_overlap_a_sigmoid_guess_ends_at_the_solution():
    """a = 1, b = -1, c = 0, and the w of Newton's method."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal((80, 2)), np.ones((80, 1))], axis=1)
    y = (rng.random((80, 1)) < sigmoid(x @ np.array([[1.5], [-1.0], [0.3]]))).astype(float)
    wanted = np.zeros((3, 1))
    for _ in range(20):
        p = sigmoid(x @ wanted)
        wanted -= np.linalg.solve((x * p * (1 - p)).T @ x, x.T @ (p - y))
    guess = SigmoidBitGuess()
    _, w = train(x, y, guess, 4000, 0.3, 0.5)
    np.testing.assert_allclose(w, wanted, atol=1e-6)
    np.testing.assert_allclose([guess.a[0], guess.b[0], guess.c[0]], [1, -1, 0], atol=1e-6)


@pytest.mark.parametrize("kind", [LinearBitGuess, SigmoidBitGuess])
def test_what_a_guess_learns_along(backend, kind):
    """Central differences of 1/2 (ghat - d)^2."""
    rng = np.random.default_rng(0)
    p, y, d = (backend.asarray(rng.standard_normal((9, 1))) for _ in range(3))
    guess = kind()
    for array, value in zip((guess.a, guess.b, guess.c), (0.7, -0.4, 0.2)):
        array[...] = value
    numbers = []
    for name in "abc":
        sides = []
        for step in (1e-5, -1e-5):
            getattr(guess, name)[...] += step
            sides.append(float((0.5 * (guess(p, y) - d) ** 2).mean()))
            getattr(guess, name)[...] -= step
        numbers.append((sides[0] - sides[1]) / 2e-5)
    before = [float(getattr(guess, name)[0]) for name in "abc"]
    guess.learn(p, y, d, 1.0)
    moved = [was - float(getattr(guess, name)[0]) for was, name in zip(before, "abc")]
    assert moved == pytest.approx(numbers, rel=1e-6)


def test_the_loss(backend):
    p, y = (
        backend.asarray(np.array([[-800.0], [0.0], [2.0]])),
        backend.asarray(np.array([[0.0], [1.0], [1.0]])),
    )
    assert float(loss(p, y)) == pytest.approx((0 + np.log(2) + np.log1p(np.exp(-2))) / 3)
    losses, w = train(backend.asarray(X), backend.asarray(Y), SigmoidBitGuess(), 5, 0.05, 0.05)
    assert losses.shape == (5,) and abs(to_numpy(w)).max() > 0
