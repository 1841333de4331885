"""A run whose guesses have grown without bound, but not to infinity, says so at its end."""

import math

import pytest

from dni_np.experiments import grown_guesses
from dni_np.experiments.cli import main
from dni_np.experiments.grown_guesses import grown_note
from dni_np.training.history import History


def history(losses, name="gradient_loss"):
    return History({"step": 10 * i, name: loss} for i, loss in enumerate(losses, 1))


@pytest.mark.parametrize("name", ["gradient_loss", "gradient_loss_2"])
def test_grown(name):
    note = grown_note(history([5, 20, 30, 9, 40, 10, 1e9, 1e12], name), "dni-3")
    assert "the guesses of dni-3 have grown" in note and f"({name})" in note
    assert "since step 70 " in note and "in the end 1e+12" in note


def test_most_of_the_run_may_be_lost():
    assert "since step 70 " in grown_note(history([5, 20, 30, 9, 40, 10, *[1e12] * 10]), "run")


@pytest.mark.parametrize(
    "losses",
    [
        [],
        [1e-3, 1e9],
        [5, 20, 30, 9, 40, 1e12, 10],  # it came back
        [1e-3, 0.1, 1, 10, 50, 90, 90],
        [0.0] * 10,
        [math.nan] * 10,
        [0.1, 0.2, math.inf, math.nan, 0.1, 0.1, 0.1, 0.2],
    ],
)
def test_not_grown(losses):
    assert grown_note(history(losses), "run") is None


def test_rules_without_guesses():
    assert grown_note(history([1e-9] * 6 + [1e9], "train_loss"), "run") is None


def test_the_command_says_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grown_guesses, "FACTOR", 1e-6)  # so that the usual is grown
    line = "mnist --data digits --steps 8 --evaluate-every 1 --width 8 --batch-size 32 --quiet"
    assert main([*line.split(), "--rule", "cdni"]) == 0
    assert "NOTE: the guesses of cdni-3-seed0 have grown" in capsys.readouterr().out
    assert main([*line.split(), "--rule", "backprop"]) == 0
    assert "have grown" not in capsys.readouterr().out
