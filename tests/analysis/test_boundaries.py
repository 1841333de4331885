"""Wrong arrays for measurements (see `tests.boundaries`)."""

import numpy as np
import pytest

from dni_np.analysis.gradient_error import gradient_error, pooled_cosine
from dni_np.analysis.implied_loss import detour, implied_loss, straight
from dni_np.analysis.linear_probe import LinearProbe
from dni_np.analysis.representations import agreement, dissimilarity
from dni_np.analysis.theory.critical_points import best_guess, fields
from dni_np.analysis.theory.linear_theory import LinearDNI, least_squares
from dni_np.analysis.theory.logistic_theory import LinearBitGuess, loss, stopping_place, train
from dni_np.backend import asarray
from tests.boundaries import ALL, Case, check, check_shapes, floats, labels

# {name: (function, right arguments, axes of each that may be of any length)}
FUNCTIONS = {
    "gradient error": (gradient_error, [floats(4, 3), floats(4, 3, seed=1)], [(), ()]),
    "pooled cosine": (pooled_cosine, [floats(4, 3), floats(4, 3, seed=1)], [(), ()]),
    "straight": (straight, [floats(4, 3), floats(4, 3, seed=1)], [(), ()]),
    "implied loss": (
        lambda path: implied_loss(lambda q: 2 * q, path),
        [floats(6, 4, 3)],
        [(0, 1, 2)],
    ),
    "detour": (
        lambda a, b, c: detour(lambda q: 2 * q, a, b, c, steps=3),
        [floats(4, 3, seed=seed) for seed in range(3)],
        [(), (), ()],
    ),
    "dissimilarity": (dissimilarity, [floats(4, 3)], [ALL]),
    "agreement": (agreement, [floats(4, 4), floats(4, 4, seed=1)], [(), ()]),
    "best guess": (best_guess, [floats(5, 2), floats(5, 1)], [(1,), (1,)]),
    "fields": (
        lambda x, y, w: fields(x, y, w, lambda p, y: p),
        [floats(5, 3), floats(5, 2), floats(3, 2)],
        [(), (), ()],
    ),
    "linear dni": (
        lambda x, y, a, b: LinearDNI([a, b]).step(x, y, 0.1, 0.1),
        [floats(5, 3), floats(5, 2), floats(3, 4), floats(4, 2)],
        [(), (), (), ()],
    ),
    "least squares": (least_squares, [floats(5, 2), floats(5, 3)], [(1,), (1,)]),
    "logistic regression": (
        lambda x, y: train(x, y, LinearBitGuess(np.float32), 3, 0.1, 0.1),
        [floats(5, 2), (floats(5, 1) > 0).astype(np.float32)],
        [(1,), ()],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name, backend):
    function, right, free = FUNCTIONS[name]
    for i, good in enumerate(right):

        def call(value, i=i):
            return function(*(value if j == i else asarray(one) for j, one in enumerate(right)))

        check(Case(call, good, free[i]))


def test_cross_entropy(backend):
    """Of bits (N,) it would be taken for each output with each bit."""
    p, y = floats(5, 1), (floats(5, 1) > 0).astype(np.float32)
    check(Case(lambda p: loss(p, asarray(y)), p, ()))
    check_shapes(Case(lambda y: loss(asarray(p), y), y, ()))
    ones = loss(asarray(p), asarray(np.ones_like(p)))
    np.testing.assert_allclose(backend.to_numpy(loss(asarray(p), 1.0)), backend.to_numpy(ones))


def test_where_a_linear_guess_stops(backend):
    x, y, w = floats(5, 2), (floats(5, 1) > 0).astype(np.float32), floats(2, 1)

    def guess(p, y):
        return 0.5 * p - y

    guess.a = 0.5
    check(Case(lambda x: stopping_place(asarray(w), x, asarray(y), guess), x, ()))
    check(Case(lambda y: stopping_place(asarray(w), asarray(x), y, guess), y, ()))


H, LABELS = floats(6, 3), labels(6, classes=3)


def test_linear_probe(backend):
    fitted = LinearProbe(asarray(H), asarray(LABELS), 3)
    check(Case(lambda h: LinearProbe(h, asarray(LABELS), 3).weights, H, (1,)))
    check(Case(lambda y: LinearProbe(asarray(H), y, 3).weights, LABELS, (), classes=3))
    check(Case(fitted.predict, H))
    check(Case(lambda h: fitted.error(h, asarray(LABELS)), H, ()))
    known = 3 if backend.on_host() else 0  # on a device an unknown label is an error, without a nan
    check(Case(lambda y: fitted.error(asarray(H), y), LABELS, (), classes=known))
