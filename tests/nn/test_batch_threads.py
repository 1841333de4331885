"""Work in parts on several threads:

the same results in the same order, errors and NumPy's settings passed on.
"""

import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from dni_np import backend
from dni_np.nn.fast import batch_threads as threads
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D
from dni_np.nn.fast.images import BatchNorm2D, ReLU2D
from dni_np.nn.fast.pooling import FastAveragePool2D, FastMaxPool2D


@pytest.fixture(autouse=True)
def host_only():
    if not backend.on_host():
        pytest.skip("a GPU takes the whole batch at once")


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr(threads, "cores", cores_of(2))


def cores_of(n):
    cores = threads.Cores()
    cores.count()
    cores.threads, cores.pool = n, ThreadPoolExecutor(n)
    return cores


def set_threads():
    """How many threads each library for matrix products is set to."""
    return [library["num_threads"] for library in threads.cores.controller.info()]


def test_results_keep_their_order(two_threads):
    both = threading.Barrier(
        2, timeout=20
    )  # passed only if two blocks are worked on at the same time
    seen = set()

    def work(block):
        both.wait()
        seen.add(threading.get_ident())
        return 10 * block

    assert threads.in_parallel(work, [3, 1, 2, 0]) == [30, 10, 20, 0]
    assert len(seen) == 2 and threading.get_ident() not in seen


def test_products_use_one_thread_inside_and_all_afterwards(two_threads):
    before = set_threads()
    inside = threads.in_parallel(lambda block: set_threads(), [0, 1])
    assert inside == [[1] * len(before)] * 2
    assert set_threads() == before


def test_numpys_settings_reach_the_threads(two_threads):
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("error")
        assert threads.in_parallel(lambda block: np.exp(np.float32(block)), [1000, 2000]) == [
            np.inf,
            np.inf,
        ]


def test_an_error_comes_through(two_threads):
    before = set_threads()
    for parallel in (threads.in_parallel, threads.sum_in_parallel):
        with pytest.raises(ZeroDivisionError):
            parallel(lambda block: 1 / block, [1, 0])
        assert set_threads() == before


def test_an_interrupted_sum_puts_the_threads_back(two_threads):
    class Total:
        def __iadd__(self, other):
            raise KeyboardInterrupt

    before = set_threads()
    with pytest.raises(KeyboardInterrupt) as kept:  # its traceback keeps all that was running alive
        threads.sum_in_parallel(lambda block: Total(), [0, 1, 2])
    assert kept and set_threads() == before


ROOT = str(Path(__file__).resolve().parents[2])
SEVERAL = """
import threading
import numpy
from concurrent.futures import ThreadPoolExecutor
from dni_np.nn.fast import batch_threads

cores = batch_threads.Cores()
cores.count()

def set_threads():
    return [library["num_threads"] for library in cores.controller.info()]

before, order, inside = set_threads(), [threading.Event() for _ in range(3)], []

def first():
    with cores.for_blocks():
        order[0].set()
        assert order[1].wait(20)
    order[2].set()

def second():
    assert order[0].wait(20)
    with cores.for_blocks():
        order[1].set()
        assert order[2].wait(20)
        inside.append(set_threads())

with ThreadPoolExecutor(2) as users:
    for done in [users.submit(first), users.submit(second)]:
        done.result()
assert inside == [[1] * len(before)], inside  # the first has gone, the second is still there
assert set_threads() == before, (before, set_threads())
"""


LIVING = """
import threading
import numpy
from dni_np.nn.fast import batch_threads

cores = batch_threads.Cores()
cores.count()
inside, used, done = [], threading.Event(), threading.Event()

def set_threads():
    return [library["num_threads"] for library in cores.controller.info()]

def other():  # has used blocks, and lives on
    with cores.for_blocks():
        pass
    used.set()
    done.wait(20)

before = set_threads()
thread = threading.Thread(target=other)
thread.start()
assert used.wait(20)
with cores.for_blocks():
    inside.append(set_threads())
assert inside == [[1] * len(before)], inside
assert set_threads() == before, (before, set_threads())
done.set()
"""


@pytest.mark.parametrize("blas_threads", ["1", "2"])
@pytest.mark.parametrize("program", [SEVERAL, LIVING], ids=["several", "one that lives on"])
def test_threads_that_train_at_once_leave_products_as_they_were(program, blas_threads):
    """In SEVERAL each comes while another is inside, and goes before it."""
    env = {**os.environ, "PYTHONPATH": ROOT, "OPENBLAS_NUM_THREADS": blas_threads}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=env
    )
    assert done.returncode == 0, done.stderr


FORK = """
import os, sys, warnings
import numpy as np
from dni_np.nn.fast import batch_threads
from dni_np.nn.fast.conv_columns import ColumnsConv2D

warnings.simplefilter("ignore")  # Python 3.12 says that a fork with threads is risky
x = np.ones((64, 28, 28, 8), np.float32)
layer = ColumnsConv2D(8, 8, np.random.default_rng(0))
expected = layer.forward(x)[0]
count = batch_threads.cores.count()
assert len(batch_threads.cores.pool._threads) > 1, "the parent never used its pool"
with batch_threads.cores.for_blocks():  # as another thread of the parent may be at that moment
    child = os.fork()
    if child == 0:
        same = np.array_equal(layer.forward(x)[0], expected)
        os._exit(0 if same and batch_threads.cores.count() == count else 3)
    _, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
def test_a_forked_child_goes_on():
    two = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    assert subprocess.run([sys.executable, "-c", FORK], env=two, timeout=60).returncode == 0


LAYERS = {
    "columns": lambda rng: ColumnsConv2D(4, 5, rng, kernel=3),
    "frequency": lambda rng: FrequencyConv2D(4, 5, rng, kernel=3),
    "batchnorm": lambda rng: BatchNorm2D(4),
    "relu": lambda rng: ReLU2D(),
    "max pooling": lambda rng: FastMaxPool2D(),
    "average pooling": lambda rng: FastAveragePool2D(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_number_of_threads_changes_nothing(name, monkeypatch):
    monkeypatch.setattr(
        "dni_np.nn.fast.batch_threads.CACHE", 3 * 6 * 7 * 4 * 4
    )  # three images a block
    monkeypatch.setattr("dni_np.nn.fast.conv_columns.HOST_BYTES", 3 * 6 * 7 * 36 * 4)
    monkeypatch.setattr("dni_np.nn.fast.conv_frequency.BLOCK", 3)
    results = []
    for n in (1, 2, 5):
        monkeypatch.setattr(threads, "cores", cores_of(n))
        rng = np.random.default_rng(0)
        layer = LAYERS[name](rng)
        x = rng.standard_normal((11, 6, 7, 4), np.float32)
        y, cache = layer.forward(x)
        dx = layer.backward(rng.standard_normal(y.shape, np.float32), cache)
        grads = layer.grads
        results.append([y, dx, *(value.copy() for value in grads.values())])
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
