"""The ranks of MPI are one worker bit for bit; they end together, and the checkpoint stays."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from dni_np.errors import UserError
from dni_np.experiments import commands
from dni_np.experiments.folder import save_plan
from dni_np.experiments.registry import find_recipe
from dni_np.parallel import mpi, mpi_world
from dni_np.parallel.pipeline import Pipeline
from dni_np.training.loop import Loop
from tests.experiments.arguments import latest, main
from tests.experiments.feedforward.test_workers import (
    QUICK,
    assert_goes_on,
    assert_same,
    checkpoint_times,
    content,
    needs_proc,
    run,
)
from tests.parallel.networks import build
from tests.parallel.shared_memory import assert_none_stays, names

ROOT = Path(__file__).resolve().parents[2]
MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
PATIENCE = 120  # seconds: what takes longer hangs
needs_mpi = pytest.mark.skipif(
    not (MPIEXEC and importlib.util.find_spec("mpi4py")),
    reason='needs MPI: pip install "dni_np[mpi]"',
)


def start(ranks, *arguments, module="dni_np"):
    """A program on so many ranks (0: without mpiexec)."""
    launcher = [MPIEXEC, "-n", str(ranks)] if ranks else []
    path = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*launcher, sys.executable, "-m", module, *map(str, arguments)],
        env={**os.environ, **path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(program):
    """(its exit status, what it printed, its errors)."""
    try:
        out, err = program.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        program.terminate()
        raise
    return program.returncode, out, err


def on_ranks(ranks, *arguments, module="dni_np"):
    return ended(start(ranks, *arguments, module=module))


def until_a_checkpoint(program, out, before):
    until = time.monotonic() + PATIENCE
    while checkpoint_times(out) == before:
        assert program.poll() is None and time.monotonic() < until, ended(program)
        time.sleep(0.02)


@pytest.fixture(scope="module")
def by_one_worker(tmp_path_factory):
    return run(tmp_path_factory.mktemp("one") / "run")


@needs_mpi
@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_are_one_worker_bit_for_bit(tmp_path, by_one_worker, ranks):
    out = tmp_path / "run"
    status, printed, errors = on_ranks(ranks, "mnist", *QUICK, "--engine", "mpi", "--out", out)
    assert (status, errors) == (0, "") and printed.count("Everything is in") == 1
    assert_same(content(out), by_one_worker)


@needs_mpi
@pytest.mark.parametrize(
    "words",
    [
        ["mnist", *QUICK, "--rule", "backprop"],
        [
            *("two-clocks", "--recipe", "two-clocks-quick", "--data", "digits", "--units", "8"),
            *("--rule", "decoupled-label", "--batch-size", "16", "--steps", "12", "--quiet"),
        ],
    ],
    ids=["backprop", "two-clocks"],
)
def test_a_locked_pipeline_and_two_networks_on_two_ranks(tmp_path, words):
    assert main([*words, "--out", str(tmp_path / "1")]) == 0
    status, _, errors = on_ranks(2, *words, "--engine", "mpi", "--out", tmp_path / "2")
    assert (status, errors) == (0, "")
    assert_same(content(tmp_path / "2"), content(tmp_path / "1"))


@needs_mpi
def test_a_comparison_is_one_job_after_another(tmp_path):
    """Feedback alignment, which cannot run apart, in between; backpropagation as a pipeline."""
    few = ["--data", "digits", "--steps", "10", "--quiet", "--width", "16", "--layers", "3"]
    rules = ["--rules", "cdni", "fa", "backprop", "none"]
    out = ["--engine", "mpi", "--out", tmp_path]
    status, printed, errors = on_ranks(2, "compare", *few, *rules, *out)
    assert (status, errors) == (0, "")
    assert all(f"\n{rule}-3 " in printed for rule in ("cdni", "fa", "backprop", "none"))
    traces = {path.parent.name for path in tmp_path.glob("*/trace.json")}
    wanted = {f"{rule}-3-seed0" for rule in ("cdni", "backprop", "none")}  # those with workers
    assert traces == wanted


@needs_mpi
def test_a_stopped_run_goes_on_with_one_worker_and_with_ranks_again(tmp_path, monkeypatch):
    out, steps = tmp_path / "run", ["--steps", "1000", "--checkpoint-every", "100"]
    wanted = run(tmp_path / "wanted", *steps)
    arguments = latest([*QUICK, *steps, "--engine", "mpi", "--out", str(out)])
    program = start(2, "mnist", *arguments)
    until_a_checkpoint(program, out, [])
    program.send_signal(signal.SIGTERM)  # mpiexec passes it on to all ranks
    status, printed, errors = ended(program)
    assert (status, errors) == (130, "")
    assert f"mpiexec -n 2 python -m dni_np mnist --resume {out} --engine mpi" in printed
    assert_goes_on(out)

    one_step, done = Loop._one_step, []

    def ten_steps(loop):
        one_step(loop)
        done.append(loop.step)
        if len(done) == 10:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as context:
        context.setattr(Loop, "_one_step", ten_steps)
        assert main(["mnist", "--quiet", "--resume", str(out), "--workers", "1"]) == 130
    assert len(done) == 10
    status, _, errors = on_ranks(3, "mnist", "--quiet", "--resume", out)
    assert (status, errors) == (0, "")
    assert_same(content(out), wanted)


def test_a_resumed_comparison_gives_workers_to_those_that_can_have_some(tmp_path, monkeypatch):
    recipe, plans = find_recipe("mnist-fcn-quick"), []
    save_plan(tmp_path, "mnist-fcn-quick", [recipe.settings(rule) for rule in ("fa", "dni")])
    monkeypatch.setattr(commands, "load_data", lambda plan: None)
    monkeypatch.setattr(commands, "run_plan", lambda folder, title, plan, *_: plans.append(plan))
    main(["compare", "--resume", str(tmp_path), "--workers", "2", "--engine", "threads"])
    assert [settings.workers for settings in plans[0]] == [1, 2]


@pytest.mark.parametrize("size, ranks", [(1, "one rank"), (3, "3 ranks")])
def test_workers_without_their_ranks(monkeypatch, size, ranks):
    """As of a run with ranks that is resumed without mpiexec."""
    monkeypatch.setattr(mpi, "join", lambda: SimpleNamespace(size=size, serving=size > 1))
    with pytest.raises(UserError, match=f"has {ranks} for 2 workers: .* mpiexec -n 2 python"):
        Pipeline(partial(build, "cdni"), 2, "mpi")


@needs_mpi
@pytest.mark.parametrize(
    "ranks, more, wanted",
    [
        (0, ["--workers", "3"], "mpiexec -n 3 python -m dni_np mnist "),
        (5, [], "--workers is 5: it must be from 1 to 4, one for each rank"),
        (2, ["--workers", "3"], "--workers is 3, but mpiexec started 2 ranks"),
        (2, ["--layrs", "3"], "unrecognized arguments: --layrs 3"),
        (2, ["--rule", "fa"], "is for the rules backprop, dni, cdni, none, unlock, local"),
    ],
)
def test_a_refusal_is_one_sentence(tmp_path, ranks, more, wanted):
    out = ["--out", tmp_path / "run"]
    status, printed, errors = on_ranks(ranks, "mnist", *QUICK, "--engine", "mpi", *more, *out)
    (sentence,) = errors.splitlines()
    assert status == 2 and printed == "" and wanted in sentence
    assert not (tmp_path / "run").exists()


@needs_mpi
@pytest.mark.parametrize(
    "words, wanted",
    [
        (
            ["mnist", *QUICK, "--engine", "threads"],
            "mpiexec started 2 ranks, which are the workers",
        ),
        (
            ["mnist", *QUICK, "--rule", "fa"],
            "is for the rules backprop, dni, cdni, none, unlock, local",
        ),
        (["two-clocks", "--data", "digits", "--rule", "locked"], "is for the rules decoupled"),
    ],
)
def test_several_ranks_never_make_the_same_run_each(tmp_path, words, wanted):
    status, printed, errors = on_ranks(2, *words, "--out", tmp_path / "run")
    (sentence,) = errors.splitlines()
    assert status == 2 and printed == "" and wanted in sentence
    assert not (tmp_path / "run").exists()


@needs_mpi
def test_ranks_without_an_engine_are_the_engine(tmp_path, by_one_worker):
    status, _, errors = on_ranks(2, "mnist", *QUICK, "--out", tmp_path / "run")
    assert status == 0, errors
    assert_same(content(tmp_path / "run"), by_one_worker)


def test_without_mpi4py(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.setattr(mpi_world, "join", mpi_world.join.__wrapped__)
    out = ["--out", str(tmp_path / "run")]
    assert main(["mnist", *QUICK, "--engine", "mpi", *out]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert 'pip install "dni_np[mpi]"' in sentence


# What goes wrong in a rank ------------------------------------------------------------------------


@needs_mpi
@pytest.mark.parametrize(
    "what, wanted",
    [
        (["refuse", "4"], "UserError: this batch is not for me"),
        (["fail", "2"], "RuntimeError: worker 2 (layers 3 to 4) failed: ZeroDivisionError: by "),
        (["unknown"], "UserError: another rank can only know a function that it can import"),
    ],
)
def test_an_error_in_a_rank_arrives_and_the_ranks_stay(what, wanted):
    status, printed, errors = on_ranks(3, *what, module="tests.parallel.mpi_program")
    assert (status, errors) == (3, "")
    assert printed.count(wanted) == len(what), printed


@needs_mpi
def test_mailboxes_are_bounded_and_end_on_both_sides():
    status, printed, errors = on_ranks(2, "mailboxes", module="tests.parallel.mpi_program")
    assert (status, errors) == (0, "")
    assert "on one clock True" in printed
    assert "waited True" in printed and "nothing None" in printed and printed.count("closed") == 4


@needs_mpi
@needs_proc
def test_a_killed_rank(tmp_path):
    out = tmp_path / "run"
    arguments = latest([*QUICK, "--steps", "100000", "--engine", "mpi", "--out", str(out)])
    before = names()
    program = start(3, "mnist", *arguments)
    until_a_checkpoint(program, out, [])
    ranks = ranks_of(out)
    assert len(ranks) == 3
    os.kill(ranks["2"], signal.SIGKILL)
    status, _, _ = ended(program)
    assert status != 0
    until = time.monotonic() + 20
    while ranks_of(out):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert_none_stays(before)
    assert_goes_on(out)


def ranks_of(out):
    """{rank: its process} of a run that writes to `out`."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            about = (path / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(out).encode() in words:
            for word in about:
                if word.startswith(b"PMI_RANK="):
                    found[word.partition(b"=")[2].decode()] = int(path.name)
    return found
