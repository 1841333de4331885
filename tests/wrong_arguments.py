"""Wrong sizes, numbers, generators and types: `call(value)` must refuse each in a sentence."""

import math

import numpy as np
import pytest

from dni_np.errors import UserError
from tests.boundaries import assert_one_sentence

NO_NUMBERS = ["1", None, True, math.nan, [1], np.ones(3), np.array(1.0), 1j]


def refused(call, values):
    for value in values:
        with pytest.raises(UserError) as error:
            pytest.fail(f"{value!r} was taken: {call(value)}")
        assert_one_sentence(error.value)


def check_size(call):
    """A whole number, at least 1."""
    call(1)
    call(np.int64(1))
    refused(call, [*NO_NUMBERS, 0, -1, 1.0, 1.5, math.inf])


def check_number(interval, call):
    """A number in an interval such as "[0, 1)"."""
    low, high = map(float, interval[1:-1].split(","))
    ends = [(low, interval[0] == "["), (high, interval[-1] == "]")]
    for good in [0.5, np.float32(0.5), *(end for end, included in ends if included)]:
        call(good)
    beyond = [low - 1, high + 1, *(end for end, included in ends if not included)]
    refused(call, [*NO_NUMBERS, math.inf, -math.inf, *beyond])


def check_generator(call):
    call(np.random.default_rng(0))
    refused(call, [0, None, "seed", np.random, np.random.RandomState(0), np.random.PCG64(0)])


def check_precision(call):
    for good in (np.float32, "float64", np.dtype("float32"), float):
        call(good)
    refused(call, [int, "float16", None, complex, "sngl", 3, np.ones(2)])
