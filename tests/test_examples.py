"""The examples are the command line's runs, bit for bit: the same draws, the same calls."""

from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dni_np.backend import to_numpy
from dni_np.data.digits import load_digits
from dni_np.examples import addition, copy, mnist, two_workers
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.sequences.build import build_loop as build_recurrent_loop
from dni_np.experiments.registry import find_recipe

EXAMPLES = sorted((Path(__file__).parents[1] / "dni_np/examples").glob("[a-z]*.py"))


def arrays(layers):
    leaves = [leaf for layer in layers for leaf in layer.leaves()]
    return [to_numpy(a) for leaf in leaves for a in (*leaf.params.values(), *leaf.buffers.values())]


def by_command(recipe, dataset=None, **settings):
    loop = build_loop(find_recipe(recipe).settings("cdni", **settings), dataset, progress=False)
    loop.run()
    return loop.rule.cores


def assert_same(layers, cores):
    found, wanted = arrays(layers), arrays(cores)
    assert len(found) == len(wanted) > 0
    for one, other in zip(found, wanted):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", [0, 3])
def test_mnist(seed):
    digits = load_digits()
    cores = by_command("mnist-fcn-quick", digits, steps=30, seed=seed, evaluate_every=30)
    assert_same(mnist.train(digits, steps=30, seed=seed), cores)


@pytest.mark.parametrize("seed", [0, 3])
def test_addition(seed):
    layers, (x, y) = addition.train(steps=100, seed=seed)
    assert_same(layers, by_command("addition-quick", steps=100, seed=seed, evaluate_every=100))
    assert 0 < len(x) == len(y)


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_two_workers(engine):
    digits = load_digits()
    rule, events = two_workers.train(digits, steps=20, seed=3, engine=engine)
    with threadpool_limits(1, user_api="blas"):  # as each worker has: products round otherwise
        cores = by_command("mnist-fcn-quick", digits, steps=20, seed=3, evaluate_every=20, layers=7)
    assert_same(rule.cores, cores)
    assert {event.worker for event in events} == {1, 2}


def test_copy():
    settings = find_recipe("copy-quick").settings("dni", samples=3000)
    loop = build_recurrent_loop(settings, progress=False)
    loop.run()
    assert_same(copy.train(samples=3000), [loop.rule.core, loop.rule.readout, loop.rule.guess])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) <= 70
