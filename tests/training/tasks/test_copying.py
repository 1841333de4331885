"""Copy as a task:

chunks of episodes, one look at each episode's bits, stopped anywhere and resumed.
"""

import json
import math

import numpy as np
import pytest

from dni_np.data.curriculum import Curriculum
from dni_np.training.tasks.copying import Copying
from tests.training.tasks.one_step import one_step


class Recorder:
    """A rule that notes what it is given; its loss is `nats` for each scored symbol of a sample."""

    def __init__(self, nats=0.01):
        self.nats, self.seen = nats, []

    def step(self, x, y, mask, first, last):
        self.seen.append((x, y, mask, first, last))
        return {"loss": np.float32(self.nats * mask.sum() / mask.shape[1])}


def task(name="copy", unroll=3, samples=0, seed=0, **options):
    return Copying(Curriculum(name, **options), 4, unroll, np.random.default_rng(seed), samples)


@pytest.mark.parametrize(
    "unroll, lengths", [(1, [1] * 8), (3, [3, 3, 2]), (8, [8]), (20, [8]), (math.inf, [8])]
)
def test_chunks_make_up_the_episode(unroll, lengths):
    copying, rule = task(unroll=unroll, n_symbols=3), Recorder()  # 3 symbols: 8 steps
    for _ in lengths:
        one_step(copying, rule)
    assert [len(x) for x, *_ in rule.seen] == lengths
    assert [first for *_, first, _ in rule.seen] == [True] + [False] * (len(lengths) - 1)
    assert [last for *_, last in rule.seen] == [False] * (len(lengths) - 1) + [True]
    drawn = Curriculum("copy", n_symbols=3).next(4, np.random.default_rng(0))
    for i, whole in enumerate(drawn):
        assert np.array_equal(np.concatenate([seen[i] for seen in rule.seen]), whole)


@pytest.mark.parametrize("name", ["copy", "repeat copy"])
@pytest.mark.parametrize("unroll", [1, 3, 50])
def test_the_curriculum_receives_the_bits_of_whole_episodes(name, unroll):
    copying, rule = task(name, unroll), Recorder(nats=0.1 * math.log(2))
    while copying.curriculum.level < 3:
        one_step(copying, rule)
    assert (
        copying.curriculum.samples == 3 * 10 * 4
    )  # ten episodes at least, below the threshold from the first on
    row = copying.measure(rule)
    assert row["bits"] == pytest.approx(0.1, rel=1e-5)
    sizes = {"copy": [(3, 1, 6), (4, 1, 7)], "repeat copy": [(2, 2, 7), (3, 2, 9)]}[name]
    assert [
        (row["solved_N"], row["solved_R"], row["solved_span"]),
        (row["N"], row["R"], row["span"]),
    ] == sizes
    assert "bits" not in copying.measure(rule)  # none has ended since


def test_it_has_seen_enough_at_the_end_of_an_episode():
    copying, rule = task(unroll=3, samples=9), Recorder(nats=9.0)
    while not copying.finished:
        one_step(copying, rule)
    assert copying.curriculum.samples == 12 and rule.seen[-1][-1]
    assert len(rule.seen) == 3 * 2  # three episodes of 4 steps
    endless = task(samples=0)
    one_step(endless, rule)
    assert not endless.finished


def test_every_unroll_sees_the_same_samples():
    counts = []
    for unroll in (1, 2, 5):
        copying = task(unroll=unroll, samples=100)
        while not copying.finished:
            one_step(copying, Recorder())
        counts.append(copying.curriculum.samples)
    assert counts == [100, 100, 100]


@pytest.mark.parametrize("stop_at", [1, 2, 3, 7, 20])
def test_resumed_within_an_episode(stop_at):
    """Episode, place, sums, curriculum: all are in the state, through JSON."""
    whole, parts = (task("repeat copy", unroll=2, n_symbols=3, repeats=2) for _ in range(2))
    expected, rule = Recorder(), Recorder()
    for _ in range(40):
        one_step(whole, expected)
    for _ in range(stop_at):
        one_step(parts, rule)
    arrays, place = parts.state()
    resumed = task("repeat copy", unroll=2, n_symbols=3, repeats=2)
    resumed.load_state(arrays, json.loads(json.dumps(place)))
    resumed.rng.bit_generator.state = parts.rng.bit_generator.state  # the loop's part
    for _ in range(40 - stop_at):
        one_step(resumed, rule)
    for one, other in zip(expected.seen, rule.seen, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert resumed.measure(rule) == whole.measure(expected)
    assert resumed.curriculum.state() == whole.curriculum.state()
