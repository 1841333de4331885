"""The chain of DNI units makes all updates of a batch at its end, and learns the same."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.recipes import find
from dni_np.nn.fast import optimizers as fast_optimizers
from dni_np.nn.fast.choice import together
from dni_np.rules.dni_chain import DNIChain
from tests.nn.test_fast_optimizers import use_cores


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    use_cores(2, monkeypatch)
    monkeypatch.setattr(fast_optimizers, "ALONE", 0)
    monkeypatch.setattr(fast_optimizers, "FEW", 0)


@pytest.mark.parametrize(
    "rule, changes",
    [
        ("cdni", {}),
        ("dni", {"hidden": (12,)}),
        ("cdni", {"sg_optimizer": "rls"}),
        ("cdni", {"cut_after": (1,)}),
        ("dni", {"optimizer": "sgd", "head": "synthetic", "hidden": ()}),
    ],
)
def test_the_chain_learns_the_same(rule, changes):
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 20), np.float32), rng.integers(0, 3, 40)
    data = Dataset("random", x, y, x, y, 3)
    settings = find("mnist-fcn").settings(rule, layers=4, width=12, **changes)
    found = []
    for plain in (False, True):
        chain = build_rule(settings, data, np.random.default_rng(1))
        assert type(chain) is DNIChain and chain.updates is together
        if plain:
            chain.updates = DNIChain.updates
        for _ in range(4):
            metrics = chain.step(asarray(x), asarray(y))
        found.append([to_numpy(metrics["loss"])])
        for part in chain.parts().values():
            found[-1] += [to_numpy(value) for value in part.state().values()]
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
