"""Gradient check: a hand-written gradient compared with central differences of its function.

For a loss L and any direction u, the central difference

    (L(theta + e u) - L(theta - e u)) / 2e   =   <dL/dtheta, u> + O(e^2)

needs forward passes only. Checking a random direction tests all elements at once;
checking the unit directions tests each by itself. Use float64: in float32 the
difference drowns in rounding.

The loss is <R, y> / N for a fixed random R (N, ...): its per-sample gradient with
respect to the output is R itself.
"""

import numpy as np

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError


def check_layer(layer, x, rng, training=True, **options):
    """Largest relative error of the layer's gradients, for its parameters and its input.

    `layer` and `x` (N, ...) must be float64; `options` are those of `check_gradient`. Stay away
    from kinks: at a ReLU's zero there is no derivative to compare with.
    """
    x = asarray(x)
    if {str(array.dtype) for array in (x, *layer.params.values())} != {"float64"}:
        raise UserError(
            "a gradient check needs a layer and an input in float64: rounding hides the rest"
        )
    y, cache = layer.forward(x, training)
    weights = asarray(rng.standard_normal(y.shape))  # (N, ...), the R above
    dx = layer.backward(weights, cache)
    n = len(x)

    def loss():
        return float((layer.forward(x, training)[0] * weights).sum()) / n

    # Copies: a layer may overwrite its gradients, and dx is per sample while the loss is a mean.
    grads = {name: to_numpy(layer.grads[name]).copy() for name in layer.params}
    pairs = [(x, to_numpy(dx) / n)] + [(layer.params[name], grads[name]) for name in grads]
    return max(check_gradient(loss, array, gradient, rng, **options) for array, gradient in pairs)


def check_gradient(loss, array, gradient, rng, step=1e-6, directions=3, elementwise=False):
    """Largest relative error of `gradient` (on the host) as the derivative of loss() by `array`.

    `array` is changed in place along `directions` random directions, and with `elementwise=True`
    along every unit direction too (small shapes only); it is restored afterwards.
    """
    worst = 0.0
    for u in _directions(array.shape, rng, directions, elementwise):
        numeric = _slope(loss, array, asarray(u), step)
        worst = max(worst, _error(numeric, float((gradient * u).sum()), gradient))
    return worst


def _slope(loss, array, u, step):
    original = array.copy()
    array[...] = original + step * u
    above = loss()
    array[...] = original - step * u
    below = loss()
    array[...] = original
    return (above - below) / (2 * step)


def _error(numeric, analytic, gradient):
    # Relative to the whole gradient's size: a single element may be zero up to rounding.
    scale = max(abs(numeric), abs(analytic), 1e-2 * float(np.linalg.norm(gradient)), 1e-8)
    return abs(numeric - analytic) / scale


def _directions(shape, rng, count, elementwise):
    for _ in range(count):
        yield rng.standard_normal(shape)
    if elementwise:
        for index in np.ndindex(shape):
            unit = np.zeros(shape)
            unit[index] = 1.0
            yield unit
