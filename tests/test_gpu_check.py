"""`make gpu-check` itself: would it notice, and what does it say where there is no GPU?"""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from dni_np.errors import UserError
from tests import gpu_check
from tests.strict_array import strict


class Altered:
    """NumPy with another square root."""

    __name__ = "altered"

    def __init__(self, sqrt):
        self.sqrt = sqrt

    def __getattr__(self, name):
        return getattr(np, name)


def last_digit(x, out=None):
    root = np.sqrt(x, out=out)
    return np.nextafter(root, root.dtype.type(np.inf), out=out)


def one_percent(x, out=None):
    return np.multiply(np.sqrt(x), x.dtype.type(1.01), out=out)


@pytest.mark.parametrize("case", gpu_check.COMPARED)
def test_equal_backends_do_not_differ(case):
    assert gpu_check.differences(gpu_check.COMPARED[case], "numpy", strict) == {
        "losses": 0,
        "weights": 0,
    }


def test_rounding_is_within_the_tolerance(capsys):
    assert gpu_check.print_differences("numpy", Altered(last_digit))
    out = capsys.readouterr().out
    assert "TOO LARGE" not in out and all(case in out for case in gpu_check.COMPARED)
    assert (
        gpu_check.differences(gpu_check.COMPARED["backprop, SGD"], "numpy", Altered(last_digit))[
            "weights"
        ]
        > 0
    )


def test_a_wrong_function_is_not(capsys):
    assert not gpu_check.print_differences("numpy", Altered(one_percent))
    assert capsys.readouterr().out.count("TOO LARGE") == len(gpu_check.COMPARED)


def test_nan_is_not():
    arrays = {"a": np.ones(2), "b": np.ones(2)}
    assert not gpu_check.largest(arrays, {**arrays, "b": np.array([1, np.nan])}) <= 1
    with pytest.raises(UserError, match="diverged"):
        gpu_check.differences(
            gpu_check.RULES["backprop"], "numpy", Altered(lambda x, out=None: x * np.nan)
        )


@pytest.mark.parametrize("rule", gpu_check.RULES)
def test_steps_are_timed(rule):
    assert 0.01 < gpu_check.step_time(gpu_check.RULES[rule], "numpy", rounds=1, steps=1) < 10_000


def test_a_round_waits_for_the_device_once():
    before = strict.record.synchronizations
    gpu_check.step_time(gpu_check.RULES["cdni"], strict, rounds=2, steps=2)
    assert strict.record.synchronizations == before + 3  # the first round is not counted


def test_the_device_is_described():
    properties = {"name": b"NVIDIA X"}
    runtime = SimpleNamespace(
        runtimeGetVersion=lambda: 13020, getDeviceProperties=lambda device: properties
    )
    cuda = SimpleNamespace(runtime=runtime, Device=lambda: SimpleNamespace(id=0))
    text = gpu_check.describe(SimpleNamespace(cuda=cuda, __version__="14.2"))
    assert text == f"NVIDIA X, CuPy 14.2, CUDA 13.2, NumPy {np.__version__}"
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    assert cupy.cuda.runtime.runtimeGetVersion() >= 12000
    assert callable(cupy.cuda.runtime.getDeviceProperties) and callable(cupy.cuda.Device)


@pytest.fixture
def with_gpu(monkeypatch):
    """The strict stand-in in CuPy's place, and no tests within tests."""
    monkeypatch.setitem(sys.modules, "cupy", strict)
    monkeypatch.setattr(gpu_check, "describe", lambda cupy: "A GPU")
    monkeypatch.setattr(gpu_check, "STEPS", 2)
    monkeypatch.setattr(
        gpu_check, "step_time", lambda settings, module: 2.0 if module == "numpy" else 0.5
    )
    results = SimpleNamespace(returncode=0, calls=[])
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, **options: results.calls.append((command, options)) or results,
    )
    return results


def test_all_is_well(with_gpu, capsys):
    assert gpu_check.main(["-k", "linear"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("A GPU\n") and out.endswith("gpu-check: all is well\n")
    assert "numpy and cupy from one seed" in out and out.count("4.0") == len(
        gpu_check.RULES
    )  # the ratios
    [(command, options)] = with_gpu.calls
    assert (
        command[1:] == ["-m", "pytest", "-k", "linear"]
        and options["env"]["DNI_NP_BACKEND"] == "cupy"
    )


def test_failing_tests_fail_the_check(with_gpu, capsys):
    with_gpu.returncode = 1
    assert gpu_check.main([]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_different_training_fails_the_check(with_gpu, monkeypatch, capsys):
    monkeypatch.setattr(gpu_check, "TOLERANCE", {"losses": -1, "weights": -1})
    assert gpu_check.main([]) == 1
    assert "TOO LARGE" in capsys.readouterr().out


def test_without_a_gpu_it_is_one_sentence():
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}  # hides the GPU where there is one
    command = [sys.executable, gpu_check.__file__]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 2 and result.stdout == ""
    assert (
        result.stderr.startswith("gpu-check: nothing was checked: the backend cupy ")
        and result.stderr.count("\n") == 1
    )
