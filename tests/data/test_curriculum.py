"""The curriculum:

a level that is solved makes way for the next, and a resumed run learns on as if never stopped.
"""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.curriculum import Curriculum
from dni_np.errors import Diverged, UserError


def levels(curriculum, count):
    """(N, R, span) of the first levels, each solved as fast as it can be."""
    seen = []
    for _ in range(count):
        seen.append((curriculum.n_symbols, curriculum.repeats, curriculum.span))
        while not curriculum.update(0.0):
            pass
    return seen


def test_copy_grows_by_one_symbol():
    assert levels(Curriculum("copy"), 4) == [(1, 1, 4), (2, 1, 5), (3, 1, 6), (4, 1, 7)]


def test_repeat_copy_grows_in_turn():
    assert levels(Curriculum("repeat copy"), 5) == [
        (1, 1, 4),
        (2, 1, 5),
        (2, 2, 7),
        (3, 2, 9),
        (3, 3, 12),
    ]
    assert levels(Curriculum("repeat copy", n_symbols=5, repeats=2), 3) == [
        (5, 2, 13),
        (6, 2, 15),
        (6, 3, 21),
    ]


@pytest.mark.parametrize("task, channels", [("copy", 3), ("repeat copy", 4)])
def test_episodes_are_of_the_current_level(task, channels):
    curriculum = Curriculum(task, min_episodes=1)
    for _ in range(4):
        inputs, labels, mask = curriculum.next(3, np.random.default_rng(0))
        assert inputs.shape[2] == channels == curriculum.channels
        assert mask[:, 0].sum() == curriculum.n_symbols * curriculum.repeats + 1
        curriculum.update(0.1)


def test_history_holds_samples_and_span_of_what_was_solved():
    curriculum, rng = Curriculum("copy", min_episodes=2), np.random.default_rng(0)
    assert curriculum.solved == 0
    for bits in (0.9, 0.01, 0.1, 0.1, 0.1):  # the average of the first level stays high
        curriculum.next(10, rng)
        curriculum.update(bits)
    assert curriculum.level == 0 and curriculum.samples == 50
    for _ in range(40):
        curriculum.next(10, rng)
        if curriculum.update(0.05):
            break
    assert curriculum.history == [(curriculum.samples, 4)] and curriculum.solved == 4
    for _ in range(2):
        curriculum.next(10, rng)
        curriculum.update(0.0)
    assert curriculum.history[1] == (curriculum.history[0][0] + 20, 5) and curriculum.solved == 5


@given(st.lists(st.floats(0.15, 2), min_size=1, max_size=12), st.floats(0, 0.99))
def test_the_average_is_the_weighted_mean(bits, decay):
    curriculum = Curriculum("copy", decay=decay)
    assert curriculum.average is None
    for value in bits:
        curriculum.update(value)
    weights = [decay ** (len(bits) - 1 - j) for j in range(len(bits))]
    if curriculum.level == 0:  # rounding may solve a level that stands at exactly 0.15
        assert math.isclose(curriculum.average, np.average(bits, weights=weights), rel_tol=1e-9)


def test_a_level_takes_its_least_number_of_episodes():
    curriculum = Curriculum("copy", min_episodes=4)
    assert [curriculum.update(0.0) for _ in range(8)] == [False, False, False, True] * 2


def test_a_level_begins_its_average_anew():
    curriculum = Curriculum("copy", decay=0.9, min_episodes=1)
    assert curriculum.update(0.0) and curriculum.average is None
    assert not curriculum.update(0.3) and curriculum.average == pytest.approx(0.3)


def test_the_threshold_itself_is_not_below():
    curriculum = Curriculum("copy", threshold=0.25, decay=0, min_episodes=1)
    assert not curriculum.update(0.25) and curriculum.update(0.2499)


@given(
    before=st.integers(0, 30),
    seed=st.integers(0, 2**32),
    task=st.sampled_from(["copy", "repeat copy"]),
)
def test_resumed_equals_uninterrupted(before, seed, task):
    def step(curriculum, rng):
        episode = curriculum.next(2, rng)
        curriculum.update(rng.random() / 5)
        return episode

    whole, rng = Curriculum(task, min_episodes=3), np.random.default_rng(seed)
    for _ in range(before):
        step(whole, rng)
    resumed, again = Curriculum(task, min_episodes=3), np.random.default_rng(0)
    resumed.load_state(json.loads(json.dumps(whole.state())))
    again.bit_generator.state = rng.bit_generator.state
    for _ in range(20):
        assert all(np.array_equal(a, b) for a, b in zip(step(whole, rng), step(resumed, again)))
    assert whole.state() == resumed.state() and whole.history == resumed.history
    assert whole.average == resumed.average


WRONG = {
    "no such task": ({"task": "sort"}, "no task 'sort': choose copy or repeat copy"),
    "copies in copy": ({"task": "copy", "repeats": 2}, "copy writes 1 copy, not 2"),
    "threshold": (
        {"task": "copy", "threshold": 0},
        r"bits .* must be a number in \(0, inf\), not 0",
    ),
    "no threshold": (
        {"task": "copy", "threshold": math.nan},
        r"bits .* must be a number in \(0, inf\), not nan",
    ),
    "decay": ({"task": "copy", "decay": 1}, r"must be a number in \[0, 1\), not 1"),
    "negative decay": ({"task": "copy", "decay": -0.1}, r"must be a number in \[0, 1\), not -0.1"),
    "episodes": (
        {"task": "copy", "min_episodes": 0},
        "min_episodes must be a whole number, at least 1, not 0",
    ),
    "symbols": (
        {"task": "copy", "n_symbols": 0},
        "n_symbols must be a whole number, at least 1, not 0",
    ),
    "repeats": (
        {"task": "repeat copy", "repeats": 0},
        "repeats must be a whole number, at least 1, not 0",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings(case):
    settings, message = WRONG[case]
    with pytest.raises(UserError, match=message):
        Curriculum(**settings)


@pytest.mark.parametrize("bits", [math.nan, math.inf])
def test_a_diverged_run_is_named(bits):
    with pytest.raises(Diverged, match="diverged at level N = 1, R = 1 .*lower the learning rate"):
        Curriculum("repeat copy").update(bits)
    with pytest.raises(Diverged, match=r"level N = 1 \("):
        Curriculum("copy").update(bits)


def test_negative_bits():
    with pytest.raises(UserError, match="never negative: -0.5"):
        Curriculum("copy").update(-0.5)


def test_the_state_of_another_task_is_refused():
    with pytest.raises(
        UserError, match="learned copy from N = 1, R = 1, not repeat copy from N = 1, R = 1"
    ):
        Curriculum("repeat copy").load_state(Curriculum("copy").state())
    with pytest.raises(UserError, match="from N = 3, R = 1, not copy from N = 1"):
        Curriculum("copy").load_state(Curriculum("copy", n_symbols=3).state())
