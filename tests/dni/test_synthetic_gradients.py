"""The models that guess: gradients, what they look at, and what a linear one amounts to."""

import itertools

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.dni.conditioning import Conditioning, label_context, normalize
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.errors import UserError
from dni_np.nn.initializers import he_normal
from tests.dni.gradient_loss import check_gradients

SOURCES = ("output", "normalized", "label", "input")
MIXTURES = [mixture for n in range(1, 5) for mixture in itertools.combinations(SOURCES, n)]
WIDTH, LABELS, INPUTS = 4, 3, 5


def model_and_views(sees, hidden=(), seed=0, last_init=he_normal):
    rng = np.random.default_rng(seed)
    conditioning = Conditioning(sees, WIDTH, label=LABELS, input=INPUTS)
    model = SyntheticGradient(WIDTH, conditioning, rng, hidden, last_init, dtype=np.float64)
    h = asarray(rng.standard_normal((9, WIDTH)))
    context = {
        "label": asarray(np.eye(LABELS)[rng.integers(0, LABELS, 9)]),
        "input": asarray(rng.standard_normal((9, INPUTS))),
    }
    return model, h, context, rng


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)], ids=["linear", "one hidden", "two hidden"])
@pytest.mark.parametrize("sees", MIXTURES, ids="+".join)
def test_gradients_of_the_gradient_loss(sees, hidden):
    """d/dphi of 1/2 ||M(h, c) - d||^2, by central differences, each element."""
    model, h, context, rng = model_and_views(sees, hidden)
    check_gradients(model, h, context, rng, elementwise=True)


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
def test_starts_at_zero_and_can_leave_it(hidden):
    model, h, context, rng = model_and_views(
        ("output", "label"), hidden, last_init=SyntheticGradient.__init__.__defaults__[1]
    )
    guess, cache = model.forward(h, context)
    assert not to_numpy(guess).any()
    model.backward(guess - asarray(rng.standard_normal(guess.shape)), cache)
    grads = model.grads
    last = max(grads, key=lambda name: int(name.split(".")[0]))
    assert to_numpy(grads[last]).any()


def test_a_linear_model_of_joined_sources_is_a_sum_of_linear_models():
    model, h, context, _ = model_and_views(("output", "normalized", "label", "input"))
    W, b = to_numpy(model.params["0.W"]), to_numpy(model.params["0.b"])
    A, B, C, D = np.split(W, [WIDTH, 2 * WIDTH, 2 * WIDTH + LABELS])
    views = [to_numpy(view) for view in (h, normalize(h), context["label"], context["input"])]
    wanted = sum(view @ part for view, part in zip(views, (A, B, C, D))) + b
    np.testing.assert_allclose(to_numpy(model.forward(h, context)[0]), wanted, rtol=1e-12)


def test_normalize():
    h = normalize(asarray(np.random.default_rng(0).normal(3, 5, (50, 4))))
    np.testing.assert_allclose(to_numpy(h).mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(to_numpy(h).std(axis=0), 1, rtol=1e-6)


def test_labels_become_one_hot_rows_and_vectors_stay():
    rows = to_numpy(label_context(asarray(np.array([2, 0])), 3, np.float32))
    np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])
    assert rows.dtype == np.float32
    bits = asarray(np.ones((2, 5)))
    assert label_context(bits, 5, np.float32) is bits


@pytest.mark.parametrize("sees", [(), ("outptu",), ("output", "time")])
def test_an_unknown_source_is_named_with_the_known_ones(sees):
    with pytest.raises(UserError, match="choose among.*'output'"):
        Conditioning(sees, 4, label=3)


def test_a_missing_context_is_named():
    model, h, _, _ = model_and_views(("output", "label"))
    with pytest.raises(UserError, match="that sees 'label' needs it in the context"):
        model.forward(h, {"input": h})
