"""The optimizers on all cores update as the plain ones do, bit for bit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dni_np.backend import asarray, on_host, to_numpy
from dni_np.nn import optimizers
from dni_np.nn.fast import batch_threads
from dni_np.nn.fast import optimizers as fast_optimizers
from dni_np.nn.fast.batch_threads import on_each_core
from dni_np.nn.fast.optimizers import FastAdam, FastSGD, shares, together, waiting
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


@pytest.fixture
def two_cores(monkeypatch):
    use_cores(2, monkeypatch)
    monkeypatch.setattr(fast_optimizers, "FEW", 16)


def some_layers(kind=FastAdam):
    """Layers of several sizes, two of them in double precision, with gradients and optimizers."""
    layers = [Linear(n, 5, np.random.default_rng(n)) for n in (3, 40, 7, 2)]
    layers += [Linear(n, 5, np.random.default_rng(n), dtype=np.float64) for n in (9, 30)]
    rng = np.random.default_rng(1)
    for layer in layers:
        for gradient in layer.grads.values():
            gradient[...] = asarray(rng.standard_normal(gradient.shape), gradient.dtype)
    return layers, [kind(layer, 0.01) for layer in layers]


def weights(layers):
    return [to_numpy(layer.params["W"]).copy() for layer in layers]


@pytest.mark.parametrize("alone", [0, 10**9], ids=["on two cores", "few numbers, on one"])
def test_updates_together_are_those_apart(alone, monkeypatch, two_cores):
    monkeypatch.setattr(fast_optimizers, "ALONE", alone)
    monkeypatch.setattr(optimizers, "BLOCK", 50)
    layers, all_optimizers = some_layers()
    before = weights(layers)
    with together(), together():
        for optimizer in all_optimizers:
            optimizer.step()
        for optimizer, now, old in zip(all_optimizers, weights(layers), before):
            waits = on_host() and optimizer.params.size > 16
            assert np.array_equal(now, old) == waits
    apart, plain = some_layers(Adam)
    for optimizer in plain:
        optimizer.step()
    for one, other in zip(weights(layers), weights(apart), strict=True):
        np.testing.assert_array_equal(one, other)


def test_after_an_error_what_was_counted_is_made(two_cores):
    layers, all_optimizers = some_layers()
    apart, plain = some_layers(Adam)
    with pytest.raises(ZeroDivisionError), together():
        all_optimizers[0].step()
        _ = 1 // 0
    plain[0].step()
    np.testing.assert_array_equal(weights(layers)[0], weights(apart)[0])
    assert waiting.updates is None


def test_updates_of_other_threads_do_not_wait(two_cores):
    layers, all_optimizers = some_layers()
    before = weights(layers)
    with together(), ThreadPoolExecutor(1) as pool:
        pool.submit(all_optimizers[0].step).result()
        assert not np.array_equal(weights(layers)[0], before[0])


def test_each_core_gets_about_as_much():
    updates = [(None, [np.empty(n)]) for n in (9, 5, 4, 3, 2)]
    assert [[len(block[0]) for _, block in share] for share in shares(updates, 2)] == [
        [9, 3],
        [5, 4, 2],
    ]
