"""`StrictArray`: computes with NumPy, behaves as a cupy.ndarray.

It never turns into a NumPy array by itself nor mixes with one; its elements are 0-d arrays;
it has CuPy's methods only. It is stricter where CuPy is silent about a bug: an index out of
range (CuPy wraps it), an element assigned twice in one statement (the order is undefined).
"""

import operator

import numpy as np

from tests.cupy_names import check_method, has_method
from tests.strict_record import record
from tests.strict_streams import streams

NUMBERS = (bool, int, float, complex, np.generic)
ATTRIBUTES = {"shape", "dtype", "ndim", "size", "nbytes", "itemsize", "strides", "flags"}


class StrictArray:
    """A NumPy array that behaves as if it were on a device."""

    __array_ufunc__ = None  # numpy_array + strict_array then asks __radd__, which refuses
    __hash__ = None

    def __init__(self, host):
        self._memory, self._made = host, streams.tick()

    @property
    def _host(self):
        streams.check(self._made)
        return self._memory

    def __reduce__(self):
        return StrictArray, (self._host,)  # a copy is made in the stream that is current there

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed: use backend.to_numpy")

    def __array_function__(self, function, *args):
        raise TypeError(
            f"numpy.{function.__name__} is given a device array: use xp.{function.__name__}"
        )

    def __getattr__(self, name):
        if name in ATTRIBUTES:
            return getattr(self._host, name)
        if name == "T":
            return StrictArray(self._host.T)
        if name.startswith("_") or not has_method(name):
            raise AttributeError(f"cupy.ndarray has no {name}")
        method = getattr(self._host, name)

        def call(*args, **kwargs):
            record.call(f"ndarray.{name}", kwargs)
            check_method(name, args, kwargs)
            if name in ("item", "tolist", "nonzero"):
                record.wait()
            args, out = to_host(args), kwargs.get("out")
            result = method(*args, **to_host(kwargs))
            record.move((self._host, args), result, to_host(out))
            return result if name in ("item", "tolist") else to_device(result, out)

        return call

    def get(self):
        """A host copy, as a NumPy array."""
        record.wait()
        return self._host.copy()

    def __getitem__(self, index):
        index = host_index(index)
        if any(getattr(i, "dtype", None) == bool for i in index):
            record.wait()  # how many are True decides the result's shape
        if not any(i is Ellipsis for i in index):
            index = (*index, Ellipsis)  # one element is a 0-d view then, not a number
        return StrictArray(self._host[index])

    def __setitem__(self, index, value):
        index, value = host_index(index), operand(value, "assignment")
        if np.ndim(value) and any(isinstance(i, np.ndarray) and i.dtype != bool for i in index):
            hits = np.zeros(self.shape, int)
            np.add.at(hits, index, 1)
            if hits.max(initial=0) > 1:
                raise IndexError("an element is assigned twice: on a GPU either value may win")
        self._host[index] = value
        record.move(value, out=self._host[index])

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __len__(self):
        return len(self._host)

    def __repr__(self):
        return f"StrictArray({self.get()!r})"


def operand(value, name):
    """What may stand beside a device array: another one, or a number."""
    if isinstance(value, (StrictArray, *NUMBERS)):
        return to_host(value)
    raise TypeError(
        f"{name}: Unsupported type {type(value)} beside a device array: "
        "move it with backend.asarray"
    )


def host_index(index):
    """An index as a tuple that NumPy understands; refuses host arrays and lists."""
    index = index if isinstance(index, tuple) else (index,)
    for i in index:
        if isinstance(i, (np.ndarray, list)):
            raise TypeError(
                f"a device array is indexed with a host {type(i).__name__}: "
                "move it with backend.asarray"
            )
    return tuple(map(to_host, index))


def to_host(value):
    """Unwrap device arrays, also in lists, tuples and dicts; refuse host arrays."""
    if isinstance(value, StrictArray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}: move it with backend.asarray")
    if isinstance(value, (list, tuple)):
        return type(value)(map(to_host, value))
    if isinstance(value, dict):
        return {name: to_host(one) for name, one in value.items()}
    return value


def to_device(result, out=None):
    """Wrap what NumPy returned; numbers become 0-d arrays."""
    if isinstance(result, (list, tuple)):
        return tuple(map(to_device, result))
    if out is None and isinstance(result, (np.ndarray, *NUMBERS)):
        return StrictArray(np.asarray(result))
    return result if out is None else out


def _add_operators():
    def computed(function, *values):
        result = function(*values)
        record.move(values, result)
        return to_device(result)

    def binary(function):
        return lambda self, other: computed(
            function, self._host, operand(other, function.__name__)
        )

    def swapped(function):
        return lambda self, other: computed(
            function, operand(other, function.__name__), self._host
        )

    def in_place(function):
        def method(self, other):
            other = operand(other, function.__name__)
            function(self._host, other)  # changes the memory, and so every view of it
            record.move((self._host, other), out=self._host)
            return self

        return method

    def number(function):  # a number on the host: it has to be fetched
        return lambda self: record.wait() or function(self._host)

    for name in "add sub mul truediv floordiv mod pow matmul and or xor".split():
        setattr(StrictArray, f"__{name}__", binary(getattr(operator, f"__{name}__")))
        setattr(StrictArray, f"__r{name}__", swapped(getattr(operator, f"__{name}__")))
        if name != "matmul":  # cupy.ndarray has no __imatmul__: x @= y makes a new x
            setattr(StrictArray, f"__i{name}__", in_place(getattr(operator, f"__i{name}__")))
    for name in "eq ne lt le gt ge".split():
        setattr(StrictArray, f"__{name}__", binary(getattr(operator, f"__{name}__")))
    for name in "neg pos abs invert".split():
        function = getattr(operator, f"__{name}__")
        setattr(
            StrictArray,
            f"__{name}__",
            lambda self, function=function: computed(function, self._host),
        )
    for kind, name in ((float, "float"), (int, "int"), (bool, "bool"), (operator.index, "index")):
        setattr(StrictArray, f"__{name}__", number(kind))


_add_operators()
