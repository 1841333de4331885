"""Copy and Repeat Copy: what is asked for is what was shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.copy_tasks import COUNT, STOP, copy, repeat_copy, time_span
from dni_np.errors import UserError

SIZES = {"n": st.integers(1, 9), "batch": st.integers(1, 6), "seed": st.integers(0, 2**32)}


def read_symbols(episode, n):
    """What the inputs show in the first n steps, (n, batch)."""
    assert np.array_equal(
        episode.inputs[:n, :, :2].sum(axis=2), np.ones((n, episode.inputs.shape[1]))
    )
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
    assert (episode.mask.sum(axis=0) == n * repeats + 1).all() and (
        episode.mask[: n + 2] == 0
    ).all()
    scored = episode.labels[episode.mask == 1].reshape(n * repeats + 1, batch)
    assert np.array_equal(
        scored[:-1].reshape(repeats, n, batch), np.stack([read_symbols(episode, n)] * repeats)
    )
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
    episode = next(
        e
        for e in (copy(3, 1, rng) for rng in seeds)
        if read_symbols(e, 3).ravel().tolist() == [0, 1, 1]
    )
    assert (
        episode.inputs[:, 0].tolist()
        == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]] + [[0, 0, 0]] * 4
    )
    assert episode.labels[4:, 0].tolist() == [0, 1, 1, STOP]
    draws = (repeat_copy(2, 2, 1, rng) for rng in seeds)
    episode = next(e for e in draws if read_symbols(e, 2).ravel().tolist() == [0, 1])
    expected = np.array(
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0.2]] + [[0, 0, 0, 0]] * 5, np.float32
    )
    assert np.array_equal(episode.inputs[:, 0], expected)
    assert episode.labels[4:, 0].tolist() == [0, 1, 0, 1, STOP]


def test_sequences_differ_and_all_occur():
    symbols = read_symbols(copy(3, 200, np.random.default_rng(0)), 3)
    assert len({tuple(column) for column in symbols.T}) == 8


def test_the_distance_between_reading_and_writing():
    """Where the first symbol, here the only 1, is written for the last time."""
    for n, repeats, distance in ((4, 1, 4 + 1), (4, 3, 4 * 3 + 2)):
        rng = np.random.default_rng(0)
        episodes = (
            copy(n, 1, rng) if repeats == 1 else repeat_copy(n, repeats, 1, rng) for _ in range(500)
        )
        episode = next(e for e in episodes if read_symbols(e, n).ravel().tolist() == [1, 0, 0, 0])
        assert np.flatnonzero(episode.labels[:, 0] == 1)[-1] == distance
    assert time_span(4) == 7 and time_span(4, 3) == 15


@pytest.mark.parametrize("n, batch", [(0, 1), (-2, 1), (1, 0)])
def test_impossible_sizes(n, batch):
    message = "the (number of symbols|batch) must be a whole number, at least 1, not"
    with pytest.raises(UserError, match=message):
        copy(n, batch, np.random.default_rng(0))
    with pytest.raises(UserError, match=message):
        repeat_copy(n, 2, batch, np.random.default_rng(0))


def test_no_copies():
    with pytest.raises(
        UserError, match="the number of copies must be a whole number, at least 1, not 0"
    ):
        repeat_copy(3, 0, 1, np.random.default_rng(0))
