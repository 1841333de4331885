"""Work in parts on several threads: the same results in the same order, errors and NumPy's settings passed on."""

import threading
import warnings

import numpy as np
import pytest

from dni_np import backend
from dni_np.nn.fast import batch_threads as threads
from dni_np.nn.fast.batchnorm_images import BatchNorm2D
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D
from dni_np.nn.fast.relu_images import ReLU2D
from dni_np.nn.pooling import AveragePool2D, MaxPool2D


@pytest.fixture(autouse=True)
def host_only():
    if not backend.on_host():
        pytest.skip("a GPU takes the whole batch at once")


@pytest.fixture
def two_threads(monkeypatch):
    controller, _ = threads.products()
    monkeypatch.setattr(threads, "products", lambda: (controller, 2))


def test_results_keep_their_order(two_threads):
    both = threading.Barrier(2, timeout=20)  # passed only if two blocks are worked on at the same time
    seen = set()

    def work(block):
        both.wait()
        seen.add(threading.get_ident())
        return 10 * block

    assert threads.in_parallel(work, [3, 1, 2, 0]) == [30, 10, 20, 0]
    assert len(seen) == 2 and threading.get_ident() not in seen


def test_products_use_one_thread_inside_and_all_afterwards(two_threads):
    controller, _ = threads.products()
    before = [library["num_threads"] for library in controller.info()]
    inside = threads.in_parallel(lambda block: [library["num_threads"] for library in controller.info()], [0, 1])
    assert inside == [[1] * len(before)] * 2
    assert [library["num_threads"] for library in controller.info()] == before


def test_numpys_settings_reach_the_threads(two_threads):
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("error")
        assert threads.in_parallel(lambda block: np.exp(np.float32(block)), [1000, 2000]) == [np.inf, np.inf]


def test_an_error_comes_through(two_threads):
    with pytest.raises(ZeroDivisionError):
        threads.in_parallel(lambda block: 1 / block, [1, 0])


LAYERS = {
    "columns": lambda rng: ColumnsConv2D(4, 5, rng, kernel=3),
    "frequency": lambda rng: FrequencyConv2D(4, 5, rng, kernel=3),
    "batchnorm": lambda rng: BatchNorm2D(4),
    "relu": lambda rng: ReLU2D(),
    "max pooling": lambda rng: MaxPool2D(),
    "average pooling": lambda rng: AveragePool2D(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_number_of_threads_changes_nothing(name, monkeypatch):
    controller, _ = threads.products()
    monkeypatch.setattr("dni_np.nn.windows.CACHE", 3 * 6 * 7 * 4 * 4)  # three images a block
    monkeypatch.setattr("dni_np.nn.fast.conv_columns.HOST_BYTES", 3 * 6 * 7 * 36 * 4)
    monkeypatch.setattr("dni_np.nn.fast.conv_frequency.BLOCK", 3)
    results = []
    for n in (1, 2, 5):
        monkeypatch.setattr(threads, "products", lambda n=n: (controller, n))
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
