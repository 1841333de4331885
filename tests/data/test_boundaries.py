"""Wrong arguments of what makes data, on the host (Dataset has a page of its own)."""

import numpy as np
import pytest

from dni_np.data.binary_addition import binary_addition, decode, encode
from dni_np.data.odd_and_threes import OddAndThrees
from dni_np.data.streams import Streams
from dni_np.errors import UserError
from tests.boundaries import assert_one_sentence

WRONG = {
    "encode": (
        lambda value: encode(value, 3),
        [None, 3, ["1"], [1.0], [True], [[1]], [-1], [8], np.array([2**40])],
    ),
    "encode with so many bits": (lambda value: encode([1], value), [0, 63, 1.0, None, "3", True]),
    "decode": (decode, [None, 3, "101", [1, 0], [["1"]], np.ones((2, 63)), np.ones((2, 0))]),
    "streams": (
        lambda value: Streams(value, 1, 1),
        [None, 3, "text", ["a", "b"], [0.0, 1.0], [True, False], [[0, 1]], [0, -1], []],
    ),
    "steps ahead": (lambda value: Streams([0, 1, 2], 1, 1).next(value), [-1, 1.0, None, "1"]),
    "images": (
        lambda value: OddAndThrees(value, [1, 2], 2, 2, np.random.default_rng(0)),
        [np.zeros((2, 2, 2)), np.zeros(2), [["a"], ["b"]], np.zeros((0, 3)), np.zeros((3, 2))],
    ),
    "digits": (
        lambda value: OddAndThrees(np.zeros((2, 3)), value, 2, 2, np.random.default_rng(0)),
        [[1.0, 2.0], [[1], [2]], [10, 1], [-1, 1], ["1", "2"], np.eye(2, dtype=int), [True, False]],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name):
    call, values = WRONG[name]
    for value in values:
        with pytest.raises(UserError) as error:
            pytest.fail(f"{value!r} was taken: {call(value)}")
        assert_one_sentence(error.value)


def test_lists_will_do():
    """On the host nothing is lost by turning a list into an array."""
    np.testing.assert_array_equal(decode(encode([0, 5, 7], 3).tolist()), [0, 5, 7])
    assert Streams([0, 1, 2], 1, 2).next().labels.tolist() == [[1], [2]]
    same = [
        OddAndThrees(x, [1, 3], 4, 2, np.random.default_rng(0)).next()
        for x in ([[0.0], [1.0]], np.eye(2)[:, 1:])
    ]
    np.testing.assert_array_equal(same[0].x, same[1].x)


def test_addition_draws_from_a_generator():
    with pytest.raises(UserError, match="rng must be a NumPy Generator"):
        binary_addition(10, 4, rng=0)
