"""A layer made of several: by number, by name, around one."""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.composite import Composite
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential


def parts():
    rng = np.random.default_rng(0)
    return [Linear(3, 2, rng), Sequential([Linear(2, 2, rng, bias=False), BatchNorm(2)])]


NAMES = {
    "by number": (lambda one, two: [one, two], ["0.W", "0.b", "1.0.W", "1.1.gamma", "1.1.beta"]),
    "by name": (
        lambda one, two: {"a": one, "b": two},
        ["a.W", "a.b", "b.0.W", "b.1.gamma", "b.1.beta"],
    ),
    "around one": (lambda one, two: two, ["0.W", "1.gamma", "1.beta"]),
}


@pytest.mark.parametrize("way", NAMES)
def test_names(way):
    join, names = NAMES[way]
    whole = Composite(join(*parts()))
    assert list(whole.params) == list(whole.grads) == names and len(whole.params) == len(names)
    assert [name.split(".")[-1] for name in whole.buffers] == ["mean", "var"]
    assert len(list(whole.leaves())) == (2 if way == "around one" else 3)
    for name in ("7.W", "W", "0.V", "a", ""):
        assert name not in whole.params


def test_the_arrays_are_the_parts_own():
    one, two = parts()
    whole = Composite([one, two])
    optimizer = SGD(whole, 1.0)  # gives the parts new arrays, views of its vectors
    assert whole.params["0.W"] is one.params["W"]
    optimizer.grads[...] = 1
    before = to_numpy(one.params["b"]).copy()
    optimizer.step()
    np.testing.assert_array_equal(to_numpy(whole.params["0.b"]), before - 1)
    other = Composite(parts())
    other.load_state(whole.state())
    np.testing.assert_array_equal(to_numpy(other.params["1.0.W"]), to_numpy(two.params["0.W"]))
