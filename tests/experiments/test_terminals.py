"""Terminals that lack characters, and readers that leave early."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dni_np.experiments.cli import main

ROOT = str(Path(__file__).resolve().parents[2])


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_the_characters(encoding, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["list"]) == 0
    two_seeds = ["--steps", "20", "--examples", "50", "--seed", "0", "1", "--quiet"]
    assert (
        main(["compare", "--recipe", "addition-quick", "--rules", "none", "backprop", *two_seeds])
        == 0
    )
    terminal.flush()
    text = terminal.buffer.getvalue().decode(encoding)
    assert "mnist-fcn-paper" in text and "Everything is in runs" in text


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_does_not_read_at_all_gets_no_complaint(unbuffered):
    """As in: python -m dni_np list | true. What is printed last may wait in a buffer."""
    program = "import sys; sys.stdin.read(); from dni_np.__main__ import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONUNBUFFERED": unbuffered}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        [sys.executable, "-c", program, "list"], env=environment, text=True, **pipes
    ) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
