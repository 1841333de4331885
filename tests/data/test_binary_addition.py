"""Binary addition adds, for any number of bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.binary_addition import binary_addition, decode, encode
from dni_np.errors import UserError


@given(bits=st.integers(2, 62), n=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_the_sum_is_right_and_fits(bits, n, seed):
    x, y = binary_addition(n, bits, rng=np.random.default_rng(seed))
    assert x.shape == (n, 2 * bits) and y.shape == (n, bits)
    assert x.dtype == y.dtype == np.float32
    assert set(np.unique(x)) | set(np.unique(y)) <= {0.0, 1.0}
    assert np.array_equal(decode(x[:, :bits]) + decode(x[:, bits:]), decode(y))


@given(bits=st.integers(1, 62), seed=st.integers(0, 2**32))
def test_decode_undoes_encode(bits, seed):
    numbers = np.random.default_rng(seed).integers(0, 2**bits, 20)
    assert np.array_equal(decode(encode(numbers, bits)), numbers)


def test_most_significant_bit_comes_first():
    assert encode(np.array([6]), 4).tolist() == [[0, 1, 1, 0]]
    assert decode(np.array([[0.2, 0.9, 0.6, 0.4]])) == [6]  # outputs are rounded at 1/2


def test_all_addends_occur():
    x, _ = binary_addition(2000, 4, rng=np.random.default_rng(0))
    assert set(decode(x[:, :4])) == set(decode(x[:, 4:])) == set(range(8))


@pytest.mark.parametrize("bits", [-1, 0, 1, 63, 4.0, "4"])
def test_impossible_numbers_of_bits(bits):
    with pytest.raises(UserError, match=f"(at least 2|2 to 62 bits), not {bits!r}"):
        binary_addition(10, bits, rng=np.random.default_rng(0))


def test_no_examples():
    with pytest.raises(UserError, match="n_examples must be a whole number, at least 1, not 0"):
        binary_addition(0, 4, rng=np.random.default_rng(0))
