"""What arrives at each layer, for every rule:

known where it can be said otherwise, and the rule stays as it was.
"""

import copy

import numpy as np
import pytest

from dni_np.analysis.arriving_gradients import arriving_gradients
from dni_np.analysis.gradient_probe import gradient_pairs, undisturbed
from dni_np.backend import asarray, to_numpy, using
from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from dni_np.rules.rule import Rule
from dni_np.rules.true_targets import true_gradients
from tests.strict_array import strict

RNG = np.random.default_rng(0)
X, Y = RNG.random((64, 36), np.float32), RNG.integers(0, 10, 64)
DATA = Dataset("noise", X, Y, X, Y, 10, image=(6, 6, 1))
BATCH = 16
KINDS = {
    **{rule: {"rule": rule} for rule in RULES},
    "true targets": {"rule": "cdni", "targets": "true"},
    "synthetic head": {"rule": "cdni", "head": "synthetic"},
    "stale, true targets": {"rule": "stale", "targets": "true"},
    "cut once": {"rule": "local", "cut_after": (2,)},
}
GUESSING = (
    "dni",
    "cdni",
    "true targets",
    "synthetic head",
    "stale, true targets",
    "critic",
    "stale",
)


def build(name, network="fcn", **changes):
    changes = {
        "hidden": (4,),
        **KINDS[name],
        "batch_size": BATCH,
        "network": network,
        "steps": 100,
        **changes,
    }
    sees = RULES[changes["rule"]].sees or ("output",)
    return build_rule(
        Settings(layers=4, width=5, sees=sees, **changes), DATA, np.random.default_rng(0)
    )


def batch(step):
    rows = slice(step * BATCH % 64, step * BATCH % 64 + BATCH)
    return asarray(X[rows]), asarray(Y[rows])


def trained(name, steps=5, **changes):
    """Some steps on, so that no guess is zero any more."""
    rule = build(name, **changes)
    for step in range(steps):
        rule.step(*batch(step))
    return rule


def on_host(pairs):
    return [tuple(None if array is None else to_numpy(array) for array in pair) for pair in pairs]


def assert_same(one, other):
    assert one.keys() == other.keys() and len(one) > 4
    for name, value in one.items():
        assert np.array_equal(value, other[name]), name


@pytest.mark.parametrize("network", ["fcn", "cnn"])
@pytest.mark.parametrize("name", KINDS)
def test_recording_changes_nothing(name, network, backend):
    listened, alone = (trained(name, 3, network=network) for _ in range(2))
    before = listened.state()
    pairs = arriving_gradients(listened, *batch(3))
    assert_same(listened.state(), before)
    assert len(pairs) == len(listened.cores) - 1
    for arrived, true in pairs:
        assert arrived is None or arrived.shape == true.shape
    assert not [core for core in listened.cores if {"forward", "backward"} & set(vars(core))]
    for step in range(3, 6):
        listened.step(*batch(step)), alone.step(*batch(step))
    assert_same(listened.state(), alone.state())
    assert any(
        (value != before[key]).any() for key, value in listened.state().items()
    )  # it does learn


@pytest.mark.parametrize("name", KINDS)
def test_the_same_on_both_backends(name):
    found = []
    for module in ("numpy", strict):
        with using(module):
            found.append(on_host(arriving_gradients(trained(name), *batch(5))))
    for one, other in zip(*found, strict=True):
        for a, b in zip(one, other):
            assert (a is None and b is None) or np.array_equal(a, b)


@pytest.mark.parametrize("name", ["backprop", "bp-lambda"])
def test_what_arrives_in_backpropagation_is_true(name):
    rule = trained(name, **({"lambdas": (1.0,)} if name == "bp-lambda" else {}))
    for arrived, true in on_host(arriving_gradients(rule, *batch(5))):
        assert np.abs(true).max() > 1e-3
        np.testing.assert_array_equal(arrived, true)


@pytest.mark.parametrize("name", KINDS)
def test_the_truth_is_that_of_the_weights_before_the_step(name):
    """The same as in a network with the same weights that is trained by backpropagation."""
    changes = KINDS[name].get("cut_after", (1, 2, 3))
    rule, plain = trained(name), build("backprop")
    weights = [leaf for core in rule.cores for leaf in core.leaves()]
    for leaf, other in zip(
        weights, (leaf for core in plain.cores for leaf in core.leaves()), strict=True
    ):
        other.load_state(leaf.state())
    _, wanted = true_gradients(plain.cores, plain.loss_unit.loss, *batch(5))
    for (_, true), k in zip(arriving_gradients(rule, *batch(5)), changes, strict=True):
        np.testing.assert_allclose(to_numpy(true), to_numpy(wanted[k - 1]), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", GUESSING)
def test_what_arrives_at_a_decoupled_layer_is_its_guess(name):
    rule = trained(name)
    guesses = gradient_pairs(rule, *batch(5))
    for (arrived, true), (guess, other) in zip(
        arriving_gradients(rule, *batch(5)), guesses, strict=True
    ):
        assert np.abs(to_numpy(guess)).max() > 0
        np.testing.assert_array_equal(to_numpy(arrived), to_numpy(guess))
        np.testing.assert_array_equal(to_numpy(true), to_numpy(other))


def test_a_guess_of_zero_arrives_as_zero():
    """Before the first step nothing moves below the top; that true gradients follow does not count
    as arriving.
    """
    for arrived, true in on_host(arriving_gradients(build("true targets", hidden=()), *batch(0))):
        assert not arrived.any() and true.any()


def test_nothing_arrives_where_nothing_learns():
    assert [arrived for arrived, _ in arriving_gradients(trained("none"), *batch(5))] == [
        None,
        None,
        None,
    ]


def test_in_sparse_updates_gradients_arrive_at_active_layers_only():
    rule = trained("sparse", update_probability=0.5)
    arrived_at = []
    for _ in range(12):
        coins = copy.deepcopy(rule.coins).draw(0.5)
        found = [arrived is not None for arrived, _ in arriving_gradients(rule, *batch(5))]
        assert found == coins[:3]
        arrived_at += found
        rule.step(*batch(5))
    assert any(arrived_at) and not all(arrived_at)
    rule.probability = 1.0
    assert all(arrived is not None for arrived, _ in arriving_gradients(rule, *batch(5)))


def layer_inputs(rule, x):
    hs = [x]
    with undisturbed(rule.cores):
        for core in rule.cores:
            hs.append(core.forward(hs[-1])[0])
    return hs


def test_what_arrives_in_complete_unlock_belongs_to_a_synthetic_input():
    rule, (x, y) = trained("unlock"), batch(5)
    context = rule.context(x, y)
    given = [x, *(one.synthetic_gradient.forward(x, context)[0] for one in rule.inputs)]
    real = layer_inputs(rule, x)
    found = arriving_gradients(rule, x, y)
    for k, (unit, (arrived, _)) in enumerate(zip(rule.units, found)):
        with undisturbed(rule.cores):
            guess, elsewhere = (
                to_numpy(unit.synthetic_gradient.forward(unit.core.forward(h[k])[0], context)[0])
                for h in (given, real)
            )
        np.testing.assert_array_equal(to_numpy(arrived), guess)
        assert np.array_equal(guess, elsewhere) == (k == 0)  # layer 1 reads the image itself
    _, wanted = true_gradients(rule.cores, rule.loss_unit.loss, x, y)  # at the real activations
    for (_, true), other in zip(found, wanted):
        np.testing.assert_array_equal(to_numpy(true), to_numpy(other))


def test_direct_feedback_is_the_error_times_b():
    rule, (x, y) = trained("dfa"), batch(5)
    e = rule.loss_unit.loss(layer_inputs(rule, x)[-1], y)[1]
    for (arrived, _), B in zip(arriving_gradients(rule, x, y), rule.feedback, strict=True):
        np.testing.assert_array_equal(to_numpy(arrived), to_numpy(e @ B.params["W"]))


def test_local_losses_send_their_own_gradients():
    rule, (x, y) = trained("local"), batch(5)
    hs = layer_inputs(rule, x)
    for (arrived, _), h, own in zip(arriving_gradients(rule, x, y), hs[1:], rule.auxiliaries):
        prediction, cache = own.forward(h)
        wanted = own.backward(rule.loss_unit.loss(prediction, y)[1], cache)
        np.testing.assert_array_equal(to_numpy(arrived), to_numpy(wanted))


def test_feedback_alignment_gives_its_own_gradient_and_not_the_true_one():
    """Below the output e B^T, beside e W^T; further down B has been passed more than once."""
    rule, (x, y) = trained("fa"), batch(5)
    top = rule.cores[-1]
    e = to_numpy(rule.loss_unit.loss(layer_inputs(rule, x)[-1], y)[1])
    found = on_host(arriving_gradients(rule, x, y))
    np.testing.assert_allclose(found[-1][0], e @ to_numpy(top.buffers["B"]).T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[-1][1], e @ to_numpy(top.params["W"]).T, rtol=1e-5, atol=1e-6)
    assert all(np.abs(arrived - true).max() > 1e-3 for arrived, true in found)


def test_kickback_is_true_below_the_output_only():
    *lower, (arrived, true) = on_host(arriving_gradients(trained("kickback"), *batch(5)))
    np.testing.assert_allclose(arrived, true, rtol=1e-5, atol=1e-7)
    assert all(np.abs(arrived - true).max() > 1e-3 for arrived, true in lower)


def test_the_layers_are_put_back_when_a_step_fails():
    rule, (x, y) = trained("stale"), batch(5)
    before = rule.state()
    with pytest.raises(UserError, match="StaleGradient with average"):
        arriving_gradients(rule, x[:7], y[:7])
    assert_same(rule.state(), before)
    assert not [core for core in rule.cores if {"forward", "backward"} & set(vars(core))]
    rule.step(x, y)  # no guess of the step that failed is still waiting
    assert not any(unit.waiting for unit in rule.units)


def test_a_rule_without_cores_is_refused():
    with pytest.raises(UserError, match="Rule is no stack of cores"):
        arriving_gradients(Rule(), *batch(0))
