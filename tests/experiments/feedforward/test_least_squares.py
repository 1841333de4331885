"""Guesses by recursive least squares, from the option to the rule, on images."""

import numpy as np
import pytest

from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from tests.interrupting import interrupt_after

RNG = np.random.default_rng(0)
X, Y = RNG.random((40, 64), np.float32), RNG.integers(0, 10, 40)
DATA = Dataset("noise", X, Y, X, Y, 10)
FITTED = [name for name, row in RULES.items() if "sg_optimizer" in row.uses]


def loop_of(rule, folder=None, **changes):
    size = {"layers": 4, "width": 6, "batch_size": 10, "steps": 20, "evaluate_every": 7}
    options = {"sg_optimizer": "rls", "sees": RULES[rule].sees or ("output",), **changes}
    return build_loop(Settings(rule=rule, **size, **options), DATA, folder, progress=False)


@pytest.mark.parametrize("rule", FITTED)
def test_every_guess_is_fitted(rule):
    units = loop_of(rule, sg_beta=0.9, ridge=0.01).rule.units
    optimizers = [unit.sg_optimizer for unit in units]
    assert {type(one) for one in optimizers} == {RecursiveLeastSquares} and len(optimizers) == 3
    assert {(one.beta, one.ridge) for one in optimizers} == {(0.9, 0.01)}
    assert not isinstance(units[0].core_optimizer, RecursiveLeastSquares)


def test_without_it_guesses_learn_as_layers_do_or_by_their_own_optimizer():
    def kinds(**changes):
        unit = loop_of("cdni", **changes).rule.units[0]
        return [isinstance(unit.sg_optimizer, kind) for kind in (SGD, Adam)]

    assert kinds(sg_optimizer="same") == [False, True]
    assert kinds(sg_optimizer="same", optimizer="sgd") == [True, False]
    assert kinds(sg_optimizer="adam", optimizer="sgd") == [False, True]
    assert kinds(sg_optimizer="sgd") == [True, False]


@pytest.mark.parametrize("rule", FITTED)
def test_resumed_equals_uninterrupted(rule, tmp_path, monkeypatch):
    whole, first = loop_of(rule), loop_of(rule, tmp_path)
    interrupt_after(first, 9, monkeypatch)
    second = loop_of(rule, tmp_path)
    second.resume()
    assert second.run() and whole.run()
    for one, other in zip(second.history.rows, whole.history.rows, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    one, other = second.rule.state(), whole.rule.state()
    assert one.keys() == other.keys() and any(name.endswith("/A") for name in one)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_rule_whose_guess_is_never_linear_has_no_such_form():
    with pytest.raises(UserError, match="the rule critic has no form with --sg-optimizer rls"):
        Settings(rule="critic", sg_optimizer="rls")
