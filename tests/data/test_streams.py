"""Streams:

every character is predicted once an epoch, in order, and a resumed text goes on where it stopped.
"""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.streams import Streams
from dni_np.data.text import make_text
from dni_np.errors import UserError

SIZES = {"length": st.integers(2, 80), "steps": st.integers(1, 9), "data": st.data()}


@given(**SIZES)
def test_an_epoch_predicts_every_character_once(length, steps, data):
    """With ids 0, 1, 2, ... a character's id is its place, and a label follows its input."""
    batch = data.draw(st.integers(1, length - 1))
    streams = Streams(np.arange(length, dtype=np.uint8), batch, steps)
    for epoch in range(2):
        labels = []
        for chunk in range(streams.chunks):
            assert streams.epoch == epoch
            inputs, label, mask, fresh = streams.next()
            assert inputs.shape == label.shape == mask.shape == (steps, batch)
            assert inputs.dtype == label.dtype == np.int64 and mask.dtype == np.float32
            assert fresh == (chunk == 0)
            scored = mask == 1
            assert np.array_equal(label[scored], inputs[scored] + 1)
            assert (label[~scored] == 0).all() and (mask[~scored] == 0).all()
            labels += label[scored].tolist()
        assert sorted(labels) == list(range(1, length))


@given(**SIZES)
def test_a_stream_goes_on_where_its_last_chunk_ended(length, steps, data):
    batch = data.draw(st.integers(1, length - 1))
    streams = Streams(np.arange(length), batch, steps)
    _, last, mask, _ = streams.next()
    for _ in range(streams.chunks - 1):
        inputs, labels, new_mask, _ = streams.next()
        goes_on = new_mask[0] == 1
        assert (mask[-1][goes_on] == 1).all()
        assert np.array_equal(inputs[0][goes_on], last[-1][goes_on])
        assert (np.diff(new_mask, axis=0) <= 0).all()  # what is behind the end is at the end
        last, mask = labels, new_mask


def test_the_drawing_of_streams():
    text = make_text("mine", "abcdefghij", "ab", "ab")
    streams = Streams(text.train, batch=2, steps=3)
    seen = []
    for _ in range(3):
        inputs, labels, mask, fresh = streams.next()
        seen.append(([text.text_of(row) for row in (*inputs.T, *labels.T)], mask.T.tolist(), fresh))
    first = (["abc", "fgh", "bcd", "ghi"], [[1, 1, 1], [1, 1, 1]], True)
    second = (
        ["dea", "iaa", "efa", "jaa"],
        [[1, 1, 0], [1, 0, 0]],
        False,
    )  # id 0, a, behind the end
    assert seen == [first, second, first]


@given(before=st.integers(0, 30), **SIZES)
def test_resumed_streams_equal_uninterrupted(before, length, steps, data):
    ids, batch = np.arange(length), data.draw(st.integers(1, length - 1))
    whole, resumed = Streams(ids, batch, steps), Streams(ids, batch, steps)
    for _ in range(before):
        whole.next()
    resumed.load_state(json.loads(json.dumps(whole.state())))
    for _ in range(10):
        assert all(np.array_equal(a, b) for a, b in zip(whole.next(), resumed.next()))
    assert whole.state() == resumed.state()


def test_the_text_is_not_copied():
    ids = np.zeros(100, np.uint8)
    assert Streams(ids, 10, 2).ids is ids


@pytest.mark.parametrize("length, batch", [(5, 5), (1, 1), (0, 1)])
def test_impossible_streams(length, batch):
    message = (
        f"{batch} streams cannot be cut from a text of {length} characters: "
        "choose a --batch-size of at most"
    )
    with pytest.raises(UserError, match=message):
        Streams(np.zeros(length, np.uint8), batch, 1)


def test_no_steps_and_no_row():
    with pytest.raises(
        UserError, match="the number of steps must be a whole number, at least 1, not 0"
    ):
        Streams(np.zeros(9, int), 1, 0)
    with pytest.raises(UserError, match="--batch-size must be a whole number, at least 1, not 0"):
        Streams(np.zeros(9, int), 0, 1)
    for ids in (np.zeros((3, 3), int), np.zeros(9), [0, -1, 1], ["a", "b"]):
        with pytest.raises(UserError, match="a text is one row of ids"):
            Streams(ids, 1, 1)


def test_a_place_in_another_text_is_refused():
    saved = Streams(np.zeros(2000, np.uint8), 4, 5).state()
    message = (
        "read 2,000 characters in 4 streams, 5 steps at once, "
        "not 30 characters in 4 streams, 6 steps"
    )
    with pytest.raises(UserError, match=message):
        Streams(np.zeros(30, np.uint8), 4, 6).load_state(saved)


@given(**SIZES, ahead=st.integers(1, 12))
def test_labels_ahead_are_those_of_the_chunks_to_come(length, steps, ahead, data):
    batch = data.draw(st.integers(1, length - 1))
    usual, other = (Streams(np.arange(length), batch, steps) for _ in range(2))
    chunks = [usual.next() for _ in range(usual.chunks)]
    nothing = np.zeros((ahead, batch))
    for name in ("labels", "mask"):
        other.position = other.epoch = 0
        whole = np.concatenate([*(getattr(chunk, name) for chunk in chunks), nothing])
        for k, chunk in enumerate(chunks):
            found = other.next(ahead)
            assert np.array_equal(getattr(found, name), whole[k * steps : (k + 1) * steps + ahead])
            assert np.array_equal(found.inputs, chunk.inputs)
