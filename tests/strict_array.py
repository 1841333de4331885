"""A stand-in for CuPy that is as strict as a GPU, for machines without one.

    from tests.strict_array import strict
    backend.use(strict)

Its arrays are `StrictArray`s (see `strict_ndarray`). A function is found only if CuPy has
it, and takes only the arguments that CuPy's takes (see `cupy_names`); it refuses NumPy
arrays, except where host data is meant to move: `asarray`, `array`. There is no `random`:
random numbers are drawn on the host, so that one seed gives one run on every backend.

`strict.record` counts how often the host waited for the device, and lists all calls.
"""

from types import ModuleType, SimpleNamespace

import numpy as np

from tests.cupy_names import check_function, has_function
from tests.strict_ndarray import StrictArray, to_device, to_host
from tests.strict_record import record
from tests.strict_streams import Device, Event, Stream, streams

MOVES = {"asarray", "array", "ascontiguousarray"}
CREATES = {"zeros", "ones", "full", "empty", "arange", "eye", "identity", "linspace", "tri"}
WAITS = {
    "nonzero",
    "flatnonzero",
    "argwhere",
    "unique",
    "bincount",
    "compress",
    "extract",
}  # their result's size is data


class StrictModule:
    """NumPy's functions as far as CuPy has them; `strict` is the whole, `strict.linalg` and so on
    its parts.
    """

    def __init__(self, module, prefix=""):
        self._module, self._prefix = module, prefix

    def __getattr__(self, name):
        full = self._prefix + name
        if not has_function(full):
            raise AttributeError(f"CuPy has no {full}, or tests/cupy_names.py does not list it")
        value = getattr(self._module, name)
        if isinstance(value, ModuleType):
            return StrictModule(value, full + ".")
        if not callable(value) or isinstance(value, type):
            return value  # pi, newaxis, float32: CuPy's are NumPy's own
        return lambda *args, **kwargs: _call(full, value, args, kwargs)


def _call(name, function, args, kwargs):
    record.call(name, kwargs)
    check_function(name, args, kwargs)
    if name in MOVES:
        return _move(function, *args, **kwargs)
    if name in WAITS or (name == "where" and len(args) == 1):
        record.wait()
    if name not in CREATES and not _holds_array((*args[:2], kwargs.get("out"))):
        raise TypeError(
            f"{name}: Unsupported type {type(args[0]) if args else None}: it needs a device array"
        )
    host, out = to_host(args), kwargs.get("out")
    result = function(*host, **to_host(kwargs))
    record.move(host, result, to_host(out))
    return to_device(result, out)


def _move(function, source, *args, **kwargs):
    if isinstance(source, StrictArray):
        moved = function(source._host, *args, **kwargs)
        return source if moved is source._host else StrictArray(moved)
    if isinstance(source, (list, tuple)):
        source = [one._host if isinstance(one, StrictArray) else one for one in source]
    return StrictArray(
        np.array(source, *args, **kwargs)
    )  # always a copy: host and device share no memory


def _holds_array(values):
    return any(
        _holds_array(v) if isinstance(v, (list, tuple)) else isinstance(v, StrictArray)
        for v in values
    )


class Strict(StrictModule):
    """The module-like object to pass to `backend.use`."""

    __name__ = "strict"
    ndarray = StrictArray
    record = record
    cuda = SimpleNamespace(
        is_available=lambda: True,
        Device=Device,
        get_current_stream=lambda: streams.current,
        Stream=Stream,
        Event=Event,
    )

    def __getattr__(self, name):
        if name == "random":
            raise AttributeError(
                "draw random numbers on the host, from the run's one Generator, then move them"
            )
        return super().__getattr__(name)

    @staticmethod
    def asnumpy(array):
        """A host copy."""
        return array.get()


strict = Strict(np)
