"""Arguments that are no arrays: sizes, numbers in a range, sources of random numbers.

    size("n_in", n_in)                        a whole number, at least 1
    number("momentum", momentum, "[0, 1)")    in an interval; a square bracket includes its end

Each returns what is right, and refuses anything else in one sentence. Constructors call them: what
is wrong there would otherwise be noticed in the middle of a run, or never.
"""

import math
import numbers
import reprlib

import numpy as np

from dni_np.errors import UserError


def size(name, value, least=1):
    """A whole number, Python's or NumPy's, of at least `least`."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise UserError(f"{name} must be a whole number, at least {least}, not {described(value)}")
    return int(value)


def sizes(name, values, least=1):
    """Any number of them, as a tuple."""
    return tuple(size(f"each of {name}", value, least) for value in several(name, values))


def several(name, values, count=None):
    """A tuple or a list, of `count` members (None: of any number), as a tuple."""
    if not isinstance(values, (tuple, list)) or count not in (None, len(values)):
        wanted = "a tuple" if count is None else f"a tuple of {count}"
        raise UserError(f"{name} must be {wanted}, not {described(values)}")
    return tuple(values)


def number(name, value, interval):
    """A finite number in `interval`, such as "(0, inf)" or "[0, 1]"."""
    low, high = map(float, interval[1:-1].split(","))
    real = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    above = real and (value > low or value == low and interval[0] == "[")
    below = real and (value < high or value == high and interval[-1] == "]")
    if not (above and below):
        raise UserError(f"{name} must be a number in {interval}, not {described(value)}")
    return value


def generator(rng):
    """A NumPy Generator. A seed is refused: two layers with the same seed would start alike."""
    if not isinstance(rng, np.random.Generator):
        raise UserError(
            "rng must be a NumPy Generator, such as np.random.default_rng(0), "
            f"not {described(rng)}"
        )
    return rng


def precision(dtype):
    """float32 or float64, as NumPy's dtype."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if dtype is None or found is None or found.char not in "fd":
        raise UserError(f"dtype must be float32 or float64, not {described(dtype)}")
    return found


def described(value):
    """What was given, in a few words: of an array its type and shape."""
    if isinstance(value, (np.generic, type)) or not hasattr(value, "dtype"):
        return " ".join(reprlib.repr(value).split())
    return f"an array of {value.dtype} of shape {value.shape}"
