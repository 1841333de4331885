"""Who draws what:

a child Generator for the minibatches, for each layer, for its guess, for the rest.
"""

import numpy as np
import pytest

from dni_np.experiments.feedforward.architectures import fcn
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from tests.test_golden import build_loop, patterns


def loop_of(rule, **changes):
    sees = ("output", "label") if rule != "dni" else ("output",)
    small = {"steps": 3, "batch_size": 8, "width": 6, "hidden": (5,), "sees": sees}
    return build_loop(Settings(rule=rule, **{**small, **changes}), patterns(), progress=False)


def weights(layer):
    return [leaf.params["W"] for leaf in layer.leaves() if "W" in leaf.params]


@pytest.mark.parametrize("rule", RULES)
def test_weights_and_minibatches_are_the_same_for_every_rule(rule):
    one, other = loop_of(rule), loop_of("backprop")
    pairs = [(weights(a), weights(b)) for a, b in zip(one.rule.cores, other.rule.cores)]
    assert sum(len(ours) for ours, _ in pairs) == 3
    for ours, theirs in pairs:
        for mine, yours in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(mine, yours)
    for loop in (one, other):
        loop._one_step()
    for mine, yours in zip(one.task.next(), other.task.next(), strict=True):
        np.testing.assert_array_equal(mine, yours)


def test_a_layer_and_its_guess_do_not_depend_on_the_others():
    one, other = (loop_of("cdni", widths=widths).rule for widths in ((6, 6, 6), (9, 6, 6)))
    for k in (2, 3):  # from the second layer on, the sizes are the same
        np.testing.assert_array_equal(*(weights(rule.cores[k])[0] for rule in (one, other)))
    models = [weights(rule.units[1].synthetic_gradient)[0] for rule in (one, other)]
    np.testing.assert_array_equal(*models)
    assert not np.array_equal(models[0], weights(one.units[2].synthetic_gradient)[0])


def test_no_two_layers_draw_the_same():
    layers = fcn((7, 7, 7, 7), np.random.default_rng(0))
    drawn = [weights(layer)[0][0, 0] for layer in layers]
    assert len(set(map(float, drawn))) == 3
