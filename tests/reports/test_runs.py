"""Reports of runs that were stopped, killed, resumed, or written to where they could not be."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.reports.commands import FCN, arrays_of, changed, same, stop_at
from tests.reports.files import four

ROOT = Path(__file__).resolve().parents[2]
RUN = ["mnist", "--rule", "cdni", *FCN]
RESUME = ["mnist", "--quiet", "--resume"]


@pytest.fixture
def images(tmp_path):
    """The folder's name, as given on the command line."""
    four(tmp_path / "images", 100, (5, 5))
    return "images"


@pytest.fixture
def stopped(run, images):
    """A run in the folder "o", stopped at step 9."""
    with stop_at(9):
        assert run(*RUN, "--data", images, "--out", "o").status == 130
    return Path("o")


@pytest.mark.parametrize("steps", [(6,), (11,), (12,), (13,), (19,), (3, 12, 16)], ids=str)
def test_a_resumed_run_is_the_same_run(steps, run, images):
    """Optimizer, schedule or order of the data began anew. Here the rate falls after 12 and 16.

    tensorflow/tensorflow#27049, unit8co/darts#2463, PolymathicAI/the_well#77
    """
    assert run(*RUN, "--data", images, "--out", "whole").status == 0
    with stop_at(*steps):
        ran = run(*RUN, "--data", images, "--out", "o")
        for step in steps:
            assert (
                ran.status == 130
                and f"stopped at step {step}" in ran.out
                and "--resume o" in ran.out
            )
            ran = run(*RESUME, "o")
    assert ran.status == 0
    assert same(arrays_of("o"), arrays_of("whole"))


def test_a_finished_run_stays_as_it_is(run, stopped):
    """Resumed twice, it is trained no further. unit8co/darts#2463"""
    assert run(*RESUME, stopped).status == 0
    before = arrays_of(stopped)
    assert run(*RESUME, stopped).status == 0
    assert same(arrays_of(stopped), before)


def test_resuming_from_another_folder(run, stopped, tmp_path, monkeypatch):
    """Notebooks change the current folder, and "--data images" is of the one where the run began.

    It goes on, or a sentence says what is not found. tensorflow/tensorflow#27049
    """
    folder = stopped.resolve()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ran = run(*RESUME, folder)
    assert ran.status == 0 or ran.refused("images")


def test_resuming_with_another_rate(run, stopped):
    """A changed option was ignored, or applied to half of a run. unit8co/darts#2463"""
    assert run(*RESUME, stopped, "--learning-rate", 1).refused("leave out --learning-rate")


def test_data_that_changed_in_between(run, stopped, images):
    """The same number of other images is another run. PolymathicAI/the_well#77"""
    path = Path(images) / "train-images-idx3-ubyte"
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    assert run(*RESUME, stopped).refused("images")


def test_less_data_in_between(run, stopped, images):
    """The same, where their number changed, too."""
    four(images, 80, (5, 5))
    assert run(*RESUME, stopped).refused("data")


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again(images, run, tmp_path):
    """A checkpoint was half written when the process was killed.

    NVIDIA/physicsnemo#1967, numpy/numpy#18124
    """
    longer = changed(FCN, "--steps", 150)
    arguments = ["--rule", "cdni", *longer, "--checkpoint-every", 1, "--data", images]
    assert run("mnist", *arguments, "--out", "whole").status == 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng = np.random.default_rng(0)
    command, status = ["mnist", *map(str, arguments), "--out", "o"], None
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-m", "dni_np", *command], env=environment, stdout=subprocess.DEVNULL
        )
        try:
            status = process.wait(rng.uniform(0.8, 1.6))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if Path("o/plan.json").exists():
            command = [*RESUME, "o"]
    assert status is None or status == 0
    assert run(*command).status == 0
    assert same(arrays_of("o"), arrays_of("whole"))


@pytest.mark.parametrize("fault", ["cut", "empty", "a folder", "a page of HTML"])
def test_a_damaged_checkpoint(fault, run, stopped):
    """It is named, and kept. NVIDIA/physicsnemo#1967"""
    (path,) = stopped.rglob("checkpoint.npz")
    data = path.read_bytes()
    path.unlink()
    if fault == "a folder":
        path.mkdir()
    else:
        path.write_bytes(
            {"cut": data[:-100], "empty": b"", "a page of HTML": b"<html></html>"}[fault]
        )
    assert run(*RESUME, stopped).refused(str(path))
    assert path.exists()


def test_what_a_killed_process_left_beside(run, stopped):
    """Temporary files pile up beside a checkpoint. untitaker/python-atomicwrites#52"""
    (path,) = stopped.rglob("checkpoint.npz")
    path.with_name("checkpoint.npz-x7b2k_0q.part").write_bytes(b"half of it")
    assert run(*RESUME, stopped).status == 0
    assert list(stopped.rglob("*.part")) == []


def test_a_full_disk(run, stopped):
    """What cannot be written is named, and the checkpoint before it stays. NVIDIA/physicsnemo#1967

    Here no file may be larger than 20,000 bytes: for the operating system, a kind of full disk.
    """
    before, limits = arrays_of(stopped), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        ran = run(*RESUME, stopped)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ran.refused("cannot write", "checkpoint.npz")
    assert same(arrays_of(stopped), before)
    assert run(*RESUME, stopped).status == 0


def test_out_is_a_file(run, images):
    """A path that is taken. untitaker/python-atomicwrites#52"""
    Path("o").write_text("notes")
    assert run(*RUN, "--data", images, "--out", "o").refused("o")
    assert Path("o").read_text() == "notes"


def test_replacing_is_denied(run, stopped, monkeypatch):
    """On Windows a file that is open elsewhere cannot be replaced.

    untitaker/python-atomicwrites#52
    """

    def denied(source, target):
        raise PermissionError(13, "Access is denied", target)

    before = arrays_of(stopped)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", denied)
        assert run(*RESUME, stopped).refused("cannot write", "Access is denied")
    assert same(arrays_of(stopped), before)
