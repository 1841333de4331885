"""The optimizers on all cores update as the plain ones do, bit for bit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.nn import optimizers
from dni_np.nn.fast import batch_threads
from dni_np.nn.fast.batch_threads import on_each_core
from dni_np.nn.fast.optimizers import FastAdam, FastSGD
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD, Adam

PAIRS = {
    "adam": (Adam, FastAdam, {}),
    "sgd": (SGD, FastSGD, {}),
    "momentum": (SGD, FastSGD, {"momentum": 0.9}),
}


def use_cores(n, monkeypatch):
    cores = batch_threads.Cores()
    cores.count()
    cores.threads, cores.pool = n, ThreadPoolExecutor(n)
    monkeypatch.setattr(batch_threads, "cores", cores)


@pytest.mark.parametrize("cores", [1, 2, 3])
@pytest.mark.parametrize("name", PAIRS)
def test_all_cores_update_as_one_does(name, cores, monkeypatch, backend):
    monkeypatch.setattr(optimizers, "BLOCK", 50)  # several blocks, the last not full
    use_cores(cores, monkeypatch)
    plain, fast, options = PAIRS[name]
    results = []
    for kind in (plain, fast):
        layer, rng = Linear(13, 21, np.random.default_rng(0)), np.random.default_rng(1)
        optimizer = kind(layer, 0.01, **options)
        for _ in range(3):
            for gradient in layer.grads.values():
                gradient[...] = asarray(rng.standard_normal(gradient.shape).astype(np.float32))
            optimizer.step()
        results.append([to_numpy(value) for value in layer.params.values()])
        results[-1] += optimizer.state().values()
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_error_on_another_core_comes_through(monkeypatch):
    use_cores(2, monkeypatch)
    with pytest.raises(ZeroDivisionError):
        on_each_core(lambda k, n: 1 // (1 - k), 5)
