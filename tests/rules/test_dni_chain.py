"""The unit and the chain:

order of events, several batches in flight, cuts, saved state, probes that disturb nothing.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.analysis.gradient_error import gradient_error
from dni_np.analysis.gradient_probe import gradient_pairs
from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.initializers import zeros
from dni_np.rules.dni_chain import cut
from tests.rules.networks import (
    assert_goes_on_from_its_saved_state,
    dni_network,
    main_layers,
    minibatch,
    on_device,
)
from tests.rules.test_identities import true_gradients


def states_equal(one, other):
    one, other = one.state(), other.state()
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name]) for name in one
    )


def test_guesses_are_served_oldest_first():
    """Three batches go up before the first target comes: each target meets its own guess."""
    unit = dni_network().units[0]
    guesses = []
    for seed in range(3):
        x, _ = on_device(minibatch(seed))
        unit.forward_and_synthetic_update(x)
        guesses.append(unit.waiting[seed].guess)
    for guess in guesses:
        assert float(unit.update_synthetic_weights(guess)) == 0  # the target equals this very guess
    assert not unit.waiting


def test_a_target_too_many():
    with pytest.raises(UserError, match="more targets than guesses"):
        dni_network().units[0].update_synthetic_weights(np.zeros((4, 8)))


def test_what_goes_back_passes_through_the_weights_before_the_update():
    unit = dni_network().units[1]
    h, _ = on_device(minibatch(sizes=(8, 4)))
    core = dni_network().units[1].core  # the same weights, not updated
    y, cache = core.forward(h)
    wanted = core.backward(unit.synthetic_gradient.forward(y)[0], cache)
    back, out = unit.forward_and_synthetic_update(h)
    np.testing.assert_array_equal(to_numpy(back), to_numpy(wanted))
    np.testing.assert_array_equal(to_numpy(out), to_numpy(y))
    assert (to_numpy(unit.core.params["0.0.W"]) != to_numpy(core.params["0.0.W"])).any()


def test_only_the_top_unit_gets_a_true_gradient():
    """Figure 9: the top target is the loss's own gradient, the others come from the guess above."""
    network = dni_network()
    targets = []
    for unit in network.units:
        unit.update_synthetic_weights = lambda *given, serve=unit.update_synthetic_weights: (
            targets.append(given[0]),
            serve(*given),
        )[1]
    x, y = on_device(minibatch())
    truths = true_gradients(network.cores, network.loss_unit.loss, x, y)
    network.step(x, y)
    errors = [float(gradient_error(target, truth)["l2"]) for target, truth in zip(targets, truths)]
    assert errors[-1] < 1e-12 and min(errors[:-1]) > 1e-3


@given(n=st.integers(2, 7), data=st.data())
def test_cutting_keeps_every_layer_in_order(n, data):
    places = data.draw(st.lists(st.integers(1, n - 1), min_size=1))
    layers = [ReLU() for _ in range(n)]
    cores = cut(layers, places)
    assert [layer for core in cores for layer in core.layers] == layers
    assert len(cores) == len(set(places)) + 1


@pytest.mark.parametrize("after", [(), (0,), (4,), (1, 9)])
def test_cutting_where_no_layer_ends(after):
    with pytest.raises(UserError, match="can be cut after layers 1 to 3"):
        cut(main_layers(), after)


@pytest.mark.parametrize("after", [(1,), (2,), (3,), (1, 2), (1, 2, 3)])
def test_every_kind_of_cut_learns(after):
    network = dni_network(("output", "label"), after=after, last_init=zeros)
    x, _ = minibatch(n=64)
    y = (x @ np.random.default_rng(3).standard_normal((6, 4))).argmax(axis=1)
    x, y = on_device((x, y))
    losses = [float(network.step(x, y)["loss"]) for _ in range(300)]
    assert losses[-1] < 0.3 * losses[0]


def test_a_network_goes_on_from_its_saved_state_bit_for_bit():
    assert_goes_on_from_its_saved_state(lambda: dni_network(hidden=(6,)))


def test_probes_disturb_nothing():
    probed, alone = dni_network(hidden=(6,)), dni_network(hidden=(6,))
    for step in range(5):
        x, y = on_device(minibatch(step))
        gradient_pairs(probed, x, y)
        assert float(probed.step(x, y)["loss"]) == float(alone.step(x, y)["loss"])
    assert states_equal(probed, alone)


def test_probes_see_the_guesses_and_the_truth():
    network = dni_network()
    x, y = on_device(minibatch())
    pairs = gradient_pairs(network, x, y)
    truths = true_gradients(network.cores, network.loss_unit.loss, x, y)
    for (_, true), wanted in zip(pairs, truths):
        np.testing.assert_allclose(to_numpy(true), to_numpy(wanted), rtol=1e-12)
    network.step(x, y)
    h, _ = dni_network().units[0].core.forward(x)
    np.testing.assert_allclose(
        to_numpy(pairs[0][0]), to_numpy(dni_network().units[0].synthetic_gradient.forward(h)[0])
    )
