"""Every rule and recipe trains on the strict stand-in for CuPy as on NumPy, and never waits in a
step.
"""

import numpy as np
import pytest

from dni_np.backend import using, xp
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import RECIPES
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from dni_np.nn.fast import batch_threads, choice, conv_columns
from tests import cupy_names
from tests.strict_array import strict

MIXTURE = ("normalized", "input", "label")
RUNS = {
    "backprop": {"rule": "backprop"},
    "none": {"rule": "none"},
    "dni": {"rule": "dni", "hidden": (9,)},
    "cdni": {"rule": "cdni", "sees": ("output", "label")},
    "mixture": {"rule": "dni", "sees": MIXTURE, "hidden": (9,)},
    "one dni": {"rule": "dni", "cut_after": (2,)},
    "synthetic head": {"rule": "cdni", "sees": ("output", "label"), "head": "synthetic"},
    "sgd": {"rule": "dni", "optimizer": "sgd"},
    "true targets": {"rule": "dni", "targets": "true"},
    **{
        f"{rule}, lambda targets": {"rule": rule, "target_lambda": (0.9, 0.0, 0.5)}
        for rule in ("dni", "sparse", "unlock")
    },
    "late": {"rule": "dni", "late": 2, "target_lambda": (0.9,)},
    "cnn, lambda targets": {"rule": "dni", "network": "cnn", "target_lambda": (0.9,)},
    "cnn": {"rule": "dni", "network": "cnn", "hidden": (9,)},
    "cnn cdni": {
        "rule": "cdni",
        "network": "cnn",
        "sees": ("output", "label"),
        "pooling": "max",
        "head": "synthetic",
    },
    "pictures": {"rule": "cdni", "network": "cnn", "sees": ("output", "label", "picture")},
    "dense guesses": {"rule": "dni", "network": "cnn", "guess": "dense", "hidden": (9,)},
    "dense guesses by least squares": {
        "rule": "cdni",
        "network": "cnn",
        "guess": "dense",
        "sees": ("output", "label", "input"),
        "sg_optimizer": "rls",
    },
    "bp-lambda": {"rule": "bp-lambda", "sees": ("output", "label"), "lambdas": (0.2, 0.5, 1.0)},
    "critic": {"rule": "critic", "sees": ("output", "label"), "hidden": (9,)},
    "stale": {"rule": "stale"},
    "sparse": {"rule": "sparse", "hidden": (9,)},
    "target": {"rule": "target", "sees": ("output", "label"), "hidden": (9,), "target_period": 3},
    "cnn target": {"rule": "target", "network": "cnn", "sees": ("output", "label", "picture")},
    "unlock": {"rule": "unlock", "sees": ("output", "label"), "hidden": (9,)},
    **{rule: {"rule": rule} for rule in ("fa", "dfa", "kickback", "local")},
    **{
        f"cnn {rule}": {"rule": rule, "network": "cnn"}
        for rule in ("stale", "fa", "dfa", "kickback", "local")
    },
    "cnn critic": {"rule": "critic", "network": "cnn", "sees": ("output", "label"), "hidden": (9,)},
    "cnn unlock": {"rule": "unlock", "network": "cnn", "hidden": (9,)},
    "addition": {
        "rule": "cdni",
        "sees": MIXTURE,
        "head": "synthetic",
        "task": "addition",
        "optimizer": "sgd",
    },
}


@pytest.fixture(autouse=True)
def the_same_convolutions_on_both(monkeypatch):
    """Columns, in equal blocks, as on a GPU: all else rounds differently."""
    monkeypatch.setattr(choice, "FEW", 10**9)
    monkeypatch.setattr(conv_columns, "HOST_BYTES", conv_columns.DEVICE_BYTES)
    monkeypatch.setattr(conv_columns, "SMALL", 10**12)
    monkeypatch.setattr(batch_threads, "CACHE", 10**9)


@pytest.fixture(scope="module")
def dataset():
    """Ten noisy patterns of 6 x 6 pixels."""
    rng = np.random.default_rng(0)
    patterns, labels = rng.integers(0, 256, (10, 36)), rng.integers(0, 10, 240)
    images = np.clip(patterns[labels] + rng.normal(0, 60, (240, 36)), 0, 255).astype(np.uint8)
    return Dataset(
        "patterns", images[:200], labels[:200], images[200:], labels[200:], 10, image=(6, 6, 1)
    )


def small(name):
    return Settings(
        layers=4, width=12, steps=12, batch_size=20, evaluate_every=4, examples=60, **RUNS[name]
    )


def finish(loop):
    """Run to the end: the history without times, and the final state."""
    assert loop.run()
    rows = [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in loop.history.rows
    ]
    return rows, loop.rule.state()


def assert_same_run(one, other):
    assert one[0] == other[0] and len(one[0]) > 0
    assert one[1].keys() == other[1].keys()
    assert all(np.array_equal(one[1][name], other[1][name]) for name in one[1])


def on_both(settings, dataset):
    for module in ("numpy", strict):
        with using(module):
            yield finish(build_loop(settings, dataset, progress=False))


@pytest.mark.parametrize("name", RUNS)
def test_rules(name, dataset):
    assert_same_run(*on_both(small(name), dataset))


USUAL_RULES = [rule for rule in RULES if RULES[rule].usual]
SMALL = (
    "mnist-fcn-quick",
    "mnist-cnn-quick",
    "addition-quick",
)  # here all rules, elsewhere the usual ones


@pytest.mark.parametrize(
    "recipe, rule",
    [(name, rule) for name in RECIPES for rule in (RULES if name in SMALL else USUAL_RULES)],
)
def test_recipes(recipe, rule, dataset):
    settings = RECIPES[recipe].settings(rule, steps=3, batch_size=20, examples=60, evaluate_every=1)
    assert_same_run(*on_both(settings, dataset))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_knows_every_rule(recipe, rule):
    settings = RECIPES[recipe].settings(rule)
    assert settings.rule == rule and (settings.hidden or rule != "critic")
    if RULES[rule].sees and rule != "dni":
        assert "label" in settings.sees


@pytest.mark.parametrize("name", RUNS)
def test_no_step_waits_for_the_device(name, dataset):
    with using(strict):
        loop = build_loop(small(name), dataset, progress=False)
        before = strict.record.synchronizations
        for _ in range(3):
            loop._one_step()
        assert strict.record.synchronizations == before
        float(loop.sums["loss"])
        assert strict.record.synchronizations == before + 1  # the counter does count


@pytest.mark.parametrize(
    "name",
    [
        "backprop",
        "mixture",
        "synthetic head",
        "sparse",
        "sparse, lambda targets",
        "target",
        "stale",
        "fa",
    ],
)
@pytest.mark.parametrize("first, second", [(strict, strict), ("numpy", strict), (strict, "numpy")])
def test_checkpoints_cross_backends(first, second, name, dataset, tmp_path):
    with using(first):
        loop = build_loop(small(name), dataset, tmp_path, progress=False)
        for _ in range(5):  # stopped between two measurements, so that running sums are saved too
            loop._one_step()
        loop.save()
    with using(second):
        resumed = build_loop(small(name), dataset, tmp_path, progress=False)
        resumed.resume()
        assert resumed.step == 5
        assert isinstance(resumed.sums["loss"], xp.ndarray)
        parts = finish(resumed)
    with using("numpy"):
        whole = finish(build_loop(small(name), dataset, progress=False))
    assert parts[1].keys() == whole[1].keys()
    assert all(np.array_equal(parts[1][key], whole[1][key]) for key in whole[1])
    assert parts[0][-1] == whole[0][-1]


def test_the_lists_cover_what_training_uses(dataset, monkeypatch):
    """So the stand-in works, as strictly, where CuPy is not installed."""
    monkeypatch.setattr(cupy_names, "cupy", None)
    for name in RUNS:
        with using(strict):
            finish(build_loop(small(name), dataset, progress=False))


def test_cupy_has_every_function_and_keyword_that_training_used(dataset):
    pytest.importorskip("cupy", reason="CuPy is not installed")
    strict.record.calls.clear()
    for name in RUNS:
        with using(strict):
            finish(build_loop(small(name), dataset, progress=False))
    assert {("matmul", ("out",)), ("ndarray.sum", ("axis", "keepdims"))} <= strict.record.calls
    for name, keywords in strict.record.calls:
        function = cupy_names.find(name)  # "exp", or "ndarray.sum"
        assert function is not cupy_names.NOT_FOUND, name
        assert set(keywords) <= set(cupy_names.signature_of(function).parameters), (name, keywords)
