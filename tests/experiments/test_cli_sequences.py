"""The command line on sequences, end to end, on tiny networks and a small text."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.experiments.arguments import latest, main
from tests.experiments.sequences.small_runs import RULES

TINY = [
    "--units",
    "6",
    "--batch-size",
    "5",
    "--evaluate-every",
    "10",
    "--learning-rate",
    "0.01",
    "--quiet",
]
COPY = ["--recipe", "copy-quick", "--samples", "200", *TINY]
REPEAT = ["--recipe", "repeat-copy-quick", "--samples", "200", *TINY]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Runs go to a fresh folder; in it a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rhyme.txt").write_text(
        "one two three four five, once I caught a fish alive;\n" * 20
    )


CHARACTERS = ["--recipe", "characters-quick", "--data", "rhyme.txt", "--steps", "30", *TINY]


def rows_of(path):
    return list(csv.DictReader(path.open()))


def test_the_overview_and_the_list_have_them(capsys):
    assert main([]) == 0 and main(["list"]) == 0
    out = capsys.readouterr().out
    words = (
        "repeat-copy",
        "characters",
        "sample",
        "bptt",
        "dni-aux",
        "copy-paper",
        "2500000 steps",
        "samples",
        "7e-05",
    )
    assert [word for word in words if word not in out] == []


@pytest.mark.parametrize("command", ["copy", "repeat-copy", "characters", "sample"])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"example: python -m dni_np {command}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("command, options", [("copy", COPY), ("repeat-copy", REPEAT)])
def test_a_copy_run_leaves_everything(command, options, rule, tmp_path, capsys):
    assert main([command, "--rule", rule, "--unroll", "3", "--out", "run", *options]) == 0
    out = capsys.readouterr().out
    size = r"1 x 1|0 x 0" if command == "repeat-copy" else r"1|0"
    assert (
        re.search(rf"{rule}-T3 .* 1 +200 +({size}) +[04]\.0 ", out)
        and "Everything is in run/" in out
    )
    run = tmp_path / "run" / f"{rule}-T3-seed0"
    assert {path.name for path in run.iterdir()} == {
        "checkpoint.npz",
        "history.csv",
        "history.jsonl",
        "curves.png",
    }
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    last = rows_of(run / "history.csv")[-1]
    assert last["samples"] == "200" and {"N", "R", "span", "bits", "solved_span"} <= set(last)
    assert ("gradient_loss" in last) == (rule not in ("bptt", "full"))
    assert ("foresight_loss" in last) == (rule == "dni-aux")


def test_characters_and_a_sample_of_their_text(tmp_path, capsys):
    assert main(["characters", "--rule", "dni", "--out", "run", *CHARACTERS]) == 0
    assert "valid bits/char  test bits/char" in capsys.readouterr().out
    last = rows_of(tmp_path / "run" / "dni-T8-seed0" / "history.csv")[-1]
    assert last["step"] == "30" and float(last["test_bits"]) > 0
    texts = []
    for seed in ("3", "3", "4"):
        command = [
            "sample",
            "run",
            "--characters",
            "50",
            "--temperature",
            "0.8",
            "--start",
            "fish",
            "--seed",
            seed,
        ]
        assert main(command) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("fish") and len(texts[0]) == 4 + 50 + 1


def test_early_stopping_ends_a_run(tmp_path):
    stubborn = ["--patience", "2", "--learning-rate", "1e-20"]
    assert (
        main(
            [
                "characters",
                "--rule",
                "bptt",
                "--out",
                "run",
                *CHARACTERS,
                "--steps",
                "500",
                *stubborn,
            ]
        )
        == 0
    )
    assert [row["step"] for row in rows_of(tmp_path / "run" / "bptt-T8-seed0" / "history.csv")] == [
        "10",
        "20",
        "30",
    ]


@pytest.mark.parametrize("options", [COPY, CHARACTERS], ids=["copy", "characters"])
def test_compare_covers_rules_unrolls_and_seeds(options, tmp_path):
    arguments = [
        "compare",
        "--rules",
        "bptt",
        "dni",
        "--unroll",
        "2",
        "3",
        "--seed",
        "0",
        "1",
        "--out",
        "run",
    ]
    assert main([*arguments, *options]) == 0
    rows = rows_of(tmp_path / "run" / "summary.csv")
    assert [row["run"] for row in rows] == ["bptt-T2", "bptt-T3", "dni-T2", "dni-T3"]
    assert all(row["seeds"] == "2" for row in rows)
    column = "span" if options is COPY else "test bits/char"
    assert all("±" in row[column] for row in rows)
    figures = {path.name for path in (tmp_path / "run").glob("*.png")}
    assert figures == {"comparison.png"} | ({"places.png"} if options is COPY else set())
    assert (tmp_path / "run" / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_compare_takes_all_rules_of_the_task(tmp_path):
    assert main(["compare", *COPY, "--samples", "10", "--out", "run"]) == 0
    assert [row["run"] for row in rows_of(tmp_path / "run" / "summary.csv")] == [
        "bptt-T3",
        "dni-T3",
        "dni-aux-T3",
        "cdni-T3",
    ]


def test_a_run_that_diverges_does_not_take_the_others_along(tmp_path, capsys):
    arguments = [
        "compare",
        "--rules",
        "bptt",
        "dni",
        "--sg-learning-rate",
        "1e38",
        "--scale",
        "1",
        "--out",
        "run",
    ]
    with np.errstate(all="ignore"):
        assert main([*arguments, *COPY]) == 0
    rows = {row["run"]: row for row in rows_of(tmp_path / "run" / "summary.csv")}
    assert rows["dni-T3"]["seeds"] == "0 (1 diverged)" and rows["dni-T3"]["span"] == ""
    assert rows["bptt-T3"]["seeds"] == "1" and rows["bptt-T3"]["samples"] == "200"
    assert "dni-T3-seed0: training diverged" in capsys.readouterr().out


def test_switches_reach_the_plan(tmp_path):
    arguments = [
        "copy",
        "--no-scaled-target",
        "--error-into-core",
        "--scale",
        "0.5",
        "--out",
        "run",
    ]
    assert main([*arguments, *COPY]) == 0
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())["plan"][0]
    assert (plan["scaled_target"], plan["error_into_core"], plan["scale"]) == (False, True, 0.5)


def test_samples_take_the_place_of_the_papers_steps(tmp_path):
    assert (
        main(
            [
                "copy",
                "--recipe",
                "copy-paper",
                "--samples",
                "10",
                "--units",
                "4",
                "--out",
                "run",
                "--quiet",
            ]
        )
        == 0
    )
    assert (
        rows_of(tmp_path / "run" / "dni-T3-seed0" / "history.csv")[-1]["samples"] == "256"
    )  # one batch


def test_epochs_take_the_place_of_steps(tmp_path):
    """Whatever the length of its chunks, a run reads the text as often:

    in twice as many updates for half as long ones.
    """
    text = tmp_path / "rhyme.txt"
    text.write_text("one two three four five, once I caught a fish alive;\n" * 40)
    arguments = [
        "compare",
        "--recipe",
        "characters-quick",
        "--rules",
        "bptt",
        "--unroll",
        "4",
        "8",
        "--epochs",
        "2",
    ]
    assert main([*arguments, "--data", str(text), "--units", "4", "--out", "run", "--quiet"]) == 0
    rows = {T: rows_of(tmp_path / "run" / f"bptt-T{T}-seed0" / "history.csv")[-1] for T in (4, 8)}
    assert rows[4]["epoch"] == rows[8]["epoch"] == "2"
    assert int(rows[4]["step"]) == pytest.approx(2 * int(rows[8]["step"]), abs=2)


@pytest.mark.parametrize("command", ["copy", "characters"])
def test_interrupted_run_resumes_and_equals_an_uninterrupted_one(command, tmp_path):
    length = ["--samples", "5000"] if command == "copy" else ["--steps", "2000"]
    arguments = [
        command,
        *(COPY if command == "copy" else CHARACTERS),
        *length,
        "--evaluate-every",
        "100",
    ]
    repository = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": repository}
    start = [sys.executable, "-m", "dni_np", *latest(arguments), "--out", "parts"]
    process = subprocess.Popen(start, env=environment, stdout=subprocess.PIPE, text=True)
    run = f"dni-T{3 if command == 'copy' else 8}-seed0"
    while not (tmp_path / "parts" / run / "history.csv").exists():  # training has begun
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"continue with: python -m dni_np {command} --resume parts" in out
    assert main([command, "--resume", "parts", "--quiet"]) == 0
    assert main([*arguments, "--out", "whole"]) == 0

    def rows(name):
        lines = (tmp_path / name / run / "history.jsonl").read_text().splitlines()
        return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]

    assert rows("parts") == rows("whole")


MISTAKES = {
    "recipe of another task": (["copy", "--recipe", "characters"], "for characters, not for copy"),
    "rule of images": (
        ["compare", *COPY, "--rules", "local"],
        "for copy there is no rule local: choose among bptt, full, dni, dni-aux, cdni, dni-trace",
    ),
    "rule of sequences": (
        ["compare", "--recipe", "addition", "--rules", "bptt"],
        "for addition there is no rule bptt",
    ),
    "labels without cdni": (
        ["copy", "--rule", "dni", "--look-ahead", "3"],
        "--look-ahead is for the rule cdni: leave it out",
    ),
    "no labels": (
        ["copy", "--rule", "cdni", "--look-ahead", "0"],
        "--look-ahead is 0: it must be from 1 to 10000",
    ),
    "option of images": (
        ["compare", *COPY, "--layers", "3"],
        "copy is an experiment on sequences: leave out --layers",
    ),
    "option of sequences": (
        ["compare", "--unroll", "3"],
        "mnist is an experiment on images: leave out --unroll",
    ),
    "switch of sequences": (
        ["compare", "--no-scaled-target"],
        "experiment on images: leave out --scaled-target",
    ),
    "data for copy": (
        ["copy", "--data", "rhyme.txt"],
        "--data is for characters: leave it out",
    ),
    "samples of a text": (
        ["characters", "--samples", "9"],
        "--samples is for copy, repeat-copy: leave it out",
    ),
    "missing text": (
        ["characters", "--data", "no.txt"],
        "no.txt is neither library, shakespeare nor a file or folder",
    ),
    "too many streams": (
        ["characters", *CHARACTERS, "--batch-size", "5000"],
        "5000 streams cannot be cut from a text",
    ),
    "no end": (
        ["copy", *COPY, "--samples", "0"],
        "--steps is 0: it must be at least 1 where --samples does not end",
    ),
    "unroll": (["copy", *COPY, "--unroll", "2", "0"], "--unroll is 0: it must be from 1 to 10000"),
    "the same twice": (["copy", *COPY, "--unroll", "2", "2"], "asked for twice: dni-T2-seed0"),
    "resume with changes": (
        ["copy", "--resume", "x", "--no-error-into-core"],
        "leave out --error-into-core",
    ),
    "too large": (
        ["copy", *COPY, "--units", "900000000"],
        "--units 900000000 does not fit into memory",
    ),
    "diverging": (
        ["copy", *COPY, "--sg-learning-rate", "1e38", "--scale", "1"],
        "diverged.*lower the learning rate",
    ),
    "sample of nothing": (["sample", "nowhere"], "there is no folder nowhere"),
    "sample with a bad start": (["sample", "there", "--start", "X"], "no character 'X'"),
    "sample too hot": (["sample", "there", "--temperature", "inf"], "--temperature is inf"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_sentence(mistake, capsys):
    arguments, message = MISTAKES[mistake]
    if "there" in arguments:
        assert main(["characters", "--out", "there", *CHARACTERS]) == 0
        capsys.readouterr()
    with np.errstate(all="ignore"):
        assert main(arguments) == 2
    out, err = capsys.readouterr()
    sentence = err.splitlines()[-1]  # after a progress bar, perhaps
    assert sentence.startswith("dni_np: ") and "Traceback" not in err
    assert re.search(message, sentence) and out.count("\n") == 0


def test_a_changed_text_is_not_resumed(tmp_path, capsys):
    assert main(["characters", "--out", "mine", *CHARACTERS]) == 0
    (tmp_path / "rhyme.txt").write_text(
        "one two three four five, once I caught a whale alive;\n" * 20
    )
    assert main(["characters", "--resume", "mine", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "the text rhyme.txt has changed since this run began" in err
