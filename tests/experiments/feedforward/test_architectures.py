"""The main networks, and a decoupled CNN end to end."""

import numpy as np
import pytest

from dni_np.analysis.gradient_probe import gradient_pairs
from dni_np.backend import asarray, to_numpy
from dni_np.data.dataset import Dataset
from dni_np.data.digits import load_digits
from dni_np.errors import UserError
from dni_np.experiments.feedforward.architectures import cnn
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find
from dni_np.experiments.feedforward.rules import RULES


def small(rule, **changes):
    hidden = {"dni": (3,), "critic": (8,), "unlock": (16,)}.get(rule, ())
    options = {"width": 4, "steps": 12, "batch_size": 32, "evaluate_every": 6, "hidden": hidden}
    return find("mnist-cnn-quick").settings(rule, **{**options, **changes})


def test_shapes_of_the_papers_network():
    layers = cnn((28, 28, 1), (64, 64), 10, np.random.default_rng(0))
    h = asarray(np.zeros((2, 784), np.float32))
    shapes = []
    for layer in layers:
        h, _ = layer.forward(h)
        shapes.append(h.shape)
    assert shapes == [(2, 14, 14, 64), (2, 7, 7, 64), (2, 10)]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_trains_a_cnn(rule):
    data = load_digits().first(400, 100)
    rate = (
        1e-3 if rule in ("stale", "critic") else 1e-2
    )  # what these learn from is hardly better than nothing
    rates = {"learning_rate": rate, "sg_learning_rate": 1e-2, "head_learning_rate": 1e-2}
    steps = 400 if rule == "sparse" else 150  # each of its layers learns from a fifth of them
    loop = build_loop(small(rule, steps=steps, width=8, **rates), data, progress=False)
    before = loop.task.error(loop.rule, data.x_test, data.y_test)
    loop.run()
    last = loop.history.rows[-1]
    assert last["test_error"] < 0.8 * before
    assert ("cosine_2" in last) == (rule not in ("backprop", "none"))


def test_guesses_have_the_shape_of_the_maps_and_the_first_convolution_needs_no_input_gradient():
    data = load_digits().first(64, 10)
    loop = build_loop(small("cdni"), data, progress=False)
    x, y = asarray(data.x_train[:8].astype(np.float32)), asarray(data.y_train[:8])
    pairs = gradient_pairs(loop.rule, x, y)
    assert (
        [guess.shape for guess, _ in pairs]
        == [true.shape for _, true in pairs]
        == [(8, 4, 4, 4), (8, 2, 2, 4)]
    )
    first = loop.rule.cores[0]
    h, cache = first.forward(x)
    assert first.backward(h, cache, input_gradient=False) is None
    dx = first.backward(h, cache)
    grads = first.grads
    assert (
        dx.shape == x.shape and to_numpy(grads["1.W"] if "1.W" in grads else grads["0.1.W"]).any()
    )


@pytest.mark.parametrize("rule", [name for name, row in RULES.items() if "guess" in row.uses])
@pytest.mark.parametrize("hidden", [(), (8,)], ids=["linear", "hidden"])
def test_dense_guesses(rule, hidden):
    """They see the pixels, too, as guesses of rows do."""
    data = load_digits().first(64, 10)
    sees = ("output", "normalized", "label", "input")
    loop = build_loop(small(rule, guess="dense", hidden=hidden, sees=sees), data, progress=False)
    loop.run()
    models = [unit.synthetic_gradient for unit in loop.rule.units]
    assert [model.image for model in models] == [(4, 4, 4), (2, 2, 4)]
    last = f"{3 * len(hidden)}.W"  # it begins at zero
    assert all(to_numpy(model.params[last]).any() for model in models)


def test_dense_guesses_by_least_squares():
    data = load_digits().first(400, 100)
    settings = small("cdni", guess="dense", sg_optimizer="rls", steps=60, learning_rate=1e-2)
    loop = build_loop(settings, data, progress=False)
    loop.run()
    last = loop.history.rows[-1]
    assert last["cosine_2"] > 0.5 and last["cosine_1"] > 0.1


def test_resumed_equals_uninterrupted(tmp_path):
    data = load_digits().first(200, 50)
    whole = build_loop(small("cdni"), data, progress=False)
    whole.run()
    first = build_loop(small("cdni"), data, tmp_path, progress=False)
    for _ in range(7):
        first._one_step()
    first.save()
    second = build_loop(small("cdni"), data, tmp_path, progress=False)
    second.resume()
    second.run()
    for name, value in whole.rule.state().items():
        np.testing.assert_array_equal(second.rule.state()[name], value)


def test_mistakes():
    digits = load_digits().first(64, 10)
    with pytest.raises(UserError, match="shrunk to one pixel"):
        build_loop(small("backprop", layers=6), digits, progress=False)
    with pytest.raises(
        UserError,
        match="--sees is output input: "
        "it must be one or more of output, normalized, label, picture",
    ):
        build_loop(small("dni", sees=("output", "input")), digits, progress=False)
    rows = Dataset("rows", digits.x_train, digits.y_train, digits.x_test, digits.y_test, 10)
    with pytest.raises(UserError, match="rows holds no images"):
        build_loop(small("backprop"), rows, progress=False)
