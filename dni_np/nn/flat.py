"""All parameters in one buffer.

An optimizer treats every number alike, so it should not care which array a number
belongs to. `flatten` moves a layer's parameters, and their gradients, into two long
vectors and leaves views of them in the layer. A step is then a handful of operations
on one vector instead of a handful for each array.
"""

from dni_np.backend import xp
from dni_np.errors import UserError


def flatten(layer):
    """Return (params, grads), two vectors of one length; the layer's arrays become views of them."""
    slots = [(leaf, name) for leaf in layer.leaves() for name in leaf.params]
    if not slots:
        raise UserError("this layer has no parameters to optimize")
    dtype = slots[0][0].params[slots[0][1]].dtype
    size = sum(leaf.params[name].size for leaf, name in slots)
    params, grads = xp.empty(size, dtype), xp.zeros(size, dtype)
    start = 0
    for leaf, name in slots:
        array = leaf.params[name]
        stop = start + array.size
        params[start:stop] = array.ravel()
        leaf.params[name] = params[start:stop].reshape(array.shape)
        leaf.grads[name] = grads[start:stop].reshape(array.shape)
        start = stop
    return params, grads
