"""Argument checks: refuse arrays that a layer cannot take, in one clear sentence.

    check_batch(layer, x, (2,), n_in)       floats (N, n_in), N at least 1
    check_gradient(layer, dy, y.shape)      floats of exactly that shape: (N, 1) would be repeated
    check_labels(logits, labels, axes=2)    logits (N, C), labels (N,), integers from 0 to C - 1

Every pass checks types and shapes: they cost nothing to read. What does not fit is refused, not
converted, as a conversion would hide a copy in every step, on a GPU from the host to the device.
(`backend.asarray` converts, once.)

Values are another matter. On the host reading N labels takes half a microsecond, and one that is
out of range is refused. On a device the host would have to wait for them. There the loss of such a
label, and the row of such a symbol, is nan: that needs no waiting, and the training loop ends a run
whose loss is nan. (Left alone, NumPy takes -1 for the last class, and CuPy takes any number modulo
C. The labels of a `Dataset` are checked when it is made.)
"""

from dni_np import backend
from dni_np.arguments import described
from dni_np.backend import xp
from dni_np.errors import UserError

SHAPES = {
    2: "(N, {})",
    3: "(T, N, {})",
    4: "(N, height, width, {})",
    5: "(T, N, height, width, {})",
}
ANY = (2, 4, 3, 1, 5)  # axes, the usual ones first


def is_floats(x):
    """An array of float32 or float64 on the backend in use."""
    return type(x) is xp.ndarray and x.dtype.char in "fd"


def is_integers(x):
    """An array of integers on the backend in use."""
    return type(x) is xp.ndarray and x.dtype.kind in "iu"


def check_batch(layer, x, axes=ANY, width=None):
    """Refuse what is no batch of floats with so many axes, the last one `width` long, if given."""
    if not (
        type(x) is xp.ndarray  # is_floats, inlined: it runs in every step of every layer
        and x.dtype.char in "fd"
        and x.ndim in axes
        and (width is None or x.shape[-1] == width)
        and x.size
    ):
        width = "D" if width is None else width
        shapes = ["(N, ...)"] if axes is ANY else [SHAPES[n].format(width) for n in axes]
        empty = ", not an empty batch" if is_floats(x) and not x.size else ""
        refuse(layer, x, "floats", " or ".join(shapes) + empty)


def check_gradient(layer, dy, shape):
    """Refuse what is not the gradient of an output of that shape."""
    if not (type(dy) is xp.ndarray and dy.shape == shape and dy.dtype.char in "fd"):
        refuse(layer, dy, "floats", f"{shape}, as its output", " as a gradient")


def check_alike(layer, one, other, axes=ANY):
    """Refuse two arrays that are not both floats of one shape."""
    check_batch(layer, one, axes)
    if not (is_floats(other) and other.shape == one.shape):
        refuse(layer, other, "floats", f"{one.shape}, as the other")


def check_samples(layer, x, y, width=None, outputs=None):
    """Refuse what are not inputs (N, width) with a target (N, outputs) for each."""
    check_batch(layer, x, (2,), width)
    check_batch(layer, y, (2,), outputs)
    if len(x) != len(y):
        raise UserError(f"{layer} cannot take {len(x)} inputs with {len(y)} targets")


def check_ids(layer, ids, n, axes):
    """Refuse what are no integers from 0 to n - 1 of shape (N,) or (T, N)."""
    if not (is_integers(ids) and ids.ndim == axes and ids.size):
        refuse(layer, ids, "integers", "(N,)" if axes == 1 else "(T, N)")
    check_range("labels and symbols", ids, n)


def check_labels(logits, labels, axes):
    """Refuse labels that are not an integer from 0 to C - 1 for each row of logits.

    Logits are (N, C) for axes=2, (T, N, C) for axes=3.
    """
    check_batch("a cross-entropy", logits, (axes,))
    if not (is_integers(labels) and labels.shape == logits.shape[:-1]):
        refuse("a cross-entropy", labels, "integers", logits.shape[:-1], " as labels")
    check_range("labels", labels, logits.shape[-1])


def check_range(name, ids, n):
    """On the host, refuse integers that are not from 0 to n - 1."""
    if backend.on_host():
        # By argmin, in a third of the time of ids.min().
        low, high = ids.item(ids.argmin()), ids.item(ids.argmax())
        if low < 0 or high >= n:
            raise UserError(f"{name} must be integers from 0 to {n - 1}, not from {low} to {high}")


def known(ids, n):
    """Which are from 0 to n - 1? One comparison: read as unsigned, a negative number is large."""
    return ids.view(f"u{ids.dtype.itemsize}") < n


def indices(ids, n):
    """The same ids; on a device with 0 in place of what is out of range, which `marked` shows."""
    return ids if backend.on_host() else xp.where(known(ids, n), ids, 0)


def marked(rows, ids, n):
    """The same rows (*ids.shape, ...); on a device nan where the id is out of range."""
    if backend.on_host():
        return rows
    inside = known(ids, n).reshape(ids.shape + (1,) * (rows.ndim - ids.ndim))
    return xp.where(inside, rows, xp.nan)


def refuse(layer, x, kind, shape, purpose=""):
    """Raise the UserError that names the layer, what it was given, and what it needs."""
    name = layer if isinstance(layer, str) else named(layer)
    fits, dtype = (is_floats, "float32") if kind == "floats" else (is_integers, "int64")
    convert = "" if fits(x) else f" (backend.asarray(x, '{dtype}') makes them)"
    raise UserError(
        f"{name} cannot take {found(x)}{purpose}: it needs {kind} of shape {shape}{convert}"
    )


def named(layer):
    """Its kind, and the shape of its first parameter: Linear with W (4, 2)."""
    kind = type(layer).__name__
    return next((f"{kind} with {name} {value.shape}" for name, value in layer.params.items()), kind)


def found(x):
    """What was given: of an array of this backend its type and shape, else the kind of thing."""
    kind = type(x)
    if kind is xp.ndarray:
        return described(x)
    module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
    return f"a {module}{kind.__name__}"
