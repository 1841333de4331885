"""The stand-in refuses what a GPU would refuse:

otherwise the tests that run on it prove nothing.
"""

import numpy as np
import pytest

from tests.strict_array import StrictArray, strict


def device(*shape):
    return strict.asarray(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))


HOST = np.ones((2, 3), np.float32)

REFUSED = {
    "conversion to NumPy": lambda x: np.asarray(x),
    "a list with conversion": lambda x: np.array([x, x], dtype=float),
    "a NumPy function": lambda x: np.concatenate([x, x]),
    "a NumPy ufunc": lambda x: np.exp(x),
    "writing into a host array": lambda x: HOST.copy().__setitem__(..., x),
    "host array on the right": lambda x: x + HOST,
    "host array on the left": lambda x: HOST @ x.T,
    "host array in place": lambda x: x.__iadd__(HOST),
    "host array added to in place": lambda x: HOST.copy().__iadd__(x),
    "comparison with a host array": lambda x: x == HOST,
    "a list as operand": lambda x: x * [1, 2, 3],
    "host array in a function": lambda x: strict.maximum(x, HOST),
    "only host arrays in a function": lambda x: strict.exp(HOST),
    "a number alone in a function": lambda x: strict.exp(1.0),
    "host array in a list": lambda x: strict.concatenate([x, HOST]),
    "host array as out": lambda x: strict.exp(x, out=HOST.copy()),
    "host array in a method": lambda x: x.dot(HOST.T),
    "host index": lambda x: x[np.array([0, 1])],
    "list index": lambda x: x[[0, 1]],
    "host mask": lambda x: x[HOST > 0],
    "assignment at a host index": lambda x: x.__setitem__(np.array([0]), 1),
    "assignment of a host array": lambda x: x.__setitem__(0, HOST[0]),
    "assignment of a list": lambda x: x.__setitem__(0, [1, 2, 3]),
    "sum with initial": lambda x: x.sum(initial=0),
    "mean with where": lambda x: x.mean(axis=0, where=x > 1),
    "max function with initial": lambda x: strict.max(x, initial=0),
    "ufunc with where": lambda x: strict.exp(x, where=x > 1),
    "zeros with like": lambda x: strict.zeros(3, like=x),
    "unknown keyword": lambda x: strict.concatenate([x], axes=0),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    with pytest.raises(TypeError):
        REFUSED[what](device(2, 3))


@pytest.mark.parametrize("name", ["setfield", "getfield", "resize", "to_device"])
def test_methods_that_cupy_lacks(name):
    with pytest.raises(AttributeError, match=f"cupy.ndarray has no {name}"):
        getattr(device(2), name)


@pytest.mark.parametrize(
    "name", ["no_such_function", "busday_count", "random", "linalg.no_such_function"]
)
def test_functions_that_cupy_lacks(name):
    with pytest.raises(AttributeError):
        eval(f"strict.{name}", {"strict": strict})


def test_it_computes_as_numpy():
    x, host = device(2, 3), np.arange(6, dtype=np.float32).reshape(2, 3)
    for got, expected in (
        (x + 1, host + 1),
        (1 - x, 1 - host),
        (np.float32(2) * x, 2 * host),
        (2**x, 2**host),
        (x @ x.T, host @ host.T),
        (-x, -host),
        (x > 2, host > 2),
        (strict.where(x > 2, x, 0), np.where(host > 2, host, 0)),
        (x.sum(axis=1, keepdims=True), host.sum(axis=1, keepdims=True)),
        (x[:, None, 1], host[:, None, 1]),
        (x[strict.asarray([1, 0])], host[[1, 0]]),
        (strict.linalg.norm(x), np.linalg.norm(host)),
    ):
        assert (
            isinstance(got, StrictArray)
            and got.dtype == expected.dtype
            and np.array_equal(got.get(), expected)
        )


def test_results_stay_on_the_device():
    x = device(2, 3)
    for value in (
        x[0, 0],
        x.sum(),
        x.argmax(),
        strict.vdot(x, x),
        strict.allclose(x, x),
        strict.count_nonzero(x),
    ):
        assert isinstance(value, StrictArray) and value.shape == ()


def test_slices_are_views_and_in_place_keeps_the_memory():
    x = device(2, 3)
    row = x[0]
    row += 10
    row[...] = row * 2
    view = x.reshape(-1)[:2]
    view -= 1
    assert x.tolist() == [[19, 21, 24], [3, 4, 5]]


def test_an_element_assigned_twice_is_refused():
    x = device(3)
    with pytest.raises(IndexError, match="assigned twice"):
        x[strict.asarray([0, 0])] = strict.asarray([1.0, 2.0])
    x[strict.asarray([0, 0])] = 5  # the same value either way
    x[strict.asarray([1, 2])] += strict.asarray([1, 1])
    assert x.tolist() == [5, 2, 3]


def test_an_index_out_of_range_is_refused():
    with pytest.raises(IndexError):
        device(3)[strict.asarray([3])]


WAITING = {
    "float": float,
    "int": lambda x: int(x),
    "bool": lambda x: bool(x),
    "index": lambda x: [0, 1, 2][x.astype(int)],
    "item": lambda x: x.item(),
    "tolist": lambda x: x.tolist(),
    "get": lambda x: x.get(),
    "print": repr,
    "mask": lambda x: x.reshape(1)[x.reshape(1) > 0],
    "nonzero": lambda x: x.reshape(1).nonzero(),
    "where with one argument": lambda x: strict.where(x.reshape(1)),
    "unique": lambda x: strict.unique(x),
    "synchronize": lambda x: strict.cuda.get_current_stream().synchronize(),
    "asnumpy": strict.asnumpy,
}


@pytest.mark.parametrize("what", WAITING)
def test_waiting_for_the_device_is_recorded(what):
    x = device(1).sum()
    before = strict.record.synchronizations
    WAITING[what](x)
    assert strict.record.synchronizations > before


def test_computing_does_not_wait():
    x = device(2, 3)
    before = strict.record.synchronizations
    y = strict.exp(x).mean(axis=0) / len(x)
    y[0] = x[1, 2]
    y[strict.arange(2)] -= 1
    _, _ = y.shape, strict.asarray(HOST)
    assert strict.record.synchronizations == before
