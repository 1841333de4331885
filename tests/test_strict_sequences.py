"""Every rule trains on every task of sequences on the strict stand-in for CuPy as on NumPy, and
waits only where an episode ends or something is measured."""

import numpy as np
import pytest

from dni_np.backend import using
from dni_np.experiments.sequences.recipes import RECIPES
from dni_np.experiments.sequences.sampling import sample
from dni_np.experiments.sequences.settings import COPYING, TASKS
from tests import cupy_names
from tests.experiments.sequences.small_runs import (
    RUNNABLE,
    TEXT,
    assert_same_run,
    finish,
    loop_of,
    small,
    variant,
)
from tests.strict_array import strict


def run_of(name, task):
    return loop_of(variant(task, name))


@pytest.mark.parametrize("task, name", RUNNABLE)
def test_runs(name, task):
    results = []
    for module in ("numpy", strict):
        with using(module):
            results.append(finish(run_of(name, task)))
    assert_same_run(*results)


@pytest.mark.parametrize(
    "recipe, rule", [(name, rule) for name in RECIPES for rule in RECIPES[name].possible]
)
def test_recipes(recipe, rule):
    length = {"samples": 6, "steps": 0} if RECIPES[recipe].common.task in COPYING else {"steps": 3}
    changes = {"batch_size": 3, "units": 5, "evaluate_every": 2, **length}
    results = []
    for module in ("numpy", strict):
        with using(module):
            results.append(finish(loop_of(RECIPES[recipe].settings(rule, **changes))))
    assert_same_run(*results)


@pytest.mark.parametrize("task, name", RUNNABLE)
def test_steps_wait_only_where_an_episode_ends(name, task):
    with using(strict):
        loop = run_of(name, task)
        for _ in range(12):
            before = strict.record.synchronizations
            loop._one_step()
            ended = task in COPYING and loop.task.episode is None
            assert strict.record.synchronizations == before + ended
        assert task == "characters" or loop.task.ended > 0


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("first, second", [(strict, strict), ("numpy", strict), (strict, "numpy")])
def test_checkpoints_cross_backends(first, second, task, tmp_path):
    settings = small(task, "dni-aux")
    with using(first):
        loop = loop_of(settings, tmp_path)
        for _ in range(7):
            loop._one_step()
        loop.save()
    with using(second):
        resumed = loop_of(settings, tmp_path)
        resumed.resume()
        assert resumed.step == 7
        parts = finish(resumed)
    with using("numpy"):
        whole = finish(loop_of(settings))
    assert all(np.array_equal(parts[1][key], whole[1][key]) for key in whole[1])
    assert parts[0][-1] == whole[0][-1]


def test_sampling():
    texts = []
    for module in ("numpy", strict):
        with using(module):
            loop = run_of("dni", "characters")
            finish(loop)
            texts.append(
                "".join(
                    sample(loop.rule.core, loop.rule.readout, TEXT.characters, 30, start="fish")
                )
            )
    assert texts[0] == texts[1] and len(set(texts[0])) > 3


def test_the_lists_cover_what_training_uses(monkeypatch):
    """So the stand-in works, as strictly, where CuPy is not installed."""
    monkeypatch.setattr(cupy_names, "cupy", None)
    for task, name in RUNNABLE:
        with using(strict):
            finish(run_of(name, task))


def test_cupy_has_every_function_and_keyword_that_training_used():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    strict.record.calls.clear()
    for task, name in RUNNABLE:
        with using(strict):
            finish(run_of(name, task))
    assert {("matmul", ("out",)), ("concatenate", ())} <= strict.record.calls
    for name, keywords in strict.record.calls:
        function = cupy_names.find(name)  # "exp", or "ndarray.sum"
        assert function is not cupy_names.NOT_FOUND, name
        assert set(keywords) <= set(cupy_names.signature_of(function).parameters), (name, keywords)
