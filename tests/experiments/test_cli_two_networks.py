"""The command two-clocks, end to end, on tiny networks and the small digits."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dni_np.experiments.folder import load_plan
from dni_np.experiments.two_networks.settings import TwoNetworksSettings
from tests.experiments.arguments import latest, main
from tests.experiments.two_networks import small_runs

TINY = [
    "--units",
    "6",
    "--batch-size",
    "5",
    "--steps",
    "20",
    "--evaluate-every",
    "10",
    "--data",
    "digits",
    "--quiet",
]
QUICK = ["--recipe", "two-clocks-quick", "--unroll", "2", *TINY]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Runs go to a fresh folder."""
    monkeypatch.chdir(tmp_path)


def rows_of(path):
    return list(csv.DictReader(path.open()))


def test_the_overview_and_the_list_have_them(capsys):
    assert main([]) == 0 and main(["list"]) == 0
    out = capsys.readouterr().out
    words = (
        "two-clocks",
        "rules for two networks",
        "locked",
        "decoupled",
        "two-clocks-quick",
        "two-clocks-paper",
    )
    assert [word for word in words if word not in out] == []


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["two-clocks", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert stop.value.code == 0
    assert (
        "example: python -m dni_np two-clocks" in out
        and "default: decoupled" in out
        and "--factor" in out
    )


@pytest.mark.parametrize("rule", small_runs.RULES)
def test_a_run_leaves_everything(rule, tmp_path, capsys):
    assert main(["two-clocks", "--rule", rule, "--out", "run", *QUICK]) == 0
    out = capsys.readouterr().out
    assert (
        re.search(rf"{rule}-T2 +digits +1 +100 +\d+\.\d\d +\d+\.\d\d ", out)
        and "Everything is in run/" in out
    )
    assert "NOTE: scikit-learn's digits" in out
    run = tmp_path / "run" / f"{rule}-T2-seed0"
    assert {path.name for path in run.iterdir()} == {
        "checkpoint.npz",
        "history.csv",
        "history.jsonl",
        "curves.png",
    }
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    rows = rows_of(run / "history.csv")
    assert [row["streams"] for row in rows] == ["50", "100"]
    assert {
        "test_odd_error",
        "test_threes_error",
        "test_odd_loss",
        "odd_loss",
        "threes_loss",
    } <= set(rows[0])
    assert ("cosine" in rows[0] and "gradient_loss" in rows[0]) == (rule != "locked")


def test_compare_covers_rules_unrolls_and_seeds(tmp_path):
    arguments = [
        "compare",
        *QUICK,
        "--unroll",
        "1",
        "2",
        "--ticks",
        "3",
        "--seed",
        "0",
        "1",
        "--out",
        "run",
    ]
    assert main(arguments) == 0
    rows = rows_of(tmp_path / "run" / "summary.csv")
    names = [f"{rule}-T{T}-ticks3" for rule in small_runs.RULES for T in (1, 2)]
    assert [row["run"] for row in rows] == names and {row["seeds"] for row in rows} == {"2"}
    assert all(re.fullmatch(r"\d+\.\d\d ± \d+\.\d\d", row["B: threes, error %"]) for row in rows)
    assert all(
        (tmp_path / "run" / f"{name}-seed{seed}").is_dir() for name in names for seed in (0, 1)
    )
    assert (tmp_path / "run" / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_options_reach_the_settings(tmp_path):
    options = [
        "--rules",
        "decoupled",
        "--factor",
        "2",
        "--sg-learning-rate",
        "0.5",
        "--learning-rate",
        "0.1",
    ]
    assert (
        main(
            [
                "compare",
                "--out",
                "run",
                *QUICK,
                *options,
                "--decay-at",
                "0.5",
                "0.9",
                "--hidden",
                "0",
                "--seed",
                "3",
            ]
        )
        == 0
    )
    (settings,) = load_plan(tmp_path / "run")[1]
    assert settings == TwoNetworksSettings(
        data="digits", unroll=2, units=6, batch_size=5, steps=20, evaluate_every=10, seed=3,
        hidden=(), factor=2.0, sg_learning_rate=0.5, learning_rate=0.1, decay_at=(0.5, 0.9),
    )  # fmt: skip


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path):
    arguments = ["two-clocks", *QUICK, "--steps", "600"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-m", "dni_np", *latest(arguments), "--out", "parts"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    run = "decoupled-T2-seed0"
    while not (tmp_path / "parts" / run / "history.csv").exists():  # training has begun
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "continue with: python -m dni_np two-clocks --resume parts" in out
    assert main(["two-clocks", "--resume", "parts", "--quiet"]) == 0
    assert main([*arguments, "--out", "whole"]) == 0

    def rows(name):
        lines = (tmp_path / name / run / "history.jsonl").read_text().splitlines()
        return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]

    assert len(rows("whole")) == 60 and rows("parts") == rows("whole")


CLOCKS = ["--recipe", "two-clocks-quick"]
MISTAKES = {
    "recipe of another task": (
        ["two-clocks", "--recipe", "copy"],
        "the recipe is for copy, not for two-clocks",
    ),
    "rule of images": (
        ["compare", *CLOCKS, "--rules", "cdni"],
        "for two-clocks there is no rule cdni: choose among locked, decoupled",
    ),
    "rule of two clocks": (["compare", "--rules", "locked"], "for mnist there is no rule locked"),
    "option of images": (
        ["compare", *CLOCKS, "--layers", "3"],
        "an experiment on two networks: leave out --layers",
    ),
    "option of sequences": (
        ["compare", *CLOCKS, "--samples", "3"],
        "an experiment on two networks: leave out --samples",
    ),
    "option of two clocks": (
        ["compare", "--factor", "3"],
        "mnist is an experiment on images: leave out --factor",
    ),
    "ticks of a sequence": (
        ["compare", "--recipe", "copy", "--ticks", "3"],
        "on sequences: leave out --ticks",
    ),
    "unroll": (["two-clocks", *QUICK, "--unroll", "0"], "--unroll is 0: it must be from 1 to 1000"),
    "the same twice": (
        ["two-clocks", *QUICK, "--unroll", "2", "2"],
        "asked for twice: decoupled-T2-seed0",
    ),
    "strange data": (
        ["two-clocks", *QUICK, "--data", "nowhere"],
        "--data nowhere is neither mnist, cifar10, digits",
    ),
    "resume with changes": (["two-clocks", "--resume", "x", "--factor", "1"], "leave out --factor"),
    "too large": (
        ["two-clocks", *QUICK, "--units", "900000000"],
        "--units 900000000 does not fit into memory",
    ),
    "diverging": (
        ["two-clocks", *QUICK, "--learning-rate", "1e38"],
        "diverged.*lower the learning rate",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_sentence(mistake, capsys):
    arguments, message = MISTAKES[mistake]
    with np.errstate(all="ignore"):
        assert main(arguments) == 2
    err = capsys.readouterr().err
    assert re.search(message, err.splitlines()[-1]) and "Traceback" not in err
    assert err.splitlines()[-1].startswith("dni_np: ")
