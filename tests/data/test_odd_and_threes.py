"""Odd digits and threes: the counts are those of the images shown, over the stated windows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.odd_and_threes import OddAndThrees
from dni_np.errors import UserError

LABELS = np.array([3, 0, 7, 3, 4, 9, 1, 2, 6, 5, 8, 3])
IMAGES = np.repeat(LABELS[:, None], 784, axis=1).astype(
    np.uint8
)  # an image shows its digit in every pixel

SIZES = {
    "batch": st.integers(1, 5),
    "steps": st.integers(1, 4),
    "ticks": st.none() | st.integers(1, 4),
    "seed": st.integers(0, 2**32),
}


def streams(batch=2, steps=2, ticks=None, seed=0):
    return OddAndThrees(IMAGES, LABELS, batch, steps, np.random.default_rng(seed), ticks)


@given(**SIZES)
def test_counts_are_of_what_was_shown(batch, steps, ticks, seed):
    task = streams(batch, steps, ticks, seed)
    expected_ticks = ticks or steps
    for _ in range(2):
        seen = []
        for tick in range(expected_ticks):
            chunk = task.next()
            assert chunk.x.shape == (steps, batch, 784) and chunk.x.dtype == np.uint8
            assert chunk.odd.shape == chunk.threes.shape == (batch,)
            assert chunk.odd.dtype == chunk.threes.dtype == np.int64
            assert (chunk.fresh, chunk.last) == (tick == 0, tick == expected_ticks - 1)
            digits = chunk.x[:, :, 0]  # (T, batch)
            seen += digits.tolist()
            assert chunk.odd.tolist() == [
                sum(d in (1, 3, 5, 7, 9) for d in stream) for stream in digits.T
            ]
            assert chunk.threes.tolist() == [stream.count(3) for stream in map(list, zip(*seen))]
            assert chunk.odd.max() < task.odd_classes and chunk.threes.max() < task.three_classes
        assert len(seen) == steps * expected_ticks


def test_the_window_of_b():
    assert streams(steps=3).ticks == 3 and streams(steps=3).three_classes == 10  # T^2 steps
    assert streams(steps=3, ticks=1).three_classes == streams(steps=3).odd_classes == 4  # T steps


def test_all_threes_reach_the_last_class():
    task = OddAndThrees(IMAGES[:1], LABELS[:1], 2, 3, np.random.default_rng(0))
    chunks = [task.next() for _ in range(4)]
    assert [chunk.threes.tolist() for chunk in chunks] == [[3, 3], [6, 6], [9, 9], [3, 3]]
    assert all(chunk.odd.tolist() == [3, 3] for chunk in chunks)


def test_digits_are_drawn_evenly_and_independently():
    chunk = streams(batch=4000, steps=2).next()
    assert set(np.unique(chunk.x[:, :, 0])) == set(LABELS)
    assert np.isclose(chunk.threes.mean(), 2 * 3 / 12, atol=0.05)
    both = (chunk.x[:, :, 0] == 3).all(axis=0).mean()
    assert np.isclose(both, (3 / 12) ** 2, atol=0.02)


@given(before=st.integers(0, 12), **SIZES)
def test_resumed_equals_uninterrupted(before, batch, steps, ticks, seed):
    whole, resumed = streams(batch, steps, ticks, seed), streams(batch, steps, ticks, seed + 1)
    for _ in range(before):
        whole.next()
    resumed.load_state(json.loads(json.dumps(whole.state())))
    resumed.rng.bit_generator.state = whole.rng.bit_generator.state
    for _ in range(6):
        assert all(np.array_equal(a, b) for a, b in zip(whole.next(), resumed.next()))
    assert whole.state() == resumed.state()


def test_a_chunk_keeps_its_counts():
    """The count goes on in new arrays: a chunk still waiting to be used is not changed."""
    task = streams(batch=50, steps=2)
    first = task.next()
    before = first.threes.copy()
    assert (task.next().threes > before).any() and np.array_equal(first.threes, before)


@pytest.mark.parametrize(
    "sizes, message",
    [
        ({"batch": 0}, "the batch must be a whole number, at least 1, not 0"),
        ({"steps": 0}, "T must be a whole number, at least 1, not 0"),
        ({"ticks": 0}, "B's number of ticks must be a whole number, at least 1, not 0"),
    ],
)
def test_impossible_sizes(sizes, message):
    with pytest.raises(UserError, match=message):
        streams(**sizes)


@pytest.mark.parametrize("images, labels", [(IMAGES, LABELS[:-1]), (IMAGES[:0], LABELS[:0])])
def test_images_without_labels(images, labels):
    with pytest.raises(
        UserError, match=f"{len(images)} images and {len(labels)} labels do not make"
    ):
        OddAndThrees(images, labels, 2, 2, np.random.default_rng(0))


@pytest.mark.parametrize(
    "labels", [LABELS + 1 + (LABELS == 9), LABELS - 1, LABELS / 10, np.eye(10, dtype=int)[LABELS]]
)
def test_labels_that_are_no_digits(labels):
    with pytest.raises(UserError, match="integers 0 to 9"):
        OddAndThrees(IMAGES, labels, 2, 2, np.random.default_rng(0))


def test_a_place_in_other_streams_is_refused():
    with pytest.raises(
        UserError, match="had 2 streams, T = 3, 3 ticks, not 2 streams, T = 2, 2 ticks"
    ):
        streams(steps=2).load_state(streams(steps=3).state())
