"""Copy and Repeat Copy: what is asked for is what was shown, and levels follow when one is solved."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.copy_tasks import COUNT, STOP, copy, repeat_copy, time_span
from dni_np.data.curriculum import Curriculum
from dni_np.errors import Diverged, UserError

SIZES = {"n": st.integers(1, 9), "batch": st.integers(1, 6), "seed": st.integers(0, 2**32)}


def read_symbols(episode, n):
    """What the inputs show in the first n steps, (n, batch)."""
    assert np.array_equal(episode.inputs[:n, :, :2].sum(axis=2), np.ones((n, episode.inputs.shape[1])))
    return episode.inputs[:n, :, :2].argmax(axis=2)


def check_types(episode, steps, batch, channels):
    inputs, labels, mask = episode
    assert inputs.shape == (steps, batch, channels) and inputs.dtype == np.float32
    assert labels.shape == mask.shape == (steps, batch)
    assert labels.dtype == np.int64 and mask.dtype == np.float32


@given(**SIZES)
def test_copy_asks_for_what_it_showed(n, batch, seed):
    episode = copy(n, batch, np.random.default_rng(seed))
    check_types(episode, 2 * n + 2, batch, 3)
    assert np.array_equal(episode.mask, np.repeat([[0.0], [1.0]], n + 1, axis=0) * np.ones(batch))
    scored = episode.labels[episode.mask == 1].reshape(n + 1, batch)
    assert np.array_equal(scored[:-1], read_symbols(episode, n)) and (scored[-1] == STOP).all()


@given(**SIZES, repeats=st.integers(1, 5))
def test_repeat_copy_asks_for_it_r_times(n, batch, seed, repeats):
    episode = repeat_copy(n, repeats, batch, np.random.default_rng(seed))
    check_types(episode, n + 2 + n * repeats + 1, batch, 4)
    assert (episode.mask.sum(axis=0) == n * repeats + 1).all() and (episode.mask[: n + 2] == 0).all()
    scored = episode.labels[episode.mask == 1].reshape(n * repeats + 1, batch)
    assert np.array_equal(scored[:-1].reshape(repeats, n, batch), np.stack([read_symbols(episode, n)] * repeats))
    assert (scored[-1] == STOP).all()


@given(**SIZES, repeats=st.integers(1, 5))
def test_stop_and_repeats_are_shown_once_and_nothing_while_writing(n, batch, seed, repeats):
    for episode in (
        copy(n, batch, np.random.default_rng(seed)),
        repeat_copy(n, repeats, batch, np.random.default_rng(seed)),
    ):
        stops = episode.inputs[:, :, STOP]
        assert (stops[n] == 1).all() and stops.sum() == batch
        assert (episode.inputs[episode.mask == 1] == 0).all()
        assert (episode.labels[episode.mask == 0] == 0).all()
    counts = episode.inputs[:, :, COUNT]
    assert np.allclose(counts[n + 1], repeats / 10) and np.count_nonzero(counts) == batch


def test_the_drawings():
    """The two in the module's docstring, step by step."""
    seeds = (np.random.default_rng(seed) for seed in range(100))
    episode = next(e for e in (copy(3, 1, rng) for rng in seeds) if read_symbols(e, 3).ravel().tolist() == [0, 1, 1])
    assert episode.inputs[:, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]] + [[0, 0, 0]] * 4
    assert episode.labels[4:, 0].tolist() == [0, 1, 1, STOP]
    draws = (repeat_copy(2, 2, 1, rng) for rng in seeds)
    episode = next(e for e in draws if read_symbols(e, 2).ravel().tolist() == [0, 1])
    expected = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0.2]] + [[0, 0, 0, 0]] * 5, np.float32)
    assert np.array_equal(episode.inputs[:, 0], expected)
    assert episode.labels[4:, 0].tolist() == [0, 1, 0, 1, STOP]


def test_sequences_differ_and_all_occur():
    symbols = read_symbols(copy(3, 200, np.random.default_rng(0)), 3)
    assert len({tuple(column) for column in symbols.T}) == 8


def test_the_distance_between_reading_and_writing():
    """Where the first symbol, here the only 1, is written for the last time."""
    for n, repeats, distance in ((4, 1, 4 + 1), (4, 3, 4 * 3 + 2)):
        rng = np.random.default_rng(0)
        episodes = (copy(n, 1, rng) if repeats == 1 else repeat_copy(n, repeats, 1, rng) for _ in range(500))
        episode = next(e for e in episodes if read_symbols(e, n).ravel().tolist() == [1, 0, 0, 0])
        assert np.flatnonzero(episode.labels[:, 0] == 1)[-1] == distance
    assert time_span(4) == 7 and time_span(4, 3) == 15


@pytest.mark.parametrize("n, batch", [(0, 1), (-2, 1), (1, 0)])
def test_impossible_sizes(n, batch):
    message = "at least 1 s(ymbol|equence).*, not"
    with pytest.raises(UserError, match=message):
        copy(n, batch, np.random.default_rng(0))
    with pytest.raises(UserError, match=message):
        repeat_copy(n, 2, batch, np.random.default_rng(0))


def test_no_copies():
    with pytest.raises(UserError, match="at least 1 copy, not 0"):
        repeat_copy(3, 0, 1, np.random.default_rng(0))


# ---- curriculum


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
    assert levels(Curriculum("repeat copy"), 5) == [(1, 1, 4), (2, 1, 5), (2, 2, 7), (3, 2, 9), (3, 3, 12)]
    assert levels(Curriculum("repeat copy", n_symbols=5, repeats=2), 3) == [(5, 2, 13), (6, 2, 15), (6, 3, 21)]


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


@given(before=st.integers(0, 30), seed=st.integers(0, 2**32), task=st.sampled_from(["copy", "repeat copy"]))
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
    "threshold": ({"task": "copy", "threshold": 0}, "positive number of bits, not 0"),
    "no threshold": ({"task": "copy", "threshold": math.nan}, "positive number of bits, not nan"),
    "decay": ({"task": "copy", "decay": 1}, r"lie in \[0, 1\), not be 1"),
    "negative decay": ({"task": "copy", "decay": -0.1}, r"lie in \[0, 1\), not be -0.1"),
    "episodes": ({"task": "copy", "min_episodes": 0}, "min_episodes must be at least 1, not 0"),
    "symbols": ({"task": "copy", "n_symbols": 0}, "n_symbols must be at least 1, not 0"),
    "repeats": ({"task": "repeat copy", "repeats": 0}, "repeats must be at least 1, not 0"),
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
    with pytest.raises(UserError, match="learned copy from N = 1, R = 1, not repeat copy from N = 1, R = 1"):
        Curriculum("repeat copy").load_state(Curriculum("copy").state())
    with pytest.raises(UserError, match="from N = 3, R = 1, not copy from N = 1"):
        Curriculum("copy").load_state(Curriculum("copy", n_symbols=3).state())
