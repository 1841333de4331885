"""The training loop:

resumed equals uninterrupted, measuring changes nothing, divergence is reported.
"""

import json

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from dni_np.training.checkpoint import load_checkpoint, save_checkpoint
from tests.interrupting import interrupt_after

USUAL_RULES = [rule for rule in RULES if RULES[rule].usual]
NEWER = [rule for rule in RULES if rule not in USUAL_RULES]
TINY = {
    "width": 12,
    "steps": 30,
    "batch_size": 20,
    "evaluate_every": 10,
    "checkpoint_every": 7,
    "learning_rate": 1e-2,
}


@pytest.fixture
def dataset():
    """Ten noisy patterns of 6 x 6 pixels."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (10, 36))
    labels = rng.integers(0, 10, 240)
    images = np.clip(patterns[labels] + rng.normal(0, 60, (240, 36)), 0, 255).astype(np.uint8)
    return Dataset("patterns", images[:200], labels[:200], images[200:], labels[200:], 10)


def without_time(history):
    return [
        {name: value for name, value in row.items() if name != "seconds"} for row in history.rows
    ]


def settings_for(rule, **changes):
    hidden = (16,) if rule in ("dni", "critic", "unlock") else ()
    return Settings(
        rule=rule, sees=RULES[rule].sees or ("output",), hidden=hidden, **{**TINY, **changes}
    )


def equal_states(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("rule", RULES)
def test_training_learns_and_records(rule, dataset, tmp_path):
    loop = build_loop(settings_for(rule, steps=150), dataset, tmp_path, progress=False)
    assert loop.run()
    assert [row["step"] for row in loop.history.rows] == list(range(10, 151, 10))
    assert loop.history.rows[-1]["train_loss"] < 0.95 * loop.history.rows[0]["train_loss"]
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == loop.history.rows
    assert len((tmp_path / "history.csv").read_text().splitlines()) == len(lines) + 1


@pytest.mark.parametrize(
    "rule, stop_at",
    [
        *((r, n) for r in USUAL_RULES for n in (1, 10, 13, 29)),
        *((r, n) for r in NEWER for n in (13, 18)),
    ],  # 18: rates fall
)
def test_resumed_equals_uninterrupted(rule, stop_at, dataset, tmp_path, monkeypatch):
    whole = build_loop(settings_for(rule), dataset, tmp_path / "whole", progress=False)
    whole.run()

    first = build_loop(settings_for(rule), dataset, tmp_path / "parts", progress=False)
    interrupt_after(first, stop_at, monkeypatch)

    second = build_loop(settings_for(rule), dataset, tmp_path / "parts", progress=False)
    second.resume()
    assert second.step == stop_at
    assert second.run()
    assert without_time(second.history) == without_time(whole.history)
    assert equal_states(second.rule.state(), whole.rule.state())
    assert second.rng.bit_generator.state == whole.rng.bit_generator.state


@pytest.mark.parametrize("now, resumes", [(0.2, True), (0.5, False)])
def test_a_checkpoint_older_than_a_setting_had_its_default(now, resumes, dataset, tmp_path):
    build_loop(settings_for("cdni"), dataset, tmp_path, progress=False).run()
    arrays, meta = load_checkpoint(tmp_path / "checkpoint.npz")
    assert meta["config"].pop("update_probability") == 0.2
    save_checkpoint(tmp_path / "checkpoint.npz", arrays, meta)
    loop = build_loop(
        settings_for("cdni", update_probability=now), dataset, tmp_path, progress=False
    )
    if resumes:
        loop.resume()
        assert loop.finished
    else:
        with pytest.raises(UserError, match=r"other settings \(update_probability\)"):
            loop.resume()


def test_resuming_a_finished_run_changes_nothing(dataset, tmp_path):
    loop = build_loop(settings_for("cdni"), dataset, tmp_path, progress=False)
    loop.run()
    again = build_loop(settings_for("cdni"), dataset, tmp_path, progress=False)
    again.resume()
    assert again.run()
    assert again.history.rows == loop.history.rows
    assert equal_states(again.rule.state(), loop.rule.state())


def test_measuring_does_not_disturb_training(dataset):
    often = build_loop(settings_for("dni", evaluate_every=1), dataset, progress=False)
    rarely = build_loop(settings_for("dni", evaluate_every=30), dataset, progress=False)
    often.run(), rarely.run()
    assert len(often.history.rows) == 30
    assert equal_states(often.rule.state(), rarely.rule.state())


def test_gradient_measures_are_recorded_for_each_unit(dataset):
    loop = build_loop(settings_for("dni", layers=4), dataset, progress=False)
    loop.run()
    row = loop.history.rows[-1]
    for i in (1, 2, 3):
        assert -1 <= row[f"cosine_{i}"] <= 1
        assert 0 <= row[f"sign_{i}"] <= 1
        assert row[f"l2_{i}"] >= 0
        assert row[f"gradient_loss_{i}"] >= 0
    assert "cosine_4" not in row


def test_one_seed_one_run(dataset):
    runs = [
        build_loop(settings_for("cdni", seed=seed), dataset, progress=False) for seed in (3, 3, 4)
    ]
    for loop in runs:
        loop.run()
    states = [loop.rule.state() for loop in runs]
    assert equal_states(states[0], states[1])
    assert not equal_states(states[0], states[2])


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "backprop"])
def test_the_main_network_starts_the_same_under_every_rule(rule, dataset):
    backprop, other = (
        build_loop(settings_for(name), dataset, progress=False).rule for name in ("backprop", rule)
    )
    weights = [
        [to_numpy(value) for core in network.cores for value in core.params.values()]
        for network in (backprop, other)
    ]
    assert len(weights[0]) == 8
    for a, b in zip(*weights, strict=True):
        assert np.array_equal(a, b)


def test_divergence_is_one_sentence_with_advice(dataset):
    loop = build_loop(
        settings_for("backprop", optimizer="sgd", learning_rate=1e30), dataset, progress=False
    )
    with pytest.raises(UserError, match=r"diverged before step \d+.*--learning-rate"):
        loop.run()


def test_dtype_stays_float32(dataset):
    loop = build_loop(settings_for("dni"), dataset, progress=False)
    loop.run()
    for name, array in loop.rule.state().items():
        assert array.dtype == (np.int64 if name.endswith("steps") else np.float32), name


@pytest.mark.parametrize(
    "bad",
    [
        {"steps": 0},
        {"batch_size": 1},
        {"layers": 1},
        {"learning_rate": 0.0},
        {"rule": "magic"},
        {"decay_at": (2.0,)},
        {"lambdas": (1.1,)},
        {"lambdas": (-0.1, 0.5)},
        {"lambdas": ()},
        {"lambdas": (0.5, 0.5, 0.5)},  # two guesses
        {"lambdas": (0.5, 0.5), "cut_after": (1,)},  # one
        {"update_probability": 0.0},
        {"update_probability": 1.5},
        {"stale_decay": 1.0},
        {"stale_decay": -0.5},
        {"target_period": 0},
    ],
)
def test_impossible_settings_are_refused(bad):
    with pytest.raises(UserError, match="--" + next(iter(bad)).replace("_", "-")):
        Settings(**bad)


@pytest.mark.parametrize(
    "name, change", [("task/order", np.float64), ("rule/unit0/core/0.0.W", np.float64)]
)
def test_a_checkpoint_with_arrays_of_other_types_is_refused(dataset, tmp_path, name, change):
    """A whole file, with a right checksum, as a program that rewrites checkpoints makes it."""
    loop = build_loop(settings_for("cdni"), dataset, tmp_path, progress=False)
    loop.run()
    arrays, meta = load_checkpoint(tmp_path / "checkpoint.npz")
    assert name in arrays
    arrays[name] = arrays[name].astype(change)
    save_checkpoint(tmp_path / "checkpoint.npz", arrays, meta)
    with pytest.raises(UserError, match="the type of an array is wrong"):
        loop.resume()
