"""The symmetric solve beside SciPy's and NumPy's, and with matrices that have no inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.backend import asarray, to_numpy, using
from dni_np.nn.cholesky_solve import BLOCK, cholesky_solve
from tests.strict_array import strict


def system(D, K, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2 * D, D))
    return (x.T @ x / len(x)).astype(dtype), rng.standard_normal((D, K)).astype(dtype)


@given(D=st.integers(1, 2 * BLOCK + 5), K=st.integers(1, 7), seed=st.integers(0, 5))
def test_it_solves(D, K, seed):
    A, B = system(D, K, seed)
    np.testing.assert_allclose(
        cholesky_solve(asarray(A), asarray(B)), np.linalg.solve(A, B), rtol=1e-7, atol=1e-10
    )


@pytest.mark.parametrize("D", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_it_agrees_with_scipy(backend, D):
    linalg = pytest.importorskip("scipy.linalg")
    A, B = system(D, 5)
    wanted = linalg.cho_solve(linalg.cho_factor(A), B)
    given_A, given_B = asarray(A), asarray(B)
    np.testing.assert_allclose(
        to_numpy(cholesky_solve(given_A, given_B)), wanted, rtol=1e-10, atol=1e-12
    )
    np.testing.assert_array_equal(to_numpy(given_A), A)  # neither was written to
    np.testing.assert_array_equal(to_numpy(given_B), B)


def test_single_precision_with_a_large_condition_number():
    rng = np.random.default_rng(0)
    turned, _ = np.linalg.qr(rng.standard_normal((100, 100)))
    A = turned * np.logspace(0, -4, 100) @ turned.T
    B = A @ rng.standard_normal((100, 3))
    X = cholesky_solve(asarray(A, np.float32), asarray(B, np.float32))
    assert X.dtype == np.float32
    wanted = np.linalg.solve(A, B)
    assert np.abs(to_numpy(X) - wanted).max() < 0.01 * np.abs(wanted).max()


SINGULAR = {
    "twice the same": np.ones((3, 3)),
    "zero": np.zeros((3, 3)),
    "negative": -np.eye(3),
    "to working precision": np.diag([1.0, 1.0, 1e-17]),
    "nan": np.full((3, 3), np.nan),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_singular_matrix_is_refused_on_the_host(name):
    with using("numpy"), pytest.raises(np.linalg.LinAlgError):
        cholesky_solve(SINGULAR[name], np.ones((3, 2)))


def test_on_a_device_it_never_waits_and_a_singular_matrix_gives_nan():
    with using(strict):
        waits = strict.record.synchronizations
        sound = cholesky_solve(asarray(np.eye(3)), asarray(np.ones((3, 2))))
        singular = cholesky_solve(
            asarray(SINGULAR["to working precision"]), asarray(np.ones((3, 2)))
        )
        assert strict.record.synchronizations == waits
        np.testing.assert_array_equal(to_numpy(sound), np.ones((3, 2)))
        assert np.isnan(to_numpy(singular)).all()
