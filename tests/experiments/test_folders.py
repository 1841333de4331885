"""A run's folder: deleted meanwhile, used twice at once, and what killed programs leave in it."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dni_np.experiments import folder
from dni_np.experiments.cli import main
from dni_np.training.loop import Loop
from dni_np.training.one_at_a_time import alone_with
from tests.experiments.arguments import latest

RUN = [
    "addition",
    "--quiet",
    "--examples",
    "50",
    "--steps",
    "30",
    "--bits",
    "8",
    "--widths",
    "6",
    "4",
    "--batch-size",
    "5",
]
ROOT = str(Path(__file__).resolve().parents[2])


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig", lambda *arguments, **options: None
    )  # they take time


def arrays_of(folder):
    with np.load(next(Path(folder).rglob("checkpoint.npz"))) as file:
        return {name: file[name] for name in file.files if name.startswith(("rule/", "task/"))}


def assert_same_end(one, other):
    a, b = arrays_of(one), arrays_of(other)
    assert a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("stop", [False, True])
def test_a_folder_that_is_deleted_during_a_run_is_there_again(stop, capsys, monkeypatch):
    one_step, run = Loop._one_step, Loop.run

    def step(loop):
        one_step(loop)
        if loop.step == 15:
            shutil.rmtree("mine")

    def stopped(loop):
        while loop.step < 20:
            step(loop)
        loop.save()
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_one_step", step)
        patch.setattr(Loop, "run", stopped if stop else run)
        assert main([*RUN, "--out", "mine"]) == (130 if stop else 0)
    assert "NOTE: mine was deleted during the run, and is there again" in capsys.readouterr().out
    assert main(["addition", "--quiet", "--resume", "mine"]) == 0
    assert main([*RUN, "--out", "whole"]) == 0
    assert_same_end("mine", "whole")


def test_two_runs_at_once_in_one_folder_are_refused(capsys):
    assert main([*RUN, "--out", "mine"]) == 0
    with alone_with(Path("mine/plan.json")):
        part = Path("mine/plan.json-abcd1234.part")
        part.touch()
        assert main(["addition", "--quiet", "--resume", "mine"]) == 2
        assert part.exists()  # it may be the other one's
    assert (
        "another run is at work in mine: wait for it, or choose another --out"
        in capsys.readouterr().err
    )
    assert main(["addition", "--quiet", "--resume", "mine"]) == 0
    assert not part.exists()


def test_what_killed_programs_left_behind_is_removed_and_nothing_else():
    assert main([*RUN, "--out", "mine"]) == 0
    run = Path("mine/cdni-3-seed0")
    left = [
        run / "checkpoint.npz-abcd1234.part",
        run / "history.jsonlx_y2z3w4.part",
        Path("mine/summary.txt-aaaaaaaa.part"),
    ]
    mine = [run / "notes.part", run / "checkpoint.npz.part", Path("mine/my.npz")]
    for path in (*left, *mine):
        path.touch()
    assert main(["addition", "--quiet", "--resume", "mine"]) == 0
    assert [path for path in left if path.exists()] == [] and all(path.exists() for path in mine)


def test_new_folders_are_made_at_once():
    """Two programs that start together do not choose the same."""
    folders = [folder.new_folder("a") for _ in range(3)]
    assert folders == [Path("runs/a"), Path("runs/a-2"), Path("runs/a-3")]
    assert all(folder.is_dir() for folder in folders)


@pytest.mark.parametrize("place", ["runs", "mine"])
def test_a_file_in_the_folders_place(place, capsys):
    Path(place).touch()
    assert main([*RUN, *([] if place == "runs" else ["--out", place])]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and f"{place}/" in err and Path(place).is_file()


def test_a_checkpoint_that_is_a_folder(capsys):
    assert main([*RUN, "--out", "mine"]) == 0
    path = next(Path("mine").rglob("checkpoint.npz"))
    path.unlink()
    path.mkdir()
    assert main(["addition", "--quiet", "--resume", "mine"]) == 2
    assert "checkpoint.npz cannot be read (Is a directory): restore it" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_nothing_had_been():
    size = [
        "--steps",
        "400",
        "--checkpoint-every",
        "1",
        "--evaluate-every",
        "50",
        "--decay-at",
        "0.6",
    ]
    assert main(latest([*RUN, *size, "--out", "whole"])) == 0
    environment = {**os.environ, "PYTHONPATH": ROOT, "OPENBLAS_NUM_THREADS": "1"}
    rng, commands = random.Random(0), latest([*RUN, *size, "--out", "parts"])
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-m", "dni_np", *commands], env=environment, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and not list(Path("parts").rglob("checkpoint.npz*")):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3) + (1 if "--resume" in commands else 0))
        process.kill()
        process.wait()
        commands = ["addition", "--quiet", "--resume", "parts"]
    assert main(commands) == 0
    assert_same_end("parts", "whole")
    assert list(Path("parts").rglob("*.part")) == []
