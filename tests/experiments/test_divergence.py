"""Runs with absurd rates are reported as diverged; others go on; no nan in a table, no warning."""

import csv
import json
from pathlib import Path

import pytest

from dni_np.errors import Diverged
from dni_np.experiments.cli import main
from dni_np.experiments.feedforward.rules import RULES
from dni_np.training.history import History
from dni_np.training.loop import Loop


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate", ["1e4", "1e30"])
def test_absurd_rates_under_every_rule(rate, capsys):
    arguments = [
        "compare",
        "--recipe",
        "mnist-fcn-quick",
        "--rules",
        "all",
        "--data",
        "digits",
        "--optimizer",
        "sgd",
    ]
    arguments += [
        "--learning-rate",
        rate,
        "--sg-learning-rate",
        rate,
        "--steps",
        "20",
        "--batch-size",
        "32",
    ]
    arguments += ["--width", "16", "--hidden", "8", "--quiet", "--out", "mine"]
    assert main(arguments) == 0
    summary = Path("mine/summary.csv").read_text()
    rows = {
        row["run"].split("-3")[0].split("-0")[0]: row
        for row in csv.DictReader(summary.splitlines())
    }
    assert len(rows) == len(RULES)
    lost = [rule for rule, row in rows.items() if row["seeds"] == "0 (1 diverged)"]
    assert len(lost) >= 5 and all(rows[rule]["test error %"] == "" for rule in lost)
    assert "none" not in lost or rate == "1e30"
    out = capsys.readouterr().out
    assert out.count(": training diverged before step ") == len(lost)
    assert "nan" not in out[out.index("run  ") :] and "nan" not in summary


def test_a_guess_that_diverges_is_reported_though_the_loss_is_finite():
    loop = Loop(None, None, None, steps=1, evaluate_every=1)
    with pytest.raises(
        Diverged, match=r"before step 0 \(the mean gradient_loss is inf\): lower the learning rate"
    ):
        loop._check({"loss": 1.0, "gradient_loss": float("inf")})


def test_histories_hold_no_nan(tmp_path):
    History([{"step": 1, "cosine_1": float("nan"), "l2_1": float("inf"), "loss": 0.5}]).save(
        tmp_path
    )
    assert (tmp_path / "history.csv").read_text() == "step,cosine_1,l2_1,loss\n1,,,0.5\n"
    line = (tmp_path / "history.jsonl").read_text()
    assert json.loads(line, parse_constant=pytest.fail) == {
        "step": 1,
        "cosine_1": None,
        "l2_1": None,
        "loss": 0.5,
    }


def test_a_last_step_that_ruins_the_network_is_reported(capsys):
    """The only loss was taken before it, and is finite."""
    arguments = ["addition", "--rule", "backprop", "--optimizer", "sgd", "--steps", "1"]
    assert main([*arguments, "--learning-rate", "1e300", "--quiet", "--out", "mine"]) != 0
    printed = capsys.readouterr()
    assert "training diverged before step 1 (core/0.0.W is no longer finite)" in printed.err
    assert not Path("mine/checkpoint.npz").exists()
