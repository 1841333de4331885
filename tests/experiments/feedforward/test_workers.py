"""The command with several workers: the same run, wherever it is interrupted, and by whatever."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dni_np.training.checkpoint import load_checkpoint
from dni_np.training.loop import Loop
from tests.experiments.arguments import latest, main
from tests.parallel.shared_memory import assert_none_stays, names

ROOT = str(Path(__file__).resolve().parents[3])
QUICK = [
    "--data",
    "digits",
    "--layers",
    "4",
    "--width",
    "16",
    "--steps",
    "40",
    "--batch-size",
    "32",
    "--quiet",
]
CNN = "--recipe mnist-cnn-quick --layers 3 --width 4 --steps 10".split()
QUICK += ["--evaluate-every", "20", "--checkpoint-every", "10"]


def run(out, *more, task="mnist"):
    arguments = QUICK if task == "mnist" else QUICK[QUICK.index("--steps") :]
    assert main([task, *arguments, "--out", str(out), *more]) == 0
    return content(out)


def content(out):
    """(the arrays of the only run's checkpoint, its history without the seconds)."""
    (path,) = Path(out).glob("*/checkpoint.npz")
    arrays, meta = load_checkpoint(path)
    for row in meta["history"]:
        del row["seconds"]
    return arrays, meta["history"]


def assert_same(found, wanted):
    assert found[0].keys() == wanted[0].keys() and found[1] == wanted[1] != []
    for name, array in wanted[0].items():
        np.testing.assert_array_equal(found[0][name], array, err_msg=name)


@pytest.mark.parametrize(
    "more",
    [
        ["--rule", "dni", "--hidden", "8"],
        ["--rule", "cdni", "--sees", "output", "input"],
        ["--rule", "cdni", "--head", "synthetic", "--cut-after", "1", "3"],
        ["--rule", "unlock", "--hidden", "8"],
        ["--rule", "local"],
        ["--rule", "none"],
        ["--rule", "cdni", *CNN],
        ["--rule", "dni", *CNN, "--guess", "dense"],
    ],
    ids=lambda more: "-".join(more[1:4]),
)
def test_the_same_run(tmp_path, more):
    for workers in ("1", "2"):
        several = ["--engine", "threads"] if workers == "2" else []
        out = ["--out", str(tmp_path / workers), "--workers", workers, *several]
        assert main(["mnist", *QUICK, *more, *out]) == 0
    assert_same(content(tmp_path / "2"), content(tmp_path / "1"))
    assert {path.name for path in (tmp_path / "2").iterdir()} == {
        path.name for path in (tmp_path / "1").iterdir()
    }


def test_sums(tmp_path):
    one, two = tmp_path / "1", tmp_path / "2"
    more = ["--recipe", "addition-quick", "--examples", "60"]
    wanted = run(one, *more, task="addition")
    assert_same(run(two, *more, "--workers", "3", "--engine", "threads", task="addition"), wanted)


def test_by_processes_with_a_given_split(tmp_path, capsys):
    wanted = run(tmp_path / "1")
    assert "waited" not in capsys.readouterr().out
    assert_same(run(tmp_path / "2", "--workers", "2", "--split", "1", "3"), wanted)
    *_, last = capsys.readouterr().out.splitlines()
    (table,) = tmp_path.glob("2/*/workers.txt")
    assert last == f"Who worked and who waited: {table}, {table.parent / 'timeline.png'}"


def test_rules_that_cannot_run_apart_run_alone_in_a_comparison(tmp_path, capsys):
    few = ["--data", "digits", "--steps", "10", "--quiet", "--workers", "2", "--engine", "threads"]
    arguments = ["--recipe", "mnist-fcn-quick", "--rules", "fa", "cdni", *few]
    assert (
        main(["compare", *arguments, "--staleness", "0", "2", "--out", str(tmp_path / "out")]) == 0
    )
    table = capsys.readouterr().out
    assert "fa-3 " in table and "cdni-3 " in table and "cdni-3-staleness2" in table
    header = (
        next((tmp_path / "out").glob("cdni-3-staleness2-seed0/history.csv"))
        .read_text()
        .split("\n")[0]
    )
    assert "staleness_" in header


def test_lambda_targets_come_late_from_the_top(tmp_path):
    late = ["--target-lambda", "0.9", "--staleness", "3", "--engine", "threads", "--steps", "30"]
    _, history = run(tmp_path / "3", "--workers", "3", "--split", "1", "2", "1", *late)
    assert all(0 <= row[f"staleness_{i}"] <= 3 for row in history for i in (1, 3))


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_backpropagation_on_workers_is_one_worker_bit_for_bit(tmp_path, engine):
    wanted = run(tmp_path / "1", "--rule", "backprop")
    more = ["--rule", "backprop", "--workers", "3", "--engine", engine]
    assert_same(run(tmp_path / "2", *more), wanted)


def test_micro_batches_of_sums_are_backpropagation_up_to_rounding(tmp_path):
    """Nothing is normalized there. (The micro-batches of a normalized layer are another run.)"""
    more = ["--recipe", "addition-quick", "--examples", "60", "--rule", "backprop"]
    wanted, history = run(tmp_path / "1", *more, task="addition")
    more += ["--workers", "2", "--engine", "threads", "--micro-batches", "3"]
    found, other = run(tmp_path / "2", *more, task="addition")
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-3, atol=1e-6, err_msg=name)
    losses = [[row["train_loss"] for row in rows] for rows in (history, other)]
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_micro_batches_leave_what_workers_leave_and_are_resumed_by_any_number(tmp_path, capsys):
    more = ["--rule", "backprop", "--micro-batches", "4", "--workers", "2", "--engine", "threads"]
    wanted = run(tmp_path / "1", *more)
    folder = tmp_path / "1" / "backprop-4-micro4-seed0"
    assert {"trace.json", "timeline.png", "workers.txt"} <= {p.name for p in folder.iterdir()}
    assert_same(run(tmp_path / "2", *more, "--schedule", "fill-drain", "--split", "1", "3"), wanted)
    folder = tmp_path / "2"
    again = ["mnist", "--quiet", "--resume", str(folder)]
    assert main([*again, "--workers", "4", "--engine", "threads"]) == 0
    assert_same(content(folder), wanted)
    capsys.readouterr()
    assert main([*again, "--workers", "1"]) == 2
    assert "--micro-batches is 4: it must be left out with one" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path / "1" / "backprop-4-micro4-seed0/trace.json")]) == 2
    assert "workers that wait for each other" in capsys.readouterr().err


@pytest.mark.parametrize(
    "rule", ["bp-lambda", "fa", "dfa", "kickback", "critic", "target"]
)
def test_a_rule_that_waits_for_the_layers_above_is_refused(rule, capsys):
    assert main(["mnist", *QUICK, "--rule", rule, "--workers", "2"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    wanted = "--workers is for the rules backprop, dni, cdni, none, unlock, local, whose layers"
    assert wanted in sentence


@pytest.mark.parametrize(
    "wrong, wanted",
    [
        (
            ["--workers", "2", "--targets", "true"],
            "--workers is 2: it must be 1 with --targets true",
        ),
        (
            ["--workers", "2", "--target-lambda", "0.9"],
            "--staleness is 0: it must be from 1 to 1000 with --target-lambda",
        ),
        (["--workers", "2", "--late", "1"], "--late is 1: it must be 0 with several workers"),
        (["--late-guess", "kept"], "--late-guess is kept: it must be left out without --late"),
        (["--workers", "5"], "--workers is 5: it must be from 1 to 4"),
        (["--workers", "0"], "--workers is 0: it must be from 1 to 4"),
        (["--workers", "2", "--split", "1", "2"], "--split is 1 2: it must be 2 sizes"),
        (
            ["--workers", "2", "--engine", "horses"],
            "--engine is horses: it must be one of processes, threads, streams, mpi",
        ),
        (["--engine", "threads"], "--engine is threads: it must be left out with one worker"),
        (["--staleness", "2"], "--staleness is 2: it must be left out with one worker"),
        (["--micro-batches", "2"], "--micro-batches is for the rule backprop"),
        (["--rule", "backprop", "--micro-batches", "2"], "--micro-batches is 2: it must be left"),
        (
            ["--rule", "backprop", "--workers", "2", "--micro-batches", "17"],
            "--micro-batches is 17: it must be from 1 to 16, of two samples at least",
        ),
        (
            ["--rule", "backprop", "--workers", "2", "--schedule", "zigzag"],
            "--schedule is zigzag: it must be 1f1b or fill-drain",
        ),
        (
            ["--rule", "backprop", "--workers", "2", "--staleness", "1"],
            "--staleness is for the rules dni",
        ),
        (["--split", "2", "2"], "--split is 2 2: it must be left out with one worker"),
    ],
)
def test_wrong_values(wrong, wanted, capsys):
    assert main(["mnist", *QUICK, *wrong]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert wanted in sentence


def test_a_stopped_run_says_with_which_workers_it_goes_on(tmp_path, capsys, monkeypatch):
    def interrupted(loop):
        loop._one_step()
        loop._write_row()
        loop.save()
        return False

    monkeypatch.setattr(Loop, "run", interrupted)
    out = str(tmp_path / "run")
    assert main(["mnist", *QUICK, "--workers", "2", "--engine", "threads", "--out", out]) == 130
    for more in ("", " --workers 1", " --engine threads --split 1 1 2 --workers 3"):
        assert main(["mnist", "--quiet", "--resume", out, *more.split()]) == 130
        assert capsys.readouterr().out.endswith(f"python -m dni_np mnist --resume {out}{more}\n")


def test_what_is_not_said_again_stays_as_the_run_had_it(tmp_path, capsys):
    """But for a split, and an engine, of another number of workers."""
    out, late = tmp_path / "run", ["--staleness", "2"]
    workers = ["--workers", "3", "--split", "2", "1", "1", "--engine", "threads"]
    run(out, *workers, *late)
    again = ["mnist", "--quiet", "--resume", str(out)]
    for more in (["--split", "1", "2", "1"], ["--engine", "threads"], ["--workers", "3"]):
        assert main([*again, *more]) == 0, more
    assert main([*again, "--workers", "2", "--engine", "threads"]) == 0
    capsys.readouterr()
    assert main([*again, "--split", "2", "2"]) == 2
    assert "--split" in capsys.readouterr().err


def test_streams_are_refused_before_anything_is_written(tmp_path, capsys):
    wrong = ["--workers", "2", "--engine", "streams", "--backend", "numpy"]
    assert main(["mnist", *QUICK, *wrong, "--out", str(tmp_path / "run")]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "streams needs a GPU" in sentence and not (tmp_path / "run").exists()


# Real programs ------------------------------------------------------------------------------------


@pytest.fixture
def shared_memory():
    before = names()
    yield
    assert_none_stays(before)


def start(out, *more):
    """Two workers, in a process group of their own; returns once there is a (new) checkpoint."""
    before = checkpoint_times(out)
    environment = {**os.environ, "PYTHONPATH": ROOT, "OPENBLAS_NUM_THREADS": "1"}
    program = subprocess.Popen(
        [sys.executable, "-m", "dni_np", "mnist", *more],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while checkpoint_times(out) == before:
        assert program.poll() is None and time.monotonic() < until, program.communicate()
        time.sleep(0.02)
    return program


def start_long(out):
    return start(out, *latest([*QUICK, "--steps", "100000", "--workers", "2", "--out", str(out)]))


def checkpoint_times(out):
    return [path.stat().st_mtime_ns for path in Path(out).glob("*/checkpoint.npz")]


def members(group):
    """The processes of a group that live, as (number, command line)."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found[int(path.name)] = (path / "cmdline").read_text()
        except (OSError, ValueError):
            continue
    return found


def worker_of(program):
    (worker,) = [n for n, line in members(program.pid).items() if "spawn_main" in line]
    return worker


def assert_all_ended(program):
    until = time.monotonic() + 20
    while members(program.pid):
        assert time.monotonic() < until, members(program.pid)
        time.sleep(0.02)


def assert_goes_on(out):
    """With one worker: from the last checkpoint, to the end of a run that nothing disturbed."""
    arrays, history = content(out)
    step = int(arrays["rule/unit0/optimizer/steps"])
    assert step > 0 and len(history) >= step // 20
    assert set(value.item() for name, value in arrays.items() if name.endswith("/steps")) == {step}


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("whole_group", [True, False])
def test_interrupted(tmp_path, shared_memory, number, whole_group):
    program = start_long(tmp_path / "run")
    (os.killpg if whole_group else os.kill)(program.pid, number)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 130 and "continue with" in out and err == ""
    assert_all_ended(program)
    assert_goes_on(tmp_path / "run")


@needs_proc
def test_a_killed_worker(tmp_path, shared_memory):
    program = start_long(tmp_path / "run")
    os.kill(worker_of(program), signal.SIGKILL)
    _, err = program.communicate(timeout=60)
    (sentence,) = err.splitlines()
    assert program.returncode == 2 and "worker 2" in sentence and "killed (SIGKILL)" in sentence
    assert_all_ended(program)
    assert_goes_on(tmp_path / "run")


@needs_proc
def test_a_killed_caller(tmp_path, shared_memory):
    program = start_long(tmp_path / "run")
    program.kill()
    program.communicate(timeout=60)
    assert_all_ended(program)
    assert_goes_on(tmp_path / "run")


@needs_proc
def test_a_run_goes_on_with_one_worker_and_with_two_again(tmp_path, shared_memory):
    out, steps = tmp_path / "run", ["--steps", "1500", "--checkpoint-every", "300"]
    wanted = run(tmp_path / "wanted", *steps)
    program = start(out, *latest([*QUICK, *steps, "--workers", "2", "--out", str(out)]))
    os.kill(worker_of(program), signal.SIGKILL)
    program.communicate(timeout=60)
    for workers in ("1", "3"):
        program = start(out, "--quiet", "--resume", str(out), "--workers", workers)
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=60)
        assert program.returncode in (0, 130)
    assert (
        main(["mnist", "--quiet", "--resume", str(out), "--workers", "2", "--engine", "threads"])
        == 0
    )
    assert_same(content(out), wanted)


def test_a_network_that_diverges_is_said_with_the_layer(tmp_path, capsys):
    arguments = [
        "--workers",
        "2",
        "--engine",
        "threads",
        "--sg-learning-rate",
        "1e30",
        "--optimizer",
        "sgd",
    ]
    assert main(["mnist", *QUICK, *arguments, "--out", str(tmp_path / "out")]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "training diverged" in sentence and ("gradient_loss_" in sentence or "unit" in sentence)
