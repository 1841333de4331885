"""A run that begins on a busy machine says how several programs share its cores."""

import os

import pytest

from dni_np.experiments import run
from dni_np.experiments.cli import main
from dni_np.experiments.load import load_note
from dni_np.nn.fast import batch_threads


@pytest.fixture
def machine(monkeypatch):
    """A machine of 2 cores: machine(load, threads)."""

    def set_to(load, threads):
        monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        monkeypatch.setattr(batch_threads.cores, "count", lambda: threads)

    return set_to


@pytest.mark.parametrize("load, threads", [(2.0, 2), (8.0, 1)])
def test_cores_that_are_free_or_one_thread_need_no_note(load, threads, machine):
    machine(load, threads)
    assert load_note() is None


def test_where_the_system_reports_no_load_there_is_no_note(machine, monkeypatch):
    machine(8.0, 2)
    monkeypatch.delattr(os, "getloadavg")
    assert load_note() is None


def test_the_note_is_printed_once_for_a_plan(machine, tmp_path, monkeypatch, capsys):
    machine(8.04, 2)
    monkeypatch.setattr(run, "save_run_figures", lambda *arguments: None)
    monkeypatch.setattr(run, "report", lambda *arguments: None)
    small = ["--recipe", "addition-quick", "--steps", "2", "--quiet", "--seed", "0", "1"]
    assert main(["compare", *small, "--rules", "none", "--out", str(tmp_path / "run")]) == 0
    note = (
        "NOTE: 8.0 programs have been running on 2 processor cores, and this one uses 2 threads: "
        "if it is slow, set OPENBLAS_NUM_THREADS=1 for each of them"
    )
    assert [line for line in capsys.readouterr().out.splitlines() if "NOTE" in line] == [note]
