"""Late targets: in time they change nothing; late, anew and kept guesses learn different things."""

from typing import NamedTuple

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.dni.synthetic_gradients import NORMALIZED, PLAIN
from dni_np.errors import UserError
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.lambda_targets import LambdaTargets
from dni_np.rules.late_state import filled, leaves
from dni_np.rules.late_targets import LateTargets
from tests.rules.networks import dni_network, minibatch, on_device


def build(rule=LateTargets, lambdas=(0.5,), layers=NORMALIZED, **options):
    network = dni_network(hidden=(9,), layers=layers)
    return rule(network.units, network.loss_unit, network.classes, lambdas=lambdas, **options)


def batches(n):
    return [on_device(minibatch(seed=k)) for k in range(n)]


def same_states(one, other):
    one, other = one.state(), other.state()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("learned_from", ["anew", "kept"])
def test_in_time_they_are_lambda_targets_bit_for_bit(backend, learned_from):
    late, rule = build(late=0, learned_from=learned_from), build(LambdaTargets)
    for batch in batches(4):
        assert late.step(*batch).keys() == rule.step(*batch).keys()
    same_states(late, rule)


def test_in_time_and_with_lambda_0_they_are_the_chain_bit_for_bit(backend):
    network = dni_network(hidden=(9,))
    chain = DNIChain(network.units, network.loss_unit, network.classes)
    late = build(late=0, lambdas=(0.0,))
    for batch in batches(4):
        late.step(*batch)
        chain.step(*batch)
    same_states(late, chain)


@pytest.mark.parametrize("learned_from", ["anew", "kept"])
def test_a_target_is_learned_when_it_comes_and_not_before(backend, learned_from):
    """By hand: the error of a guess of three batches ago, or of what the model says of them now."""
    late, seen = build(late=3, learned_from=learned_from), []
    unit = late.units[1]
    guess, comes = unit.guess, late.target_comes

    def watched_guess(h, context=None, ticket=None):
        made = guess(h, context, ticket)
        seen.append({"h": h, "context": context, "guess": made})
        return made

    def watched_target(i, z, metrics):
        if i == 1:
            seen[-1]["target"] = z
        comes(i, z, metrics)

    unit.guess, late.target_comes = watched_guess, watched_target
    for n, batch in enumerate(batches(7)):
        # In this step no guess is fitted before the end, so the model is that of now.
        first = seen[n - 3] if n >= 3 else None
        wanted = None
        if first is not None and learned_from == "anew":
            wanted, _ = unit.synthetic_gradient.forward(first["h"], first["context"])
        elif first is not None:
            wanted = first["guess"]
        metrics = late.step(*batch)
        assert ("gradient_loss_2" in metrics) == (n >= 3) and "loss" in metrics
        if first is not None:
            error = to_numpy(wanted) - to_numpy(first["target"])
            half = 0.5 * (error**2).sum() / len(error)
            assert float(metrics["gradient_loss_2"]) == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("learned_from", ["anew", "kept"])
@pytest.mark.parametrize("at", [0, 1, 2, 5])
@pytest.mark.parametrize("layers", [PLAIN, NORMALIZED])
def test_what_waits_is_in_the_state(backend, learned_from, at, layers):
    """To look at a run, to save it and to go on from there changes nothing."""
    options = {"late": 3, "learned_from": learned_from, "layers": layers}
    whole, first, second = (build(**options) for _ in range(3))
    for n, batch in enumerate(batches(9)):
        metrics = whole.step(*batch)
        rule = first if n < at else second
        if n == at:
            second.step(*batches(1)[0])  # what a rule did before is forgotten
            second.load_state(first.state())
        assert rule.step(*batch) == metrics
        assert rule.drain() == []
        same_states(rule, whole)
    assert len(whole.coming) == 3


def test_a_cache_of_anything_but_arrays_in_order_is_known():
    class Pair(NamedTuple):
        first: object
        second: object

    tree = {"a": [np.ones(2), None], "b": Pair((np.zeros(3), "name"), 1.5)}
    found = leaves(tree)
    assert [len(array) for array in found] == [2, 3]
    other = filled(tree, iter([np.full(2, 7.0), np.full(3, 8.0)]))
    assert other["a"][1] is None and other["b"].first[1] == "name" and other["b"].second == 1.5
    assert [array[0] for array in leaves(other)] == [7.0, 8.0]


def test_a_step_that_fails_leaves_nothing_that_waits():
    late = build(late=2)
    late.step(*batches(1)[0])
    x, y = batches(1)[0]
    with pytest.raises(UserError):
        late.step(x, y[:-1])
    assert not late.coming and late.state()


def test_another_way_to_learn_is_refused():
    with pytest.raises(UserError, match="anew or kept, not 'soon'"):
        build(late=1, learned_from="soon")
