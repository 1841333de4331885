"""Help and lists are there at once: nothing is imported that only figures, data or bars need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
HEAVY = {"matplotlib", "sklearn", "scipy", "tqdm", "pooch", "torch", "cupy"}
PROGRAM = """
import sys
from dni_np.experiments.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("MODULES", *{name.split(".")[0] for name in sys.modules})
"""


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["list"], ["mnist", "--help"], ["mnist", "--bits", "3"]], ids=str
)
def test_without_what_only_runs_need(arguments):
    environment = {**os.environ, "PYTHONPATH": ROOT, "DNI_NP_BACKEND": "numpy"}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    out = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout
    modules = set(out.split("MODULES")[1].split())
    assert "numpy" in modules and not modules & HEAVY
