"""The handle `xp`: one name for whichever backend is in use."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from dni_np.backend import FLOAT, asarray, current, on_host, synchronize, to_numpy, use, using, xp
from dni_np.errors import UserError
from dni_np.nn.activations import Tanh
from tests.strict_array import StrictArray, strict

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_names_are_looked_up_once():
    looked_up = []

    class Counting:
        def __getattr__(self, name):
            looked_up.append(name)
            return getattr(np, name)

    with using(Counting()):
        assert xp.exp is np.exp and xp.exp is np.exp
    assert looked_up == ["exp"]


def test_a_switch_clears_what_was_looked_up():
    use("numpy")
    assert xp.exp is np.exp
    use(SimpleNamespace(exp="another"))
    assert xp.exp == "another"
    use("numpy")
    assert xp.exp is np.exp


def test_modules_that_imported_xp_long_ago_see_the_switch():
    layer = Tanh()
    with using("numpy"):
        before, _ = layer.forward(np.zeros((2, 3), FLOAT))
    with using(strict):
        after, _ = layer.forward(asarray(np.zeros((2, 3), FLOAT)))
    assert isinstance(before, np.ndarray) and isinstance(after, StrictArray)


def test_using_restores_even_after_an_error():
    use("numpy")
    with pytest.raises(KeyError), using(strict):
        assert current() is strict
        raise KeyError
    assert current() is np


def test_using_blocks_nest():
    with using("numpy"):
        with using(strict):
            with using("numpy"):
                assert xp.zeros(1).__class__ is np.ndarray
            assert xp.zeros(1).__class__ is StrictArray
        assert current() is np


def test_a_name_the_backend_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_function"):
        xp.no_such_function  # noqa: B018


def test_arrays_go_there_and_back(backend):
    host = np.arange(6, dtype=np.float64).reshape(2, 3)
    device = backend.asarray(host, FLOAT)
    assert isinstance(device, backend.xp.ndarray) and device.dtype == FLOAT
    back = backend.to_numpy(device)
    assert type(back) is np.ndarray and back.dtype == FLOAT
    assert np.array_equal(back, host)
    assert backend.asarray([1, 2]).dtype.kind == "i"
    assert backend.to_numpy(3).shape == ()  # numbers too


def test_the_device_has_its_own_memory():
    with using(strict):
        host = np.zeros(3)
        device = asarray(host)
        device += 1
        to_numpy(device)[...] = 7
        assert host.tolist() == [0, 0, 0] and device.tolist() == [1, 1, 1]


def test_synchronize_waits_for_the_device_only():
    with using("numpy"):
        synchronize()
    with using(strict):
        before = strict.record.synchronizations
        synchronize()
        assert strict.record.synchronizations == before + 1


def test_only_numpy_lives_on_the_host():
    with using("numpy"):
        assert on_host()
    with using(strict):
        assert not on_host()


def one_sentence(error):
    text = str(error.value)
    return "\n" not in text and len(text) < 250


def test_an_unknown_backend_names_the_known_ones():
    use("numpy")
    with pytest.raises(UserError, match="unknown backend 'jax': choose numpy or cupy") as error:
        use("jax")
    assert one_sentence(error)
    assert current() is np  # a failed switch changes nothing


def test_cupy_not_installed_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # makes `import cupy` fail
    with pytest.raises(
        UserError, match="cupy cannot be imported.*pip install cupy-cuda13x"
    ) as error:
        use("cupy")
    assert one_sentence(error)


def test_cupy_without_a_gpu_says_so(monkeypatch):
    without = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False))
    monkeypatch.setitem(sys.modules, "cupy", without)
    with pytest.raises(UserError, match="no usable GPU.*--backend numpy") as error:
        use("cupy")
    assert one_sentence(error)


def test_a_broken_cupy_is_one_sentence(monkeypatch):
    def fail():
        raise RuntimeError("cudaErrorInsufficientDriver:\n  the driver is too old")

    for module in (SimpleNamespace(), SimpleNamespace(cuda=SimpleNamespace(is_available=fail))):
        monkeypatch.setitem(sys.modules, "cupy", module)
        with pytest.raises(
            UserError, match="cupy does not work here .*: repair its installation"
        ) as error:
            use("cupy")
        assert "\n" not in str(error.value)


def test_cupy_with_a_gpu_is_used(monkeypatch):
    pretended = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: True))
    monkeypatch.setitem(sys.modules, "cupy", pretended)
    with using("cupy"):
        assert current() is pretended


CHOICES = [(None, "numpy"), ("", "numpy"), ("numpy", "numpy"), ("jax", "unknown backend 'jax'")]


@pytest.mark.parametrize("variable, expected", CHOICES)
def test_the_environment_chooses(variable, expected):
    environment = {**os.environ, "DNI_NP_BACKEND": variable or ""}
    if variable is None:
        del environment["DNI_NP_BACKEND"]
    code = """if True:
        from dni_np import backend
        from dni_np.errors import UserError
        try:
            print(backend.current().__name__)
        except UserError as error:
            print(error)
    """
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.startswith(expected), result.stderr


def test_importing_the_package_imports_no_cupy():
    code = (
        "import sys, dni_np.experiments.cli, dni_np.backend as b; b.current(); "
        "assert 'cupy' not in sys.modules"
    )
    environment = {**os.environ, "DNI_NP_BACKEND": "numpy"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT).returncode == 0


def test_the_command_line_wins_over_the_environment(tmp_path):
    command = [
        sys.executable,
        "-m",
        "dni_np",
        "addition",
        "--rule",
        "none",
        "--examples",
        "50",
        "--steps",
        "2",
        "--quiet",
    ]
    environment = {**os.environ, "DNI_NP_BACKEND": "jax", "PYTHONPATH": ROOT}
    refused = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2 and "unknown backend 'jax'" in refused.stderr
    assert (
        subprocess.run([*command, "--backend", "numpy"], env=environment, cwd=tmp_path).returncode
        == 0
    )
