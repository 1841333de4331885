"""A step that fails, wherever it does, leaves nothing behind that a later one could meet."""

import numpy as np
import pytest

from dni_np.errors import UserError
from dni_np.nn.optimizers import SGD, Optimizer
from tests.rules.every_rule import NAMES, assert_same_state, build, metrics_of
from tests.rules.networks import dni_network, minibatch, on_device


def fail_at(monkeypatch, n):
    """Interrupt whatever runs next where an optimizer is about to make update `n` (from 0)."""
    calls, step = [], Optimizer.step

    def interrupted(self):
        calls.append(self)
        if len(calls) > n:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(Optimizer, "step", interrupted)


def waiting(rule):
    """How many guesses wait in each part that makes some."""
    return [len(part) for name, part in rule.parts().items() if name.endswith("waiting")]


def carried(rule):
    return {name: value for name, value in rule.state().items() if name.startswith("carried")}


@pytest.mark.parametrize("name", NAMES)
def test_interrupted_anywhere_a_rule_goes_on_from_its_parameters_alone(name, monkeypatch):
    """A network that is given its saved state, and never had that step, learns the same."""
    rule, work = build(name)
    metrics_of(rule, work[:1])
    before = carried(rule)
    for n in range(99):
        with monkeypatch.context() as patch:
            fail_at(patch, n)
            try:
                rule.step(*work[1])
                break  # it has no more than n updates
            except KeyboardInterrupt:
                pass
        assert not any(waiting(rule))
        for part, value in carried(rule).items():
            np.testing.assert_array_equal(value, before[part], err_msg=part)
    assert n > 0
    other, _ = build(name)
    other.load_state(rule.state())
    assert metrics_of(rule, work[2:]) == metrics_of(other, work[2:])
    assert_same_state(rule, other)


def train(network, steps):
    """On two batches in turn; the mean loss of the last guesses."""
    batches = [on_device(minibatch(seed, sizes=(6, 4))) for seed in (1, 2)]
    losses = [float(network.step(*batches[k % 2])["gradient_loss_1"]) for k in range(steps)]
    return np.mean(losses[-10:])


class Broken:
    """A loss that fails."""

    def __call__(self, prediction, target):
        raise ZeroDivisionError


@pytest.mark.parametrize("fault", ["labels refused", "input refused", "loss", "metric"])
def test_a_step_that_failed_does_not_spoil_later_ones(fault):
    network = dni_network(("output", "label"), sizes=(6, 64, 4), after=(1,))
    head, guess, loss = network.loss_unit, network.units[0], network.loss_unit.loss
    head.optimizer = SGD(head.core, 1e-9)  # what is guessed stands still
    guess.core_optimizer = SGD(guess.core, 1e-9)
    good = train(network, 300)
    x, y = on_device(minibatch(sizes=(6, 4)))
    with pytest.raises((UserError, ZeroDivisionError)):
        if fault == "labels refused":
            network.step(x, network.context(x, y)["label"])
        elif fault == "input refused":
            network.step(x[:, :5], y)
        elif fault == "loss":
            head.loss = Broken()
            network.step(x, y)
        else:
            guess.update_synthetic_weights = lambda target, ticket: 1 / 0
            network.step(x, y)
    head.loss = loss
    vars(guess).pop("update_synthetic_weights", None)  # the class's own is there again
    assert train(network, 20) < good < 0.02  # a target that meets another batch's guess: 0.8


def test_a_rule_that_has_guesses_waiting_says_so_and_forgets_them_when_asked():
    network = dni_network()
    x, y = on_device(minibatch())
    network.step(x, y)
    saved = network.state()
    network.units[0].forward_and_synthetic_update(x)
    network.units[0].forward_and_synthetic_update(x)
    with pytest.raises(UserError, match=r"2 guesses are waiting .* drain\(\)"):
        network.state()
    network.drain()
    assert not any(waiting(network)) and network.state().keys() == saved.keys()
    network.units[1].guess(x[:, :1].repeat(7, axis=1))
    network.load_state(saved)
    assert not any(waiting(network))


def test_a_rule_of_ones_own_is_guarded_as_well():
    class Mine(type(dni_network())):
        def step(self, x, y):
            self.units[0].forward_and_synthetic_update(x)
            raise MemoryError

    mine = dni_network()
    mine.__class__ = Mine
    with pytest.raises(MemoryError):
        mine.step(*on_device(minibatch()))
    assert not any(waiting(mine))
