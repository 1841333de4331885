"""A text as a task:

bits per character by hand, early stopping, the best network kept, resumed anywhere.
"""

import json
import math

import numpy as np
import pytest

from dni_np.data.text import make_text
from dni_np.errors import UserError
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from dni_np.training.tasks import characters
from dni_np.training.tasks.characters import Characters, parameters
from tests.training.tasks.one_step import one_step

TEXT = make_text("abc", "abcab" * 20, "abcabca" * 5, "bcabc" * 4)


def network(seed=0, rate=0.5):
    rng = np.random.default_rng(seed)
    core, readout = LSTM(3, 5, rng), TimeDistributed(Linear(5, 3, rng))
    return TruncatedBPTT(
        core, readout, MaskedSoftmaxCrossEntropy(), SGD(core, rate), SGD(readout, rate)
    )


def test_bits_by_hand(monkeypatch):
    """The streams of the text one after another, each from a fresh state, whatever the chunks."""
    rule, task = network(), Characters(TEXT, 2, 3)
    for streams, steps in ((1, 20), (4, 20), (4, 3), (4, 1)):
        monkeypatch.setattr(characters, "STREAMS", streams)
        monkeypatch.setattr(characters, "STEPS", steps)
        nats, length = 0.0, -(-34 // streams)
        for begin in range(0, 34, length):
            ids = TEXT.valid[begin : begin + length + 1].astype(int)
            h, _, _ = rule.core.forward(
                np.eye(3, dtype=np.float32)[ids[:-1], None], rule.core.initial_state(1)
            )
            logits = rule.readout.forward(h)[0][:, 0]
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            nats -= np.log(p[np.arange(len(p)), ids[1:]]).sum()
        assert task.bits_per_character(rule, TEXT.valid) == pytest.approx(
            nats / 34 / math.log(2), rel=1e-5
        )


def test_measuring_leaves_the_training_state_alone():
    one, other = network(), network()
    tasks = [Characters(TEXT, 4, 3) for _ in range(2)]
    for _ in range(5):
        one_step(tasks[0], one)
        one_step(tasks[1], other)
        tasks[1].measure(other)
    assert all(np.array_equal(one.state()[name], other.state()[name]) for name in one.state())


def test_streams_are_reset_where_they_begin_and_end():
    seen = []

    class Recorder:
        def step(self, x, y, mask, first, last):
            seen.append((first, last))
            return {"loss": np.float32(1)}

    task = Characters(TEXT, 9, 4)  # 99 predictions in 9 streams of 11: chunks of 4, 4, 3
    for _ in range(6):
        one_step(task, Recorder())
    assert seen == 2 * [(True, False), (False, False), (False, True)]


def scripted(monkeypatch, valid, patience):
    """Characters whose validation errors are `valid`, one a measurement; test errors are those plus
    1.
    """
    task, rule = Characters(TEXT, 4, 3, patience), network()
    errors = iter(valid)

    def bits(rule, ids):
        if ids is TEXT.test:
            return task.best + 1
        return next(errors)

    monkeypatch.setattr(task, "bits_per_character", bits)
    return task, rule


def test_early_stopping(monkeypatch):
    task, rule = scripted(monkeypatch, [3.0, 2.0, 2.5, 1.9, 1.9, 2.0, 2.1], patience=3)
    best, rows = None, []
    while not task.finished:
        one_step(task, rule)
        rows.append(task.measure(rule))
        if rows[-1]["valid_bits"] == 1.9 and best is None:
            best = parameters(rule)
    assert [row["valid_bits"] for row in rows] == [3.0, 2.0, 2.5, 1.9, 1.9, 2.0, 2.1]
    assert [row["best_valid_bits"] for row in rows] == [3.0, 2.0, 2.0, 1.9, 1.9, 1.9, 1.9]
    assert [row["test_bits"] for row in rows] == [4.0, 3.0, 3.0, 2.9, 2.9, 2.9, 2.9]
    kept, now = task.best_parameters, parameters(rule)
    assert kept.keys() == best.keys() == {"core/W", "core/b", "readout/W", "readout/b"}
    assert all(np.array_equal(kept[name], best[name]) for name in best)
    assert not any(np.array_equal(kept[name], now[name]) for name in now)  # training has gone on


@pytest.mark.parametrize("patience, measured", [(1, 2), (0, 4)])
def test_patience(patience, measured, monkeypatch):
    task, rule = scripted(monkeypatch, [2.0, 2.1, 2.2, 2.3], patience)
    rows = []
    while not task.finished and len(rows) < 4:
        rows.append(task.measure(rule))
    assert len(rows) == measured


def test_resumed_within_an_epoch():
    def rows_of(task, rule, n):
        return [(float(one_step(task, rule)["loss"]), task.measure(rule)) for _ in range(n)]

    whole = rows_of(Characters(TEXT, 9, 4), network(), 8)
    task, rule = Characters(TEXT, 9, 4), network()
    parts = rows_of(task, rule, 4)  # one chunk into the second epoch
    arrays, place = task.state()
    resumed, fresh = Characters(TEXT, 9, 4), network(seed=1)
    resumed.load_state(arrays, json.loads(json.dumps(place)))
    fresh.load_state(rule.state())
    assert parts + rows_of(resumed, fresh, 4) == whole
    for name, array in task.best_parameters.items():
        assert np.array_equal(arrays[f"best/{name}"], array)


def test_another_text_is_not_resumed():
    arrays, place = Characters(TEXT, 9, 4).state()
    Characters(TEXT, 9, 4).load_state(arrays, place)  # the same is
    renamed = make_text(
        "abd", *(string.replace("c", "d") for string in ("abcab" * 20, "abcabca" * 5, "bcabc" * 4))
    )
    turned = make_text("turned", "abcba" * 20, "abcabca" * 5, "bcabc" * 4)
    for other in (renamed, turned):
        with pytest.raises(UserError, match=f"the text {other.name} has changed"):
            Characters(other, 9, 4).load_state(arrays, place)
