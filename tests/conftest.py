"""Which backend the tests run on, and how hypothesis draws its examples.

def test_layer(backend): ...    once with NumPy, with the strict stand-in, with CuPy on a GPU
pytest --on strict              everything on the stand-in: would the tests run on a GPU?
DNI_NP_BACKEND=cupy pytest         everything on a GPU (`make gpu-check`)
"""

import functools
import os
import signal

import hypothesis
import pytest

from dni_np import backend as dni_np_backend
from dni_np.errors import UserError
from tests.strict_array import strict

# What a shell starts in the background ignores Ctrl-C, and so does all that is started there; but
# tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile(
    "dni_np",
    deadline=None,  # a first call may be slow: that says nothing about the code
    max_examples=50,
    derandomize=True,  # the same examples in every run
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture
    ],  # `backend` need not be renewed between examples
)
hypothesis.settings.load_profile("dni_np")


def pytest_addoption(parser):
    parser.addoption(
        "--on", choices=["numpy", "strict", "cupy"], help="run all tests on this backend only"
    )


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", _names(metafunc.config), indirect=True)


def _names(config):
    only = config.getoption("--on") or os.environ.get("DNI_NP_BACKEND")
    return [only] if only else ["numpy", "strict", *(["cupy"] if has_gpu() else [])]


@functools.cache
def has_gpu():
    """Can CuPy be used here?"""
    try:
        with dni_np_backend.using("cupy"):
            return True
    except UserError:
        return False


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch):
    """A run says so where the machine is busy; what the tests read must not depend on that."""
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0), raising=False)


@pytest.fixture(autouse=True)
def backend_put_back(request):
    """Every test starts on the same backend, whatever the one before it switched to."""
    usual = request.config.getoption("--on") or os.environ.get("DNI_NP_BACKEND") or "numpy"
    with dni_np_backend.using(strict if usual == "strict" else usual):
        yield


@pytest.fixture
def backend(request, backend_put_back):
    """The module dni_np.backend, switched to the backend of this round."""
    dni_np_backend.use(strict if request.param == "strict" else request.param)
    return dni_np_backend
