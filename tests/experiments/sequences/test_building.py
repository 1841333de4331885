"""Runs on sequences: they learn, they resume bit for bit, rules differ only where they should."""

import numpy as np
import pytest

from dni_np.errors import UserError
from dni_np.experiments.report import Group
from dni_np.experiments.sequences.recipes import RECIPES
from dni_np.experiments.sequences.report import columns, comparison_figures
from dni_np.experiments.sequences.rules import RULES as ALL_RULES
from dni_np.experiments.sequences.settings import TASKS, SequenceSettings
from dni_np.rules.recurrent.dni_aux import ErrorIntoCore, RecurrentDNIAux
from tests.experiments.sequences.small_runs import (
    ENDLESS,
    RULES,
    RUNNABLE,
    assert_same_run,
    finish,
    loop_of,
    small,
    variant,
)
from tests.interrupting import interrupt_after


def test_every_rule_is_tested_here():
    assert set(RULES) == set(ALL_RULES)


# Within an episode or epoch (but of full, whose chunks are episodes); at, before and after a
# measurement.
@pytest.mark.parametrize("task, name", RUNNABLE)
@pytest.mark.parametrize("stop_at", [1, 7, 11])
def test_resumed_equals_uninterrupted(stop_at, name, task, tmp_path, monkeypatch):
    settings = variant(task, name)
    whole = loop_of(settings)
    first = loop_of(settings, tmp_path)
    interrupt_after(first, stop_at, monkeypatch)
    inside = first.task.streams.position if task == "characters" else first.task.position
    assert inside > 0 or name == "full"
    second = loop_of(settings, tmp_path)
    second.resume()
    assert_same_run(finish(second), finish(whole))
    assert second.rng.bit_generator.state == whole.rng.bit_generator.state


@pytest.mark.parametrize("task", TASKS)
def test_resuming_a_finished_run_changes_nothing(task, tmp_path):
    loop = loop_of(small(task, "dni"), tmp_path)
    done = finish(loop)
    again = loop_of(small(task, "dni"), tmp_path)
    again.resume()
    assert_same_run(finish(again), done)


@pytest.mark.parametrize("rule", RULES)
def test_copy_is_learned(rule):
    rows = finish(
        loop_of(small("copy", rule, units=16, batch_size=16, samples=10_000, evaluate_every=100))
    )[0]
    assert rows[-1]["solved_span"] >= 4  # at least one level is solved
    assert rows[-1]["samples"] == 10_000


@pytest.mark.parametrize("rule", ENDLESS)
def test_characters_are_learned(rule):
    rows = finish(
        loop_of(small("characters", rule, units=16, unroll=5, steps=600, evaluate_every=100))
    )[0]
    assert rows[0]["valid_bits"] > 2.5 > 2.2 > rows[-1]["test_bits"]


def test_the_last_row_is_written_at_the_end():
    rows = finish(loop_of(small("copy", "bptt", samples=7, evaluate_every=100)))[0]
    assert len(rows) == 1 and rows[0]["samples"] == 10  # two episodes of 5


def test_a_run_ends_at_whatever_comes_first():
    assert finish(loop_of(small("copy", "bptt", steps=3, samples=50)))[0][-1]["step"] == 3
    assert finish(loop_of(small("copy", "bptt", steps=3000, samples=50)))[0][-1]["samples"] == 50
    stopped = finish(
        loop_of(small("characters", "bptt", learning_rate=1e-12, patience=1, steps=500))
    )[0]
    assert stopped[-1]["step"] < 500


def test_the_network_starts_the_same_under_every_rule():
    bptt, *others = (loop_of(small("copy", rule)).rule for rule in RULES)
    for rule in others:
        assert np.array_equal(rule.core.params["W"], bptt.core.params["W"])
        assert np.array_equal(rule.readout.params["W"], bptt.readout.params["W"])


def test_settings_reach_the_rule():
    settings = small(
        "copy", "dni", scale=0.5, scaled_target=False, error_into_core=True, sg_learning_rate=0.25
    )
    rule = loop_of(settings).rule
    assert type(rule) is ErrorIntoCore and rule.scale == 0.5 and not rule.scaled_target
    assert rule.guess_optimizer.learning_rate == 0.25 and rule.core_optimizer.learning_rate == 0.01
    assert loop_of(small("copy", "dni")).rule.guess_optimizer.learning_rate == 0.01  # 0: the same
    assert type(loop_of(small("copy", "dni-aux")).rule) is RecurrentDNIAux
    assert loop_of(small("copy", "cdni", look_ahead=5)).rule.look_ahead == 5


def test_the_papers_recipes():
    """Jaderberg et al. 2017, section D.2."""
    for name in ("copy-paper", "repeat-copy-paper"):
        settings = RECIPES[name].settings("dni")
        assert (settings.units, settings.batch_size, settings.learning_rate) == (256, 256, 7e-5)
        assert (settings.steps, settings.samples, settings.scale) == (2_500_000, 0, 0.1)
    settings = RECIPES["characters-paper"].settings("dni")
    assert (settings.units, settings.batch_size, settings.learning_rate) == (1024, 256, 7e-5)
    assert (settings.evaluate_every, settings.patience) == (5000, 1)


MISTAKES = {
    "rule": (
        {"rule": "backprop"},
        "--rule is backprop: it must be one of bptt, full, dni, dni-aux, cdni, dni-trace",
    ),
    "unroll": ({"unroll": 0}, "--unroll is 0: it must be from 1 to 10000"),
    "no end": (
        {"samples": 0},
        "--steps is 0: it must be at least 1 where --samples does not end the run",
    ),
    "no steps": (
        {"task": "characters"},
        "--steps is 0: it must be at least 1 where --epochs does not end the run",
    ),
    "epochs": ({"epochs": -1}, "--epochs is -1: it must be positive, or 0 for no limit"),
    "rate": ({"learning_rate": float("nan")}, "--learning-rate is nan: it must be a finite number"),
    "type": ({"scaled_target": "no"}, "--scaled-target is no: it must be true or false"),
    "patience": (
        {"patience": -1},
        "--patience is -1: it must be positive, or 0 to go on to the last step",
    ),
    "evaluate": ({"evaluate_every": 0}, "--evaluate-every is 0: it must be at least 1"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake):
    changes, message = MISTAKES[mistake]
    with pytest.raises(UserError, match=message):
        SequenceSettings(**{"samples": 10, **changes})


@pytest.mark.parametrize("rule", ["full", "dni-trace"])
def test_rules_that_learn_where_a_sequence_ends_are_refused_for_texts(rule):
    with pytest.raises(UserError, match=f"{rule} is for copy and repeat-copy, .* not for charac"):
        small("characters", rule)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"sg_optimizer": "rls", "hidden": (3,)}, "--hidden is 3: it must be 0 with --sg-opt"),
        ({"rule": "dni-trace", "hidden": (3,)}, "the rule dni-trace has no form with --hidden"),
        ({"rule": "dni-trace", "hidden": (), "shared_trace": True}, "--shared-trace is True"),
        ({"betas": (0.9,)}, "--betas is 0.9: it must be two numbers, at least 0 and below 1"),
        ({"betas": (0.9, 1.0)}, "--betas is 0.9 1.0: it must be two numbers"),
        ({"clip": -1.0}, "--clip is -1.0: it must be positive, or 0 for no clipping"),
        ({"sg_beta": 0.0}, "--sg-beta is 0.0: it must be above 0 and at most 1"),
        ({"trace_lambda": 1.5}, "--trace-lambda is 1.5: it must be from 0 to 1"),
    ],
)
def test_mistakes_of_guesses(changes, message):
    with pytest.raises(UserError, match=message):
        SequenceSettings(**{"samples": 10, **changes})


def test_a_whole_trace_with_a_window_wide_enough_is_the_same():
    runs = [finish(loop_of(small("copy", "dni-trace", window=n))) for n in (0, 50)]
    assert_same_run(*runs)


def test_full_backpropagation_is_truncated_with_chunks_as_long_as_sequences():
    runs = [finish(loop_of(small("copy", rule, unroll=50))) for rule in ("full", "bptt")]
    for row in runs[1][0]:
        del row["core_cosine"]
    assert_same_run(*runs)


def test_a_run_that_ended_before_places_were_measured_is_still_reported():
    settings = small("copy", "bptt")
    history = loop_of(settings).history
    rows = finish(loop_of(settings))[0]
    for row in rows:
        history.add({name: value for name, value in row.items() if not name.startswith("place_")})
    cells = columns(settings, [history.rows[-1]])
    assert cells["next level's worst place, bits"] == "-"
    groups = [Group(settings, [history], 0)] * 2
    assert set(comparison_figures(groups, "old")) == {"comparison.png", "places.png"}


def test_measured_beside_the_level():
    rows = finish(loop_of(small("copy", "bptt", unroll=50, samples=200)))[0]
    assert rows[-1]["core_cosine"] == pytest.approx(1, abs=1e-5)  # the chunk is the whole sequence
    places = [row for row in rows if f"place_{row['N']}" in row and "place_stop" in row]
    assert places == rows
    rows = finish(loop_of(small("repeat-copy", "dni-trace", samples=200)))[0]
    assert all(-1 <= row["core_cosine"] <= 1 for row in rows)
