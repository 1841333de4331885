"""Minibatches:

each epoch visits samples once, and a resumed sequence goes on as if never stopped.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data.batches import Batches
from dni_np.errors import UserError


@given(n=st.integers(1, 60), data=st.data(), seed=st.integers(0, 2**32))
def test_an_epoch_draws_each_sample_at_most_once(n, data, seed):
    size = data.draw(st.integers(1, n))
    batches = Batches(n, size, np.random.default_rng(seed))
    for epoch in range(3):
        rows = np.concatenate([batches.next() for _ in range(n // size)])
        assert batches.epoch == epoch
        assert len(set(rows)) == len(rows) == n // size * size
        assert rows.min() >= 0 and rows.max() < n


@given(n=st.integers(2, 40), before=st.integers(0, 30), seed=st.integers(0, 2**32))
def test_resumed_equals_uninterrupted(n, before, seed):
    size = max(1, n // 3)
    whole = Batches(n, size, np.random.default_rng(seed))
    for _ in range(before):
        whole.next()
    rng = np.random.default_rng(0)
    rng.bit_generator.state = whole.rng.bit_generator.state
    resumed = Batches(n, size, np.random.default_rng(1))
    resumed.load_state(whole.state())
    resumed.rng = rng
    for _ in range(20):
        assert np.array_equal(whole.next(), resumed.next())
    assert whole.epoch == resumed.epoch


def test_epochs_are_shuffled_anew():
    batches = Batches(100, 100, np.random.default_rng(0))
    assert not np.array_equal(batches.next(), batches.next())


@pytest.mark.parametrize("size", [0, -1, 11, 2.0, "2", None])
def test_impossible_batch_sizes(size):
    with pytest.raises(
        UserError, match="--batch-size must be a whole|a batch of 11 cannot be drawn from 10"
    ):
        Batches(10, size, np.random.default_rng(0))


def test_a_place_in_other_data_is_refused():
    saved = Batches(10, 2, np.random.default_rng(0)).state()
    with pytest.raises(UserError, match="trained on 10 samples, not on 12"):
        Batches(12, 2, np.random.default_rng(0)).load_state(saved)
