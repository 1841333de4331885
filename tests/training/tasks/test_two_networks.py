"""Two clocks as a task: whole streams to learn from, errors on held-out ones, always the same."""

import json

import numpy as np
import pytest

from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.rules.two_networks.decoupled import Locked
from dni_np.training.tasks.two_networks import AT_ONCE, TwoNetworks
from tests.experiments.two_networks.small_runs import DIGITS
from tests.training.tasks.one_step import one_step

T, TICKS = 2, 3


def task(seed=0, batch=4, test_streams=30):
    return TwoNetworks(DIGITS, batch, T, TICKS, np.random.default_rng(seed), test_streams)


class Recorder:
    """A rule that notes what it is given."""

    def __init__(self):
        self.seen = []

    def step(self, chunks):
        self.seen.append(chunks)
        return {"loss": np.float32(1)}


class FixedAnswers(Locked):
    """A rule whose counts are off by `odd` for A and by `threes` for B in the first streams of
    every ten.
    """

    loss = SoftmaxCrossEntropy()

    def __init__(self, odd=0, threes=0):
        self.off = {"odd": odd, "threes": threes}

    def predict(self, chunks):
        def logits(name, count, classes):
            count = count.copy()
            count[: self.off[name]] = (count[: self.off[name]] + 1) % classes
            return np.eye(classes, dtype=np.float32)[count] * 100

        odd = [logits("odd", chunk.odd, T + 1) for chunk in chunks]
        return odd, logits("threes", chunks[-1].threes, T * TICKS + 1)


def test_a_step_is_a_whole_stream_of_pixels_in_0_to_1():
    clocks, rule = task(), Recorder()
    for _ in range(2):
        one_step(clocks, rule)
    for chunks in rule.seen:
        assert [(chunk.fresh, chunk.last) for chunk in chunks] == [
            (True, False),
            (False, False),
            (False, True),
        ]
        x = np.concatenate([chunk.x for chunk in chunks])
        assert x.shape == (T * TICKS, 4, 12) and x.dtype == np.float32
        assert 0.5 < x.max() <= 1 and x.min() >= 0
    rows = {tuple(row) for row in DIGITS.x_train.astype(np.float32) * np.float32(DIGITS.scale)}
    assert all(tuple(row) in rows for row in x.reshape(-1, 12))
    assert clocks.streams == 8


@pytest.mark.parametrize("odd, threes", [(0, 0), (3, 0), (0, 6), (30, 30)])
def test_errors_are_the_share_of_wrong_counts(odd, threes):
    row = task().measure(FixedAnswers(odd, threes))
    assert row["test_odd_error"] == pytest.approx(100 * odd / 30)
    assert row["test_threes_error"] == pytest.approx(100 * threes / 30)
    assert row["test_odd_loss"] == pytest.approx(
        100 * odd / 30, abs=1e-6
    )  # logits of 0 where 100 was due
    assert row["test_threes_loss"] == pytest.approx(100 * threes / 30, abs=1e-6)


def test_parts_of_the_test_streams_count_by_their_size():
    """Of AT_ONCE + 100 streams the first 10 of each part are wrong."""
    row = task(test_streams=AT_ONCE + 100).measure(FixedAnswers(threes=10))
    assert row["test_threes_error"] == pytest.approx(100 * 20 / (AT_ONCE + 100))


def test_every_run_is_asked_the_same_and_about_held_out_images():
    one, other = task(seed=0), task(seed=1, batch=9)
    assert sum(len(chunks[0].odd) for chunks in one.test) == 30
    held_out = {tuple(row) for row in DIGITS.x_test}
    for mine, yours in zip(one.test, other.test, strict=True):
        for a, b in zip(mine, yours, strict=True):
            assert (
                np.array_equal(a.x, b.x)
                and np.array_equal(a.odd, b.odd)
                and np.array_equal(a.threes, b.threes)
            )
            assert all(tuple(row) in held_out for row in a.x.reshape(-1, 12))


def test_measuring_draws_nothing_from_the_run():
    one, other = task(), task()
    one.measure(FixedAnswers())
    rules = Recorder(), Recorder()
    for clocks, rule in zip((one, other), rules):
        one_step(clocks, rule)
    assert np.array_equal(rules[0].seen[0][0].x, rules[1].seen[0][0].x)


def test_its_place_goes_through_json():
    clocks = task()
    one_step(clocks, Recorder())
    arrays, place = clocks.state()
    again = task()
    again.load_state(arrays, json.loads(json.dumps(place)))
    assert again.streams == 4 and again.state() == clocks.state()


def test_the_bar_shows_both_errors_and_the_pace():
    row = {"test_odd_error": 1.25, "test_threes_error": 20.0, "streams": 5000, "seconds": 2.5}
    assert task().shown(row) == {"A's odd": "1.25%", "B's threes": "20.00%", "streams/s": "2,000"}
