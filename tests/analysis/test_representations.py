"""Dissimilarity matrices by hand, and against NumPy's own correlations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.analysis.representations import (
    agreement,
    agreement_with_last,
    dissimilarity,
)
from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.rules.rule import Rule
from tests.rules.networks import main_layers

pytestmark = pytest.mark.usefixtures("on_the_host")


def test_three_images_by_hand(backend):
    """(1, 2, 3) and (3, 2, 1) are opposite, and (2, 5, 2) has nothing in common with either:

    its hill is in the middle.
    """
    h = backend.asarray(np.array([[1, 2, 3], [30, 20, 10], [2, 5, 2]], np.float32))
    np.testing.assert_allclose(
        to_numpy(dissimilarity(h)), [[0, 2, 1], [2, 0, 1], [1, 1, 0]], atol=1e-15
    )


def test_an_image_that_no_unit_answers_to_has_nothing_in_common_with_any():
    found = dissimilarity(np.array([[0, 0, 0], [1, 2, 4], [1, 2, 4]], np.float32))
    np.testing.assert_allclose(found, [[1, 1, 1], [1, 0, 0], [1, 0, 0]], atol=1e-15)


def above(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


@given(seed=st.integers(0, 99), n=st.integers(3, 8), scale=st.floats(0.01, 100))
def test_against_numpy(seed, n, scale):
    rng = np.random.default_rng(seed)
    one, other = rng.standard_normal((n, 6)), rng.standard_normal((n, 3, 3, 2))
    a, b = dissimilarity(asarray(one)), dissimilarity(asarray(scale * other + 1))
    np.testing.assert_allclose(to_numpy(a), 1 - np.corrcoef(one), atol=1e-12)
    np.testing.assert_allclose(
        to_numpy(b), 1 - np.corrcoef(other.reshape(n, -1)), atol=1e-9
    )  # scale and shift: no matter
    wanted = np.corrcoef(above(to_numpy(a)), above(to_numpy(b)))[0, 1]
    assert float(agreement(a, b)) == pytest.approx(wanted, abs=1e-9)


def test_a_matrix_agrees_with_itself_and_not_with_its_opposite(backend):
    R = dissimilarity(backend.asarray(np.random.default_rng(0).standard_normal((6, 4))))
    assert float(agreement(R, R)) == pytest.approx(1, abs=1e-12)
    assert float(agreement(R, 3 * R + 1)) == pytest.approx(1, abs=1e-12)
    assert float(agreement(R, 2 - R)) == pytest.approx(-1, abs=1e-12)
    assert float(agreement(R, 0 * R)) == 0


def test_the_diagonal_does_not_count():
    """It is zero in every matrix, and would make any two agree."""
    rng = np.random.default_rng(0)
    a, b = (dissimilarity(rng.standard_normal((5, 4))) for _ in range(2))
    before = agreement(a, b)
    b[np.arange(5), np.arange(5)] = 1000
    assert agreement(a, b) == before


def test_each_layer_beside_the_last():
    rule = Rule()
    rule.cores = main_layers()
    x = np.random.default_rng(0).standard_normal((20, 6))
    found = [float(value) for value in agreement_with_last(rule, x)]
    assert (
        len(found) == 4
        and found[-1] == pytest.approx(1)
        and all(value < 0.99 for value in found[:-1])
    )
    assert (
        found[-2] > found[0]
    )  # the classifier reads the third hidden layer, and the first through two others


def test_what_cannot_be_compared():
    with pytest.raises(UserError, match="at least 2 units"):
        dissimilarity(np.ones((5, 1)))
    for one, other in (((2, 2), (2, 2)), ((3, 3), (4, 4))):
        with pytest.raises(UserError, match="at least 3 images|floats of shape"):
            agreement(np.ones(one), np.ones(other))
