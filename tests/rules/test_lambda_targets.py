"""Lambda targets: the two ends, the formula in between, and what it does not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.nn.initializers import zeros
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.lambda_targets import LambdaTargets
from dni_np.rules.true_targets import true_gradients
from tests.rules.networks import (
    assert_goes_on_from_its_saved_state,
    dni_network,
    minibatch,
    on_device,
)


def build(lambdas, **options):
    network = dni_network(**options)
    return LambdaTargets(network.units, network.loss_unit, network.classes, lambdas=lambdas)


def targets_of(rule, x, y):
    """The targets that the guesses of a step get, lowest first; the step is made."""
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
    return [found[i] for i in range(len(rule.units))]


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
    for target, truth in zip(targets_of(rule, x, y), truths, strict=True):
        np.testing.assert_allclose(target, to_numpy(truth), rtol=1e-9, atol=1e-15)
    assert rule.guess_locks == ("forward", "update", "backward") and rule.locks == ("forward",)


@settings(max_examples=25, deadline=None)
@given(lambdas=st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_targets_are_the_mixture_that_the_docstring_says(lambdas):
    rule, (x, y) = build(lambdas), on_device(minibatch())
    wanted = by_the_formula(build(lambdas), x, y, lambdas)
    for found, target in zip(targets_of(rule, x, y), wanted, strict=True):
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
    for target, truth in zip(targets_of(rule, x, y), truths, strict=True):
        np.testing.assert_allclose(target, to_numpy(truth), rtol=1e-9, atol=1e-15)


def test_a_wrong_number_of_lambdas_is_refused():
    with pytest.raises(UserError, match="3 guesses needs 3 lambdas, or one for all, not 2"):
        build((0.5, 0.5))


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(lambda: build((0.5,)))
