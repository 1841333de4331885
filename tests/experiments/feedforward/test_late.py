"""--late: neither a measurement nor a checkpoint nor a stop brings a target earlier."""

import numpy as np
import pytest

from dni_np.data.dataset import Dataset
from dni_np.experiments.costs import costs
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find

SMALL = {"layers": 4, "width": 12, "steps": 24, "batch_size": 16, "checkpoint_every": 0}


def settings(late_guess, late=5, **changes):
    late = {"late": late, "late_guess": late_guess}
    return find("mnist-fcn").settings("cdni", **{**SMALL, **late, **changes})


def dataset():
    rng = np.random.default_rng(0)
    x, y = rng.random((80, 20), np.float32), rng.integers(0, 3, 80)
    return Dataset("random", x, y, x, y, 3)


def assert_same(one, other):
    one, other = one.rule.state(), other.rule.state()
    assert one.keys() == other.keys() and any(name.startswith("late/4/") for name in one)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("late_guess", ["anew", "kept"])
@pytest.mark.parametrize("hidden", [(), (8,)])
def test_to_look_or_to_save_or_to_stop_changes_nothing(tmp_path, late_guess, hidden):
    whole = build_loop(settings(late_guess, hidden=hidden, evaluate_every=24), dataset())
    whole.run()
    often = settings(late_guess, hidden=hidden, evaluate_every=1, checkpoint_every=2)
    watched = build_loop(often, dataset(), tmp_path)
    watched.run()
    assert_same(watched, whole)
    for at in (2, 5, 17):
        stopped = build_loop(often, dataset(), tmp_path / str(at))
        stopped.steps = at
        stopped.run()
        again = build_loop(often, dataset(), tmp_path / str(at))
        again.resume()
        again.run()
        assert_same(again, whole)
        rows = [[{**row, "seconds": 0} for row in one.history.rows] for one in (again, watched)]
        assert rows[0] == rows[1]


def test_the_memory_is_that_of_all_that_waits():
    sizes = [costs(build_loop, settings("anew", late=n), dataset()).megabytes for n in (1, 40)]
    assert sizes[1] > 3 * sizes[0]
