"""Page one runs, and shows what it says: with the label layers that do not wait learn to add."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dni_np.data.binary_addition import decode, every_sum
from dni_np.errors import UserError
from dni_np.tutorial import learn_to_add

ROOT = str(Path(__file__).resolve().parents[1])


@pytest.mark.slow
def test_backpropagation_and_guesses_that_see_the_label_learn_to_add():
    errors = {kind: learn_to_add(kind, seed=1) for kind in ("backpropagation", "DNI", "cDNI")}
    assert errors["backpropagation"][-1] < 2 and errors["cDNI"][-1] < 4
    assert errors["DNI"][-1] > 30


@pytest.mark.parametrize("kind", ["backpropagation", "DNI", "cDNI"])
def test_it_runs_on_every_backend_and_one_seed_is_one_run(kind, backend):
    first, again = (learn_to_add(kind, bits=3, steps=8, held_out=4) for _ in range(2))
    assert len(first) == 4 and first == again


def test_the_page_is_a_program():
    environment = {**os.environ, "PYTHONPATH": ROOT, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-m", "dni_np.tutorial"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == ""
    last = done.stdout.splitlines()[-1].split()
    assert last[0] == "cDNI" and float(last[4]) < 4


def test_every_sum_is_there_once():
    x, y = every_sum(4)
    assert len(x) == 64 == len(np.unique(x, axis=0))
    np.testing.assert_array_equal(decode(x[:, :4]) + decode(x[:, 4:]), decode(y))
    with pytest.raises(UserError, match="take 2 to 12 bits"):
        every_sum(13)
