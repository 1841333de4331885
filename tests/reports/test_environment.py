"""Reports of pipes, libraries and folders that are not as a program expects."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from dni_np import backend
from tests.reports.commands import arrays_of, same, stop_at
from tests.strict_array import strict

ROOT = Path(__file__).resolve().parents[2]
SUMS = "addition --recipe addition-quick --steps 20 --quiet".split()


def process(*arguments, path=ROOT, **options):
    """Start dni_np in a process of its own, with the package in `path`."""
    environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "dni_np", *arguments]
    return subprocess.Popen(command, env=environment, **pipes, **options)


def test_a_reader_that_leaves_early():
    """As head does: a closed pipe is no error. Backblaze/B2_Command_Line_Tool#1071"""
    with process("list") as listing:
        assert listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == b"" and listing.wait(100) == 0


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder that is searched for packages first; CuPy is not imported yet."""
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    (tmp_path / "packages").mkdir()
    return tmp_path / "packages"


BROKEN = {
    "no GPU": ("cuda = SimpleNamespace(is_available=lambda: False)", "no usable GPU"),
    "not installed": ("raise ImportError('No module named cupy')", "No module named cupy"),
    "an old driver": (
        "raise RuntimeError('CUDA driver version is insufficient')",
        "driver version is insufficient",
    ),
    "an old driver, noticed late": (
        "cuda = SimpleNamespace(is_available=lambda: 1 / 0)",
        "division by zero",
    ),
    "a library missing": ("import ctypes; ctypes.CDLL('libcudart.so.0')", "libcudart.so.0"),
    "another package": ("", "has no attribute 'cuda'"),
    "a page of advice": (
        "raise ImportError('\\n====\\nCuPy failed.\\n' + 9 * 'Or this.\\n')",
        "CuPy failed. Or this.",
    ),
    "a page with a cause": (
        "raise ImportError('\\n====\\n' * 99) from ImportError('libnvrtc')",
        "(libnvrtc)",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_cupy_that_cannot_be_used(fault, packages, run):
    """Installed without a GPU, or for another CUDA: one sentence, and nothing is begun.

    royerlab/ultrack#279, NVIDIA/FastPhotoStyle#32, shuaigroup/Renormalizer#133,
    MouseLand/pykilosort#67, cupy/cupy#9065
    """
    code, words = BROKEN[fault]
    (packages / "cupy.py").write_text(f"from types import SimpleNamespace\n{code}\n")
    assert run(*SUMS, "--backend", "cupy", "--out", "o").refused(
        "backend cupy", words, "--backend numpy"
    )
    assert not Path("o").exists()


def test_an_unknown_backend(run, monkeypatch):
    """A name that is misspelled in the environment must not mean the default.

    MouseLand/pykilosort#67
    """
    monkeypatch.setenv("DNI_NP_BACKEND", "bogus")
    monkeypatch.setattr(backend, "_module", None)
    assert run(*SUMS).refused("'bogus'", "numpy or cupy", "DNI_NP_BACKEND")


def test_a_full_gpu(run, monkeypatch):
    """CuPy's error is a MemoryError. cupy/cupy#4019"""

    def allocate():
        raise MemoryError("Out of memory allocating 3,200,000,000 bytes")

    full = SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: True), zeros=lambda *a, **k: allocate()
    )
    full.asarray = full.zeros
    monkeypatch.setitem(sys.modules, "cupy", full)
    with backend.using("numpy"):
        assert run(*SUMS, "--backend", "cupy", "--out", "o").refused("memory", "--width")


def test_a_run_goes_on_without_the_device(run):
    """Arrays of one library handed to the other: no implicit conversion. cupy/cupy#8389

    Saved on a device (the tests' stand-in), resumed on the host.
    """
    assert run(*SUMS, "--out", "whole").status == 0
    with backend.using(strict), stop_at(9):
        assert run(*SUMS, "--out", "parts").status == 130
    assert run("addition", "--resume", "parts", "--quiet").status == 0
    assert same(arrays_of("parts"), arrays_of("whole"))


def test_the_package_in_a_zip_file(tmp_path):
    """Copied to a cluster or to Colab as one file. googlecolab/colabtools#5115"""
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as file:
        for path in (ROOT / "dni_np").rglob("*.py"):
            file.write(path, path.relative_to(ROOT))
    path = tmp_path / "package.zip"
    with process(*SUMS, "--out", "o", path=path, cwd=tmp_path) as run:
        _, err = run.communicate(timeout=100)
    assert run.returncode == 0 and err == b"" and (tmp_path / "o" / "summary.csv").exists()


@pytest.mark.skipif(
    not Path("/proc/version").exists(), reason="needs a folder that even root cannot write to"
)
def test_a_folder_without_permission(run, monkeypatch):
    """Started where nothing can be written. makeyourownneuralnetwork/makeyourownneuralnetwork#66"""
    monkeypatch.chdir("/proc")
    assert run(*SUMS).refused("runs", "--out")
