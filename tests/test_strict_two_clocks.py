"""Runs of two networks on the strict stand-in for CuPy:

the same as on NumPy, and no step waits for the device.
"""

import numpy as np
import pytest

from dni_np.backend import using
from dni_np.experiments.two_networks.recipes import RECIPES
from tests import cupy_names
from tests.experiments.sequences.small_runs import assert_same_run, finish
from tests.experiments.two_networks.small_runs import RULES, loop_of, small
from tests.strict_array import strict


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(recipe, rule):
    results = []
    for module in ("numpy", strict):
        with using(module):
            settings = RECIPES[recipe].settings(
                rule, batch_size=4, units=5, unroll=2, steps=5, evaluate_every=2
            )
            results.append(finish(loop_of(settings)))
    assert_same_run(*results)


@pytest.mark.parametrize("rule", RULES)
def test_steps_do_not_wait(rule):
    with using(strict):
        loop = loop_of(small(rule))
        before = strict.record.synchronizations
        for _ in range(3):
            loop._one_step()
        assert strict.record.synchronizations == before
        loop._write_row()
        assert strict.record.synchronizations > before


@pytest.mark.parametrize("first, second", [(strict, strict), ("numpy", strict), (strict, "numpy")])
def test_checkpoints_cross_backends(first, second, tmp_path):
    with using(first):
        loop = loop_of(small(), tmp_path)
        for _ in range(5):
            loop._one_step()
        loop.save()
    with using(second):
        resumed = loop_of(small(), tmp_path)
        resumed.resume()
        assert resumed.step == 5
        parts = finish(resumed)
    with using("numpy"):
        whole = finish(loop_of(small()))
    assert all(np.array_equal(parts[1][key], whole[1][key]) for key in whole[1])
    assert parts[0][-1] == whole[0][-1]


@pytest.mark.parametrize("rule", RULES)
def test_cupy_has_every_function_and_keyword_that_was_used(rule):
    pytest.importorskip("cupy", reason="CuPy is not installed")
    strict.record.calls.clear()
    with using(strict):
        finish(loop_of(small(rule)))
    assert strict.record.calls
    for name, keywords in strict.record.calls:
        function = cupy_names.find(name)
        assert function is not cupy_names.NOT_FOUND, name
        assert set(keywords) <= set(cupy_names.signature_of(function).parameters), (name, keywords)
