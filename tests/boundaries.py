"""Wrong arrays for any boundary: each is refused in a sentence, or gives what the right one gives.

A Case is a call with one argument left open, and an array that is right there. From it follow the
wrong ones: other types with the same numbers, other shapes, labels out of range. None may end in an
error of Python's or NumPy's own, nor in other numbers.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from dni_np.backend import asarray, on_host, to_numpy
from dni_np.errors import UserError

ALL = tuple(range(5))  # axes


class Case(NamedTuple):
    """`call(array)` -> one array or several, by new parts each time."""

    call: Callable
    good: np.ndarray  # on the host: float32, or integers
    free: tuple = (0,)  # axes that may be longer or shorter
    classes: int = 0  # integers must be below
    lists: bool = False  # host data: what can be turned into the right array is


def floats(*shape, seed=0):
    """Random numbers (float32) of that shape, positive ones too."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def labels(*shape, classes):
    """Integers that name each class, as far as there is room."""
    return np.arange(np.prod(shape)).reshape(shape) % classes


def types(good):
    """{what it is: the same numbers, as another type}."""
    found = {
        "float64": good.astype(np.float64),
        "float16": good.astype(np.float16),
        "bytes": np.abs(100 * good).astype(np.uint8),
        "integers": (10 * good).astype(np.int64),
        "yes and no": good > 0,
        "complex": good.astype(complex),
    }
    if good.dtype.kind == "i":
        found = {name: good.astype(name) for name in ("uint8", "int32", "float32", "bool")}
    on_backend = {name: asarray(value) for name, value in found.items()}
    others = {
        "list": good.tolist(),
        "strings": good.astype(str).tolist(),
        "None": None,
        "number": 1.0,
        "seed": 0,
        "masked array": np.ma.masked_array(good),
        "objects": np.array(good, object),
    }
    if not on_host():
        others["array on the host"] = good
    return {**on_backend, **others}


def shapes(case):
    """{what it is: the array in another shape}, each of them wrong."""
    good, free = case.good, case.free
    found = {"empty": good[:0]}
    if free != ALL:
        found.update(
            {"an axis more": good[None], "an axis less": good[0], "a column": good[..., None]}
        )
    for axis, length in enumerate(good.shape):
        if axis not in free and length > 1:
            found[f"axis {axis} of length 1"] = good.take([0], axis)
            found[f"axis {axis} shorter"] = good.take(range(length - 1), axis)
            found[f"axis {axis} longer"] = good.take([*range(length), 0], axis)
    if case.classes:
        one_hot = np.eye(case.classes, dtype=int)[good]
        found.update({"one-hot": one_hot, "one-hot floats": one_hot.astype(np.float32)})
    return {name: asarray(value) for name, value in found.items()}


def check_types(case):
    """Other types are refused, or give the same numbers."""
    for name, value in types(case.good).items():
        try:
            result = case.call(value)
        except UserError as error:
            assert_one_sentence(error)
            works = name == "float64" or case.classes and name in ("uint8", "int32")
            assert not works, f"{name} was refused: {error}"
            continue
        assert case.lists or value is not None, f"{name} was taken"
        same = np.asarray(value if isinstance(value, list) else to_numpy(value)).astype(
            case.good.dtype
        )
        for one, other in zip(numbers(result), numbers(case.call(asarray(same))), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4, err_msg=name)


def check_shapes(case):
    """Other shapes are refused."""
    for name, value in shapes(case).items():
        with pytest.raises(UserError) as error:
            pytest.fail(f"{name} was taken: {case.call(value)}")
        assert_one_sentence(error.value)


def check_range(case):
    """Integers that name no class are refused; on a device they give nan."""
    for wrong in (-1, case.classes, -(2**40), 2**40):
        value = case.good.copy()
        value.reshape(-1)[0] = wrong
        if on_host():
            with pytest.raises(UserError, match=f"from 0 to {case.classes - 1}"):
                pytest.fail(f"{wrong} was taken: {case.call(value)}")
        else:
            assert any(np.isnan(part).any() for part in numbers(case.call(asarray(value)))), wrong


def check(case):
    """All of these."""
    assert all(np.isfinite(part).all() for part in numbers(case.call(asarray(case.good))))
    check_shapes(case)
    check_types(case)
    if case.classes:
        check_range(case)


def numbers(result):
    """The arrays of a result on the host, in their order."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (tuple, list)):
        return [part for one in result for part in numbers(one)]
    return [] if result is None else [np.asarray(to_numpy(result), float)]


def assert_one_sentence(error):
    assert str(error) and "\n" not in str(error) and len(str(error)) < 400
