"""Complete unlock:

perfect inputs make it DNI; no layer depends on another; predictions use the real forward pass.
"""

import numpy as np
import pytest

from dni_np.analysis.gradient_probe import undisturbed
from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.rules.complete_unlock import CompleteUnlock
from dni_np.rules.dni_chain import DNIChain
from tests.rules.networks import (
    assert_goes_on_from_its_saved_state,
    dni_network,
    minibatch,
    on_device,
    synthetic_inputs,
)

LABEL = ("output", "label")


def build(sees=LABEL, hidden=(9,)):
    network, inputs = dni_network(sees, hidden), synthetic_inputs(sees, hidden)
    return CompleteUnlock(network.units, network.loss_unit, network.classes, inputs)


class TrueInput:
    """An input model that returns the true input; it writes down what it is to learn."""

    def __init__(self):
        self.learned = []

    def guess(self, x, context, ticket=None):
        return self.answer

    def learn(self, h, ticket=None):
        self.learned.append(h)
        return 0.0

    def parts(self):
        return {}


@pytest.mark.parametrize("sees", [("output",), LABEL], ids="+".join)
def test_with_perfect_synthetic_inputs_it_is_dni(sees):
    source, decoupled = dni_network(sees), dni_network(sees)
    models = [TrueInput() for _ in source.units]
    network = CompleteUnlock(source.units, source.loss_unit, source.classes, models)
    for step in range(5):
        x, y = on_device(minibatch(step))
        h = x
        with undisturbed(network.cores):
            for core, model in zip(network.cores, models):
                h, _ = core.forward(h)
                model.answer = h
        metrics, wanted = network.step(x, y), decoupled.step(x, y)
        assert {name: float(metrics[name]) for name in wanted} == {
            name: float(value) for name, value in wanted.items()
        }
        for model in models:  # and what it is to learn is the real one
            np.testing.assert_array_equal(to_numpy(model.learned[-1]), to_numpy(model.answer))
    for name, value in decoupled.state().items():
        np.testing.assert_array_equal(network.state()[name], value)


def test_no_layer_depends_on_another():
    """Other weights in one layer change nobody else's step, whether above it or below; in DNI those
    above change.
    """

    def steps(network, disturb):
        if disturb:
            network.cores[1].params["0.0.W"][...] *= -2
        network.step(*on_device(minibatch()))
        return [to_numpy(core.params[next(iter(core.params))]).copy() for core in network.cores]

    for make, wanted in (
        (build, [True, False, True, True]),
        (lambda: dni_network(LABEL), [True, False, False, False]),
    ):
        one, other = steps(make(), False), steps(make(), True)
        assert [np.array_equal(a, b) for a, b in zip(one, other)] == wanted


def test_predictions_use_the_real_forward_pass():
    network = build()
    for step in range(3):
        network.step(*on_device(minibatch(step)))
    x, _ = on_device(minibatch(9))
    for model in network.inputs:
        model.guess = None  # nobody asks for a synthetic input
    h = x
    for core in [*(unit.core for unit in network.units), network.loss_unit.core]:
        h, _ = core.forward(h, training=False)
    np.testing.assert_array_equal(to_numpy(network.predict(x)), to_numpy(h))


def test_input_models_learn_the_inputs():
    network = build(hidden=(40,))
    batch = on_device(minibatch(n=64))
    losses = [network.step(*batch) for _ in range(400)]
    for i in (1, 2, 3):
        assert float(losses[-1][f"input_loss_{i}"]) < 0.4 * float(losses[0][f"input_loss_{i}"])
    assert float(losses[-1]["loss"]) < 0.5 * float(losses[0]["loss"])


def test_synthetic_inputs_may_see_the_label():
    """The form called cDNI."""
    models = [build(sees).inputs[0] for sees in (("output",), LABEL)]
    x, y = on_device(minibatch())
    context = DNIChain.context(build(), x, y)
    other = {**context, "label": context["label"][:, ::-1].copy()}
    same = [
        bool((to_numpy(model.guess(x, context)) == to_numpy(model.guess(x, other))).all())
        for model in models
    ]
    assert same == [True, False]


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(build)


def test_a_wrong_number_of_inputs_is_refused():
    network = build()
    with pytest.raises(UserError, match="of 4 cores needs 3 synthetic inputs, not 2"):
        CompleteUnlock(network.units, network.loss_unit, network.classes, network.inputs[:2])
