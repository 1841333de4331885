"""Cosine, L2 and sign error of figure 12, on gradients whose errors are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.analysis.gradient_error import gradient_error, pooled_cosine
from dni_np.backend import asarray


def errors(synthetic, true):
    found = gradient_error(asarray(np.array(synthetic, float)), asarray(np.array(true, float)))
    return tuple(float(found[name]) for name in ("cosine", "l2", "sign"))


@pytest.mark.parametrize(
    "synthetic, true, wanted",
    [
        ([[3, 4]], [[3, 4]], (1, 0, 0)),
        ([[6, 8]], [[3, 4]], (1, 5, 0)),  # the direction counts, not the length
        ([[-3, -4]], [[3, 4]], (-1, 10, 1)),
        ([[4, -3]], [[3, 4]], (0, 50**0.5, 0.5)),
        ([[0, 0]], [[3, 4]], (0, 5, 1)),  # a guess of zero has no direction
        ([[0, 0]], [[0, 0]], (0, 0, 0)),
        ([[1, 0], [0, 1]], [[1, 0], [0, -1]], (0, 1, 0.25)),  # the mean over samples
    ],
)
def test_known_errors(synthetic, true, wanted):
    assert errors(synthetic, true) == pytest.approx(wanted)


@given(seed=st.integers(0, 999), scale=st.floats(1e-6, 1e6))
def test_cosine_and_sign_do_not_depend_on_the_scale(seed, scale):
    rng = np.random.default_rng(seed)
    guess, true = rng.standard_normal((2, 6, 5))
    cosine, _, sign = errors(guess, true)
    assert errors(scale * guess, true)[::2] == pytest.approx((cosine, sign))
    assert -1 <= cosine <= 1 and 0 <= sign <= 1


def test_the_pooled_cosine_counts_rows_by_their_size(backend):
    """A row a hundred times larger decides; scale alone does not matter; of zeros it is 0."""
    true = np.array([[100.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    guess = np.array([[100.0, 0.0], [0.0, -1.0], [0.0, -1.0]])
    for factor in (1, 3):
        found = pooled_cosine(backend.asarray(factor * guess), backend.asarray(true))
        assert float(found) == pytest.approx((10_000 - 2) / 10_002)
    assert float(pooled_cosine(backend.asarray(0 * guess), backend.asarray(true))) == 0
