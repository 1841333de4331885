"""Where a linear layer stands still under a guess at its best: the same, more, or other places."""

import numpy as np
import pytest

from dni_np.analysis.theory.critical_points import best_guess, fields
from dni_np.backend import to_numpy

pytestmark = pytest.mark.usefixtures("on_the_host")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 2)) @ np.array([[1.0, 0.3], [0.0, 0.7]])
Y = X @ np.array([[1.0], [0.5]]) + 0.8 * RNG.standard_normal((50, 1))
SOLUTION = np.linalg.lstsq(X, Y, rcond=None)[0]

SEES = {
    "both": lambda p, y: np.concatenate([p, y], axis=1),
    "output": lambda p, y: p,
    "label": lambda p, y: y,
}


def test_the_best_guess_is_least_squares(backend):
    seen, d = RNG.standard_normal((20, 3)), RNG.standard_normal((20, 2))
    wanted = seen @ np.linalg.lstsq(seen, d, rcond=None)[0]
    for columns in (
        seen,
        np.concatenate([seen, seen[:, :1] + seen[:, 1:2]], axis=1),
    ):  # one tells nothing new
        found = best_guess(backend.asarray(columns), backend.asarray(d))
        np.testing.assert_allclose(to_numpy(found), wanted, atol=1e-12)
    assert (to_numpy(best_guess(backend.asarray(0 * seen), backend.asarray(d))) == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_guess_that_can_be_right_changes_nothing(seed):
    w = np.random.default_rng(seed).standard_normal((2, 1))
    true, guessed = fields(X, Y, w, SEES["both"])
    assert abs(true).max() > 0.01
    np.testing.assert_allclose(guessed, true, atol=1e-12)


def test_a_guess_from_the_output_keeps_the_solution_and_makes_an_ellipse_of_others():
    true, guessed = fields(X, Y, SOLUTION, SEES["output"])
    assert abs(true).max() < 1e-12 and abs(guessed).max() < 1e-12
    for angle in np.linspace(0, 3, 7):
        u = np.array([[np.cos(angle)], [np.sin(angle)]])
        w = u * (u.T @ X.T @ Y) / (u.T @ X.T @ X @ u)  # where the ray along u meets the ellipse
        true, guessed = fields(X, Y, w, SEES["output"])
        assert abs(guessed).max() < 1e-12
        assert abs(true).max() > 0.01 or abs(w - SOLUTION).max() < 0.2
    assert (
        abs(fields(X, Y, 0 * SOLUTION, SEES["output"])[1]).max() == 0
    )  # and at zero, where it sees nothing
    assert abs(fields(X, Y, 2 * SOLUTION, SEES["output"])[1]).max() > 0.01


def test_a_guess_from_the_label_loses_the_solution():
    true, guessed = fields(X, Y, SOLUTION, SEES["label"])
    assert abs(true).max() < 1e-12 and abs(guessed).max() > 0.01
    for along in (-1.0, 0.0, 2.0):  # two places on the line y^T p = y^T y, and between
        normal = X.T @ Y
        w = normal * (Y.T @ Y) / (normal.T @ normal) + along * np.array(
            [[-normal[1, 0]], [normal[0, 0]]]
        )
        true, guessed = fields(X, Y, w, SEES["label"])
        assert abs(guessed).max() < 1e-12 and abs(true).max() > 0.01


def test_without_noise_nothing_is_lost():
    y = X @ np.array([[1.0], [0.5]])
    for see in SEES.values():
        assert abs(fields(X, y, np.array([[1.0], [0.5]]), see)[1]).max() < 1e-12
