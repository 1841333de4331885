"""Guesses whose loss is known are integrated back to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.analysis.implied_loss import detour, implied_loss, straight
from dni_np.backend import to_numpy, xp

pytestmark = pytest.mark.usefixtures("on_the_host")

RNG = np.random.default_rng(0)
Y = RNG.standard_normal((4, 3))


def quadratic(q, y=Y):
    return 0.5 * ((q - y) ** 2).sum(axis=-1)


@given(seed=st.integers(0, 99), steps=st.integers(1, 9))
def test_an_exactly_quadratic_loss_comes_back_exactly(seed, steps):
    """ghat = q - y, on any path of any number of pieces."""
    path = np.random.default_rng(seed).standard_normal((steps + 1, 4, 3))
    np.testing.assert_allclose(
        implied_loss(lambda q: q - Y, path), quadratic(path) - quadratic(path[0]), atol=1e-12
    )


def test_a_straight_path(backend):
    start, end = backend.asarray(np.zeros((4, 3))), backend.asarray(Y)
    path = straight(start, end, 5)
    assert path.shape == (6, 4, 3)
    np.testing.assert_allclose(to_numpy(path[2]), 0.4 * Y)
    found = to_numpy(implied_loss(lambda q: q - end, path))
    np.testing.assert_allclose(found[-1], -quadratic(0 * Y), atol=1e-12)
    assert (found[0] == 0).all()


def test_a_loss_that_is_not_quadratic_comes_back_up_to_the_size_of_the_steps():
    q = xp.linspace(-6, 6, 2001)[:, None, None]
    for y in (0.0, 1.0):
        found = implied_loss(lambda p, y=y: 1 / (1 + np.exp(-p)) - y, q)[:, 0]
        wanted = np.log1p(np.exp(q[:, 0, 0])) - y * q[:, 0, 0]
        np.testing.assert_allclose(found, wanted - wanted[0], atol=1e-5)


def test_only_a_symmetric_guess_has_a_loss():
    A = RNG.standard_normal((3, 3))
    start, middle, end = RNG.standard_normal((3, 4, 3))
    symmetric = detour(lambda q: q @ (A + A.T) - Y, start, middle, end)
    np.testing.assert_allclose(symmetric, 0, atol=1e-12)
    # Stokes: the part of A that is not symmetric, times the triangle.
    wanted = np.einsum("ni,ij,nj->n", middle - start, 0.5 * (A - A.T), end - start)
    assert abs(wanted).min() > 0.01
    np.testing.assert_allclose(detour(lambda q: q @ A - Y, start, middle, end), wanted, atol=1e-12)
