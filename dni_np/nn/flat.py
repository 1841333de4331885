"""Flat parameters: all parameters of a layer in one vector, all gradients in another.

An optimizer treats every number alike, whichever array it belongs to. `flatten` copies a
layer's parameters, and their gradients, into two long vectors and puts views of them into
the layer. A step is then a handful of operations
on one vector instead of a handful for each array.
"""

from typing import Any, NamedTuple

from dni_np.backend import xp
from dni_np.errors import UserError


class View(NamedTuple):
    """One parameter of a leaf: where its values and its gradient lie in the two vectors."""

    leaf: Any
    name: str
    params: Any
    grads: Any


def flatten(layer):
    """Return (params, grads, views), two vectors (P,); the layer's arrays become their views."""
    slots = parameters_of(layer)
    if not slots:
        raise UserError("this layer has no parameters to optimize")
    arrays = [leaf.params[name] for leaf, name in slots]
    dtypes = sorted({str(array.dtype) for array in arrays})
    if len(dtypes) > 1:
        raise UserError(
            f"one optimizer cannot update parameters of {' and '.join(dtypes)}: give all one dtype"
        )
    size = sum(array.size for array in arrays)
    params, grads = xp.empty(size, dtypes[0]), xp.zeros(size, dtypes[0])
    views, start = [], 0
    for (leaf, name), array in zip(slots, arrays):
        place = slice(start, start + array.size)
        params[place] = array.ravel()
        gradient = leaf.grads.get(name)
        if gradient is not None and gradient.shape == array.shape:
            grads[place] = gradient.ravel()
        leaf.params[name] = params[place].reshape(array.shape)
        leaf.grads[name] = grads[place].reshape(array.shape)
        views.append(View(leaf, name, leaf.params[name], leaf.grads[name]))
        start = place.stop
    return params, grads, views


def parameters_of(layer):
    """[(leaf, name)] of all parameters, each once: `backward` writes gradients, it adds none."""
    slots = [(leaf, name) for leaf in layer.leaves() for name in leaf.params]
    seen = set()
    for leaf, name in slots:
        array = id(leaf.params[name])
        if array in seen:
            raise UserError(
                f"{name} of a {type(leaf).__name__} is used in two places of one network, where "
                "each backward pass would overwrite the other's gradient: make a layer for each"
            )
        seen.add(array)
    return slots


def replaced(views):
    """The first of `views` that its layer no longer holds, or None."""
    for view in views:
        leaf, name, params, grads = view
        if leaf.params.get(name) is not params or leaf.grads.get(name) is not grads:
            return view
    return None
