"""python -m dni_np: Ctrl-C while it is still importing is one line, as it is later."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[1])
INTERRUPTED = "import signal; signal.raise_signal(signal.SIGINT); import time; time.sleep(60)\n"
SCRIPT = (
    "from dni_np.__main__ import main; raise SystemExit(main())"  # as an installed dni_np has it
)


@pytest.mark.parametrize("module", ["argparse", "threadpoolctl", "csv"])  # early, later, late
@pytest.mark.parametrize("command", [["-m", "dni_np"], ["-c", SCRIPT]])
def test_interrupted_while_importing(command, module, tmp_path):
    (tmp_path / f"{module}.py").write_text(INTERRUPTED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), ROOT])}
    command = [sys.executable, *command, "list"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "dni_np: interrupted\n")
