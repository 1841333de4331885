"""Lambda targets: the two ends, the formula in between, and what it does not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.nn.initializers import zeros
from dni_np.rules.complete_unlock import CompleteUnlock
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.lambda_targets import LambdaSparse, LambdaTargets, LambdaUnlock
from dni_np.rules.sparse_updates import SparseUpdates
from dni_np.rules.true_targets import true_gradients
from tests.rules.networks import (
    assert_goes_on_from_its_saved_state,
    dni_network,
    minibatch,
    on_device,
    synthetic_inputs,
)


def build(lambdas, **options):
    network = dni_network(**options)
    return LambdaTargets(network.units, network.loss_unit, network.classes, lambdas=lambdas)


def targets_of(rule, x, y):
    """{number of the unit: the target that its guess gets} in a step, which is made."""
    found = {}
    for i, unit in enumerate(rule.units):
        update = unit.update_synthetic_weights

        def watched(target, ticket=None, i=i, update=update):
            found[i] = to_numpy(target).copy()
            return update(target, ticket)

        unit.update_synthetic_weights = watched
    rule.step(x, y)
    for unit in rule.units:
        del unit.update_synthetic_weights
    return found


def in_order(found):
    return [found[i] for i in sorted(found)]


def by_the_formula(rule, x, y, lambdas):
    """z_k of the docstring, with the weights of before the step."""
    context, h, passes = rule.context(x, y), x, []
    for unit in rule.units:
        h, cache = unit.core.forward(h)
        passes.append((unit.synthetic_gradient.forward(h, context)[0], cache))
    prediction, cache = rule.loss_unit.core.forward(h)
    z = rule.loss_unit.core.backward(rule.loss_unit.loss(prediction, y)[1], cache)
    wanted = [to_numpy(z)]
    for i in reversed(range(1, len(rule.units))):
        guess, cache = passes[i]
        z = rule.units[i].core.backward(lambdas[i] * z + (1 - lambdas[i]) * guess, cache)
        wanted.insert(0, to_numpy(z))
    return wanted


def same_states(one, other):
    one, other = one.state(), other.state()
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_with_lambda_0_it_is_the_chain_bit_for_bit(backend):
    network = dni_network()
    chain = DNIChain(network.units, network.loss_unit, network.classes)
    rule, (x, y) = build((0,)), on_device(minibatch())
    for _ in range(3):
        assert {k: float(v) for k, v in rule.step(x, y).items()} == {
            k: float(v) for k, v in chain.step(x, y).items()
        }
    same_states(rule, chain)
    assert rule.guess_locks == chain.guess_locks


def test_with_lambda_1_every_target_is_the_true_gradient(backend):
    rule, (x, y) = build((1,)), on_device(minibatch())
    _, truths = true_gradients(rule.cores, rule.loss_unit.loss, x, y)
    for target, truth in zip(in_order(targets_of(rule, x, y)), truths, strict=True):
        np.testing.assert_allclose(target, to_numpy(truth), rtol=1e-9, atol=1e-15)
    assert rule.guess_locks == ("forward", "update", "backward") and rule.locks == ("forward",)


@settings(max_examples=25, deadline=None)
@given(lambdas=st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_targets_are_the_mixture_that_the_docstring_says(lambdas):
    rule, (x, y) = build(lambdas), on_device(minibatch())
    wanted = by_the_formula(build(lambdas), x, y, lambdas)
    for found, target in zip(in_order(targets_of(rule, x, y)), wanted, strict=True):
        np.testing.assert_allclose(found, target, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("lambdas", [(0,), (0.3,), (0.2, 0.9, 0.5), (1,)])
def test_cores_learn_from_their_own_guess_whatever_lambda_is(lambdas):
    (x, y), rules = on_device(minibatch()), [build(lambdas), build((0,))]
    for rule in rules:
        rule.step(x, y)
    for one, other in zip(*(rule.cores for rule in rules), strict=True):
        for name in one.params if hasattr(one, "params") else ():
            np.testing.assert_array_equal(to_numpy(one.params[name]), to_numpy(other.params[name]))
    same = [rule.units[0].core.state() for rule in rules]
    assert all(np.array_equal(same[0][name], same[1][name]) for name in same[0])


@pytest.mark.parametrize("lambdas", [(0,), (0.4,), (1,)])
def test_true_guesses_are_a_fixed_point(lambdas):
    """Guesses that are right get targets that they are, for any lambda."""
    rule, (x, y) = build(lambdas, last_init=zeros), on_device(minibatch())
    _, truths = true_gradients(rule.cores, rule.loss_unit.loss, x, y)
    for unit, truth in zip(rule.units, truths, strict=True):
        model = unit.synthetic_gradient
        forward = model.forward

        def right(h, context=None, truth=truth, forward=forward):
            return truth.copy(), forward(h, context)[1]

        model.forward = right
    for target, truth in zip(in_order(targets_of(rule, x, y)), truths, strict=True):
        np.testing.assert_allclose(target, to_numpy(truth), rtol=1e-9, atol=1e-15)


class Fixed:
    """Coins that show the same each time."""

    def __init__(self, *active):
        self.active = active

    def draw(self, probability):
        return list(self.active)


def sparse(lambdas, active=None, probability=1.0, **options):
    network = dni_network(**options)
    parts = network.units, network.loss_unit, network.classes
    rule = LambdaSparse(*parts, probability, np.random.default_rng(5), lambdas=lambdas)
    if active is not None:
        rule.coins = Fixed(*active)
    return rule


def unlocked(rule, **options):
    network = dni_network()
    parts = network.units, network.loss_unit, network.classes
    return rule(*parts, synthetic_inputs(), **options)


def test_sparse_with_lambda_0_is_sparse_updates_bit_for_bit(backend):
    network, rule = dni_network(), sparse((0,), probability=0.5)
    parts = network.units, network.loss_unit, network.classes
    plain = SparseUpdates(*parts, 0.5, np.random.default_rng(5))
    for step in range(8):
        batch = on_device(minibatch(step))
        assert rule.step(*batch).keys() == plain.step(*batch).keys()
    same_states(rule, plain)
    assert rule.guess_locks == plain.guess_locks


def test_unlock_with_lambda_0_is_complete_unlock_bit_for_bit(backend):
    rule, plain = unlocked(LambdaUnlock, lambdas=(0,)), unlocked(CompleteUnlock)
    for step in range(3):
        batch = on_device(minibatch(step))
        assert rule.step(*batch).keys() == plain.step(*batch).keys()
    same_states(rule, plain)
    assert rule.guess_locks == plain.guess_locks == ()


def test_sparse_with_probability_1_is_lambda_targets(backend):
    rule, chain = sparse((0.2, 0.9, 0.5)), build((0.2, 0.9, 0.5))
    for step in range(3):
        for one in (rule, chain):
            one.step(*on_device(minibatch(step)))
    same = rule.state()
    for name, value in chain.state().items():
        np.testing.assert_array_equal(same[name], value, err_msg=name)


def test_where_a_layer_is_not_updated_the_mean_begins_anew():
    """Unit 3, or the top, is not updated and sends nothing, whatever lambda is."""
    for active in [(1, 1, 0, 1), (1, 1, 1, 0)]:
        idle = active.index(0)
        mixed, plain = sparse((0.9,), active), sparse((0.0,), active)
        batch = on_device(minibatch())
        found, wanted = targets_of(mixed, *batch), targets_of(plain, *batch)
        assert set(found) == set(wanted) == {0, 1, 2} - {idle - 1}
        np.testing.assert_array_equal(found[idle - 2], wanted[idle - 2])
        assert not any(unit.waiting for unit in mixed.units)


def test_sparse_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(lambda: sparse((0.5,), probability=0.5))


def test_a_wrong_number_of_lambdas_is_refused():
    with pytest.raises(UserError, match="3 guesses needs 3 lambdas, or one for all, not 2"):
        build((0.5, 0.5))


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(lambda: build((0.5,)))
