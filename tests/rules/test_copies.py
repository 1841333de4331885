"""A copy of a rule, by copy.deepcopy or pickle, learns as the original does, each for itself."""

import copy
import pickle

import numpy as np
import pytest

from tests.rules.every_rule import NAMES, assert_same_state, build, metrics_of


def pickled(rule):
    return pickle.loads(pickle.dumps(rule))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
@pytest.mark.parametrize("name", NAMES)
def test_original_and_copy_learn_alike_and_apart(name, copied):
    rule, work = build(name)
    metrics_of(rule, work[:2])
    twin = copied(rule)
    assert_same_state(twin, rule)
    before = rule.state()
    wanted = metrics_of(rule, work[2:])
    for part, value in twin.state().items():  # the original has learned alone
        np.testing.assert_array_equal(value, before[part], err_msg=part)
    assert any((value != before[part]).any() for part, value in rule.state().items() if "W" in part)
    assert metrics_of(twin, work[2:]) == wanted
    assert_same_state(twin, rule)


@pytest.mark.parametrize("name", ["backprop", "cdni", "through time: dni and aux", "decoupled"])
def test_copies_of_copies_learn_too(name):
    rule, work = build(name)
    twin = pickled(copy.deepcopy(copy.deepcopy(rule)))
    assert metrics_of(twin, work) == metrics_of(rule, work)
    assert_same_state(twin, rule)
