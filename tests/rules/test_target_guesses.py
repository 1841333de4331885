"""Target networks:

period 1 is the chain; in between, targets come from the copies, as they were.
"""

import copy

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.target_guesses import TargetGuesses
from tests.rules import every_rule
from tests.rules.networks import (
    assert_stopping_changes_nothing,
    dni_network,
    minibatch,
    on_device,
)

LABEL = ("output", "label")


def build(period, **options):
    network = dni_network(**{"sees": LABEL, **options})
    return TargetGuesses(network.units, network.loss_unit, network.classes, period)


def batches(n):
    return [on_device(minibatch(seed)) for seed in range(n)]


def assert_learn_alike(one, other, work):
    """The same metrics in every step, and all that `one` saves is the same in `other`."""
    assert every_rule.metrics_of(one, work) == every_rule.metrics_of(other, work)
    found = other.state()
    for name, value in one.state().items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize("hidden", [(), (9,)], ids=["linear", "hidden"])
def test_period_1_is_the_chain(hidden, backend):
    assert_learn_alike(dni_network(LABEL, hidden), build(1, hidden=hidden), batches(6))


@pytest.mark.parametrize("name", ["fcn", "cnn"])
def test_period_1_is_the_chain_in_a_run(name, backend):
    changes = {"network": name, "sees": (*LABEL, "picture") if name == "cnn" else LABEL}
    (chain, work), (targets, _) = (
        every_rule.on_images(np.random.default_rng(3), {"rule": rule, **more, **changes})
        for rule, more in (("cdni", {}), ("target", {"target_period": 1}))
    )
    assert type(chain) is DNIChain
    assert_learn_alike(chain, targets, work)


def test_a_core_learns_from_the_newest_guess_and_the_guess_below_from_the_copy(backend):
    network = build(4)
    *before, batch = batches(3)  # two updates since the copies were made
    every_rule.metrics_of(network, before)
    newest, frozen = copy.deepcopy(network), copy.deepcopy(network)
    for i, unit in enumerate(frozen.units[1:]):
        unit.synthetic_gradient.load_state(frozen.copies[i].state())
    chains = [DNIChain(one.units, one.loss_unit, one.classes) for one in (newest, frozen)]
    ours, (with_newest, with_frozen) = (
        every_rule.metrics_of(network, [batch])[0],
        [every_rule.metrics_of(chain, [batch])[0] for chain in chains],
    )
    # The lowest guess is the same in all three. In the chain of the copies its target is theirs.
    assert ours["gradient_loss_1"] == with_frozen["gradient_loss_1"]
    assert ours["gradient_loss_1"] != with_newest["gradient_loss_1"]
    assert ours["gradient_loss_3"] == with_newest["gradient_loss_3"]  # from the true gradient
    for i, core in enumerate(network.cores):
        for name, value in core.params.items():
            value = to_numpy(value)
            np.testing.assert_array_equal(value, to_numpy(chains[0].cores[i].params[name]))
            if 0 < i < 3 and name.endswith("W"):
                assert (value != to_numpy(chains[1].cores[i].params[name])).any()


def weights(models):
    return [to_numpy(model.params["0.W"]).copy() for model in models]


def test_copies_change_every_period_updates_and_are_then_what_the_guesses_were():
    network = build(3)
    for k, batch in enumerate(batches(8)):
        models = [unit.synthetic_gradient for unit in network.units[1:]]
        newest, held = weights(models), weights(network.copies)
        network.step(*batch)
        for new, old, now in zip(newest, held, weights(network.copies)):
            np.testing.assert_array_equal(now, new if k % 3 == 0 else old)
            assert k == 0 or (new != old).any()


@pytest.mark.parametrize("stop", [4, 6])
def test_it_goes_on_from_its_saved_state_and_its_copies(stop):
    """Between two refreshes, and just before one."""
    assert_stopping_changes_nothing(build(3), build(3), build(3), batches(8), stop)


def test_the_copies_are_part_of_the_saved_state():
    names = {name for name in build(3).state() if "target_network" in name}
    assert {name.split("/")[0] for name in names} == {"unit1", "unit2"}


def test_a_network_with_one_guess_has_no_copies():
    assert build(3, after=(2,)).copies == []
    assert_learn_alike(dni_network(LABEL, after=(2,)), build(3, after=(2,)), batches(4))
