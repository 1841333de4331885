"""Sparse updates: p = 1 is DNI; who is asleep does not move; each wakes as often as p says, and by itself."""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.rules.sparse_updates import SparseUpdates
from tests.rules.networks import (
    assert_stopping_changes_nothing,
    dni_network,
    minibatch,
    on_device,
)


class Coins(np.random.Generator):
    """A generator that gives these numbers."""

    def __init__(self, *rows):
        super().__init__(np.random.PCG64(0))
        self.rows = list(rows)

    def random(self, n):
        assert n == len(self.rows[0])
        return np.array(self.rows.pop(0))


def build(probability, rng=None, **options):
    network = dni_network(**options)
    rng = np.random.default_rng(5) if rng is None else rng
    return SparseUpdates(network.units, network.loss_unit, network.classes, probability, rng)


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
    """Which parts of the network one step moves: "unit0/core", ... (batchnorm's statistics always do, and do not count)."""
    before = network.state()
    metrics = network.step(*batch)
    after = network.state()
    changed = {name for name in after if not np.array_equal(after[name], before[name])}
    return {"/".join(n.split("/")[:2]) for n in changed if not n.endswith((".mean", ".var")) and "optim" not in n}, metrics


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
def test_a_layer_that_is_awake_moves_itself_and_the_guess_below(coins, wanted):
    network = build(0.5, Coins(coins))
    parts, metrics = moved(network, on_device(minibatch()))
    assert parts == wanted
    losses = {f"gradient_loss_{int(name[4]) + 1}" for name in wanted if name.endswith("model")}
    assert set(metrics) == {"loss"} | losses
    assert not any(unit.waiting for unit in network.units)


def test_a_sleeping_head_still_tells_the_loss():
    asleep, awake = build(0.5, Coins([1, 1, 1, 1])), build(0.5, Coins([1, 1, 1, 0]))
    batch = on_device(minibatch())
    assert float(asleep.step(*batch)["loss"]) == float(awake.step(*batch)["loss"]) > 0


def test_what_sleeps_does_not_change_what_the_others_do():
    """The awake layer's step is the same whoever else is awake: no gradient is passed through anybody."""
    alone, among = build(0.5, Coins([1, 0, 1, 1])), build(0.5, Coins([0, 0, 0, 0]))
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
    assert learned == list(counts[1:])  # a guess learns when the part above is awake


class Counter:
    steps = 0

    def step(self):
        self.steps += 1


def test_it_goes_on_from_its_saved_state_and_the_generators():
    shared = [np.random.default_rng(5) for _ in range(2)]
    whole, stopped, resumed = build(0.4, shared[0]), build(0.4, shared[1]), build(0.4, shared[1])
    assert_stopping_changes_nothing(whole, stopped, resumed, [on_device(minibatch(i)) for i in range(12)], stop=5)


@pytest.mark.parametrize("probability", [0, -0.1, 1.1, float("nan")])
def test_probabilities_outside_are_refused(probability):
    with pytest.raises(
        UserError, match=rf"an update must be a number in \(0, 1\], not {probability}"
    ):
        build(probability)
