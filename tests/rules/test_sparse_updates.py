"""Sparse updates:

p = 1 is DNI; an inactive layer is not updated; each is active with probability p, independently.
"""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.rules.sparse_updates import Coins, SparseUpdates
from tests.rules.networks import (
    assert_stopping_changes_nothing,
    dni_network,
    minibatch,
    on_device,
)


class FixedDraws:
    """Coins with given results: which layers are inactive, once."""

    def __init__(self, *inactive):
        self.inactive = list(inactive)

    def draw(self, probability):
        return [not out for out in self.inactive]

    def state(self):
        return {}


def build(probability, coins=None, seed=5, **options):
    network = dni_network(**options)
    parts = network.units, network.loss_unit, network.classes
    sparse = SparseUpdates(*parts, probability, np.random.default_rng(seed))
    if coins is not None:
        sparse.coins = FixedDraws(*coins)
    return sparse


@pytest.mark.parametrize("sees", [("output",), ("output", "label")], ids="+".join)
def test_p_1_is_dni(sees):
    always, decoupled = build(1.0, sees=sees), dni_network(sees)
    for step in range(6):
        batch = on_device(minibatch(step))
        wanted = {name: float(value) for name, value in decoupled.step(*batch).items()}
        assert {name: float(value) for name, value in always.step(*batch).items()} == wanted
    for name, value in decoupled.state().items():
        np.testing.assert_array_equal(always.state()[name], value)


def moved(network, batch):
    """Which parts of the network one step moves:

    "unit0/core", ... (batchnorm's statistics always do, and do not count).
    """
    before = network.state()
    metrics = network.step(*batch)
    after = network.state()
    changed = {name for name in after if not np.array_equal(after[name], before[name])}
    return {
        "/".join(n.split("/")[:2])
        for n in changed
        if not n.endswith((".mean", ".var")) and "optim" not in n
    }, metrics


@pytest.mark.parametrize(
    "coins, wanted",
    [
        ([1, 1, 1, 1], set()),
        ([0, 1, 1, 1], {"unit0/core"}),
        ([1, 0, 1, 1], {"unit1/core", "unit0/model"}),
        ([1, 1, 0, 1], {"unit2/core", "unit1/model"}),
        ([1, 1, 1, 0], {"head/core", "unit2/model"}),
        ([0, 1, 0, 1], {"unit0/core", "unit2/core", "unit1/model"}),
    ],
)
def test_an_active_layer_updates_itself_and_the_guess_below(coins, wanted):
    network = build(0.5, coins)
    parts, metrics = moved(network, on_device(minibatch()))
    assert parts == wanted
    losses = {f"gradient_loss_{int(name[4]) + 1}" for name in wanted if name.endswith("model")}
    assert set(metrics) == {"loss"} | losses
    assert not any(unit.waiting for unit in network.units)


def test_an_inactive_head_still_measures_the_loss():
    inactive, active = build(0.5, [1, 1, 1, 1]), build(0.5, [1, 1, 1, 0])
    batch = on_device(minibatch())
    assert float(inactive.step(*batch)["loss"]) == float(active.step(*batch)["loss"]) > 0


def test_inactive_layers_do_not_change_what_the_others_do():
    """The active layer's step is the same whichever others are active:

    no gradient is passed through anybody.
    """
    alone, among = build(0.5, [1, 0, 1, 1]), build(0.5, [0, 0, 0, 0])
    for network in (alone, among):
        network.step(*on_device(minibatch()))
    for name, value in alone.units[1].core.params.items():
        np.testing.assert_array_equal(to_numpy(value), to_numpy(among.units[1].core.params[name]))


def test_layers_wake_with_probability_p_and_independently():
    network = build(0.3, optimizer=lambda layer: Counter())
    for _ in range(2000):
        network.step(*on_device(minibatch(n=4)))
    optimizers = [*(unit.core_optimizer for unit in network.units), network.loss_unit.optimizer]
    counts = np.array([optimizer.steps for optimizer in optimizers])
    assert (np.abs(counts / 2000 - 0.3) < 0.04).all()  # four standard deviations
    assert len(set(counts)) > 1  # not one coin for all
    learned = [unit.sg_optimizer.steps for unit in network.units]
    assert learned == list(counts[1:])  # a guess learns when the part above is active


class Counter:
    steps = 0

    def step(self):
        self.steps += 1


def test_it_goes_on_from_its_saved_state_and_its_coins():
    whole, stopped, resumed = build(0.4), build(0.4), build(0.4, seed=6)
    work = [on_device(minibatch(i)) for i in range(12)]
    assert_stopping_changes_nothing(whole, stopped, resumed, work, stop=5)


def test_a_state_without_coins_is_refused():
    network = build(0.4)
    old = {name: value for name, value in network.state().items() if "coins" not in name}
    with pytest.raises(UserError, match="0 coins were saved and there are 4 layers"):
        network.load_state(old)


def test_a_layer_tosses_the_same_coin_in_any_network():
    few, many = (Coins(np.random.default_rng(0), n) for n in (3, 5))
    draws = np.array([(few.draw(0.5), many.draw(0.5)[:3]) for _ in range(50)])
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])
    assert 0.3 < draws.mean() < 0.7 and len(set(map(tuple, draws[:, 0].T))) == 3


@pytest.mark.parametrize("probability", [0, -0.1, 1.1, float("nan")])
def test_probabilities_outside_are_refused(probability):
    with pytest.raises(
        UserError, match=rf"an update must be a number in \(0, 1\], not {probability}"
    ):
        build(probability)
