"""Every layer of every rule: as many as the network has, and the last one is its prediction."""

import numpy as np
import pytest

from dni_np.analysis.layers import activations, layers
from dni_np.analysis.weight_norms import weight_norms
from dni_np.backend import asarray, to_numpy
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from dni_np.nn.sequential import Sequential
from dni_np.rules.rule import Rule
from tests.rules.networks import main_layers

RNG = np.random.default_rng(0)
X, Y = RNG.random((12, 64), np.float32), RNG.integers(0, 10, 12)
DATA = Dataset("noise", X, Y, X, Y, 10, image=(8, 8, 1))


def build(rule, **changes):
    hidden = (4,) if rule == "critic" else ()
    settings = Settings(
        rule=rule, layers=4, width=5, sees=RULES[rule].sees or ("output",), hidden=hidden, **changes
    )
    return build_rule(settings, DATA, np.random.default_rng(0))


@pytest.mark.parametrize("network", ["fcn", "cnn"])
@pytest.mark.parametrize("name", RULES)
def test_all_rules_show_their_layers(name, network):
    rule = build(name, network=network)
    before = {key: value.copy() for key, value in rule.state().items()}
    x = asarray(X)
    found = activations(rule, x)
    assert [h.shape[0] for h in found] == [12] * 4
    widths = [5, 5, 5, 10] if network == "fcn" else [4 * 4 * 5, 2 * 2 * 5, 5, 10]
    assert [h.shape[1] for h in found] == widths
    assert np.array_equal(to_numpy(found[-1]), to_numpy(rule.predict(x)))
    assert all(np.array_equal(value, before[key]) for key, value in rule.state().items())


@pytest.mark.parametrize("after", [(1,), (3,), (1, 3), (1, 2, 3)])
def test_where_a_network_is_cut_does_not_matter(after):
    whole, parts = build("backprop"), build("cdni", cut_after=after)
    assert len(parts.cores) == len(after) + 1 and len(layers(parts)) == 4
    for one, other in zip(
        activations(whole, asarray(X)), activations(parts, asarray(X)), strict=True
    ):
        assert np.array_equal(to_numpy(one), to_numpy(other))


def test_each_layer_reads_the_one_below(backend):
    rule = Rule()
    rule.cores = [Sequential(main_layers())]
    x = asarray(np.random.default_rng(0).standard_normal((7, 6)))
    h = x
    for layer, found in zip(rule.cores[0].layers, activations(rule, x), strict=True):
        h = layer.forward(h, training=False)[0]
        assert np.array_equal(to_numpy(h), to_numpy(found))


@pytest.mark.parametrize("name", ["backprop", "fa", "cdni"])
def test_weight_norms(name):
    """Known weights; what is not a W does not count, and neither do the guesses' weights or fixed
    feedback.
    """
    rule = build(name)
    for value, layer in enumerate(layers(rule), 1):
        for leaf in layer.leaves():
            for key in leaf.params:
                leaf.params[key][...] = value if key == "W" else 100
    sizes = [64 * 5, 25, 25, 50]
    wanted = {f"weight_norm_{k}": k * size**0.5 for k, size in enumerate(sizes, 1)}
    assert {key: float(norm) for key, norm in weight_norms(rule).items()} == pytest.approx(
        wanted, rel=1e-6
    )
