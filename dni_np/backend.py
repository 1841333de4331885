"""One name for NumPy and CuPy: `xp`.

    from dni_np.backend import xp
    y = xp.exp(h)            # reads as NumPy; runs on whichever backend is in use

`xp` is a handle, not a module: it looks each function up in the backend in use
and remembers it, so `use("cupy")` is seen everywhere, also by modules that
imported `xp` long before. Do not store `xp.exp` in a variable at import time:
that would freeze the backend.

The backend is chosen once per program: by `--backend` on the command line, else
by the environment variable DNI_NP_BACKEND, else NumPy. CuPy is imported only
when it is asked for.
"""

import contextlib
import importlib
import os

import numpy

from dni_np.errors import UserError

FLOAT = numpy.float32  # the default precision; gradient checks pass float64 arrays instead


class Handle:
    """Looks names up in the backend module and caches them as its own attributes."""

    def __getattr__(self, name):
        value = getattr(current(), name)  # only called for names not cached yet
        self.__dict__[name] = value
        return value


xp = Handle()
_module = None


def current():
    """The backend module in use: `numpy`, `cupy`, or a stand-in with their interface."""
    if _module is None:
        use(os.environ.get("DNI_NP_BACKEND") or "numpy")
    return _module


def use(backend):
    """Switch to "numpy", "cupy", or a module-like object with NumPy's interface."""
    global _module
    _module = _load(backend) if isinstance(backend, str) else backend
    xp.__dict__.clear()


@contextlib.contextmanager
def using(backend):
    """Switch for the length of a `with` block. Arrays do not move along."""
    before = current()
    use(backend)
    try:
        yield
    finally:
        use(before)


def asarray(array, dtype=None):
    """Move a host array (or a list, or a device array) to the backend in use."""
    return xp.asarray(array, dtype=dtype)


def to_numpy(array):
    """Bring an array of any backend to the host, as a NumPy array. Waits for the device."""
    return array.get() if hasattr(array, "get") else numpy.asarray(array)


def synchronize():
    """Wait until the device has done all it was given. NumPy is never ahead of us."""
    cuda = getattr(current(), "cuda", None)
    if cuda is not None:
        cuda.get_current_stream().synchronize()


def on_host():
    """True where arrays live in the processor's memory, so that its caches matter."""
    return current() is numpy


def _load(name):
    if name == "numpy":
        return numpy
    if name != "cupy":
        raise UserError(
            f"unknown backend {name!r}: choose numpy or cupy (--backend or DNI_NP_BACKEND)"
        )
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        why = " ".join(str(error.__cause__ or error).split())  # CuPy's is a page with a cause
        raise UserError(
            f"the backend cupy cannot be imported ({why}): "
            "pip install cupy-cuda13x (or cupy-cuda12x for CUDA 12), or use --backend numpy"
        ) from None
    except Exception as error:  # of a driver that does not fit, for instance
        raise _broken(error) from None
    try:
        available = cupy.cuda.is_available()
    except Exception as error:
        raise _broken(error) from None
    if not available:
        raise UserError("the backend cupy finds no usable GPU on this machine: use --backend numpy")
    return cupy


def _broken(error):
    why = " ".join(f"{type(error).__name__}: {error}".split())
    return UserError(
        f"the backend cupy does not work here ({why}): "
        "repair its installation, or use --backend numpy"
    )
