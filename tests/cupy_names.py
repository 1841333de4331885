"""Which names, methods and keywords does CuPy have?

CuPy can be imported without a GPU, so where it is installed it answers for itself. Where
it is not, two lists stand in for it; `test_cupy_names.py` checks them against CuPy.
"""

import functools
import inspect
import re

try:
    import cupy
except ImportError:
    cupy = None

FUNCTIONS = set(
    """
    abs absolute add all allclose amax amin any arange argmax argmin argsort array array_equal
    asarray ascontiguousarray atleast_1d atleast_2d bincount broadcast_to ceil clip concatenate copy
    copyto cos cosh count_nonzero cumsum diag divide dot einsum empty empty_like equal exp
    expand_dims expm1 eye flip floor full full_like greater greater_equal hstack identity isfinite
    isinf isnan less less_equal linspace log log1p log2 logical_and logical_not logical_or
    logical_xor matmul max maximum mean min minimum mod moveaxis multiply nan_to_num negative
    nonzero not_equal ones ones_like outer pad power prod put put_along_axis ravel reciprocal repeat
    reshape roll round searchsorted sign sin sinh sort split sqrt square squeeze stack std subtract
    sum swapaxes take take_along_axis tan tanh tensordot tile trace transpose tril triu true_divide
    unique var vdot vstack where zeros zeros_like fft.fft fft.ifft fft.rfft fft.irfft fft.fft2
    fft.ifft2 fft.rfft2 fft.irfft2 linalg.cholesky linalg.norm linalg.svd linalg.qr linalg.eigh
    linalg.inv linalg.solve linalg.matrix_rank lib.stride_tricks.as_strided
    lib.stride_tricks.sliding_window_view """.split()
)
CONSTANTS = set(
    (
        "bool_ uint8 int32 int64 float32 float64 e pi inf nan newaxis "
        "fft linalg lib lib.stride_tricks"
    ).split()
)
METHODS = set(
    """
    all any argmax argmin argsort astype clip copy cumsum diagonal dot fill flatten get item max
    mean min nonzero prod ravel repeat reshape round set sort squeeze std sum swapaxes take tolist
    trace transpose var view """.split()
)
# Without CuPy to ask. Missing on purpose, as CuPy's functions lack them: where, initial, subok,
# like.
KEYWORDS = {
    "axis",
    "axes",
    "dtype",
    "out",
    "keepdims",
    "order",
    "casting",
    "copy",
    "ddof",
    "shape",
    "mode",
    "n",
    "s",
    "k",
}


NOT_FOUND = object()


def has_function(name):
    """Does CuPy have `name` ("exp", "linalg.norm", "float32", "linalg")?"""
    return find(name) is not NOT_FOUND if cupy else name in FUNCTIONS | CONSTANTS


def has_method(name):
    """Does cupy.ndarray have the method `name`?"""
    return hasattr(cupy.ndarray, name) if cupy else name in METHODS


def check_function(name, args, kwargs):
    """Raise TypeError unless CuPy's function takes these arguments."""
    _check(name, cupy and find(name), args, kwargs)


def check_method(name, args, kwargs):
    """Raise TypeError unless the method of cupy.ndarray takes these arguments (without self)."""
    _check(f"ndarray.{name}", cupy and getattr(cupy.ndarray, name), (None, *args), kwargs)


def find(name):
    """The object of that dotted name in CuPy, or NOT_FOUND (newaxis is None)."""
    found = cupy
    for part in name.split("."):
        found = getattr(found, part, NOT_FOUND)
    return found


def _check(name, function, args, kwargs):
    if not cupy:
        unknown = ", ".join(sorted(set(kwargs) - KEYWORDS))
        if unknown:
            raise TypeError(f"CuPy's {name} may not take the keyword {unknown}")
        return
    signature = signature_of(function)
    if signature is None:
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"CuPy's {name}{signature}: {error}") from None


@functools.cache
def signature_of(function):
    """The signature of a CuPy function; for compiled ones, what the docstring's first line says; or
    None.
    """
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        pass
    first = (function.__doc__ or "").replace("\\", "").strip().partition("\n")[0]
    arguments = re.match(r"[\w.]+(\(.*\))", first)
    if not arguments:
        return None
    namespace = {}
    try:
        exec(f"def function{arguments[1]}: pass", namespace)
    except SyntaxError:
        return None
    return inspect.signature(namespace["function"])
