"""Guesses and their tickets: which target is whose, and what a late one is compared with."""

import copy

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.initializers import he_normal, zeros
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD
from dni_np.rules.complete_unlock import SyntheticInput
from tests.rules.networks import dni_network, minibatch, on_device


def context():
    return {"label": asarray(np.eye(4)[np.arange(16) % 4])}


def unit(hidden=(), rate=0.1):
    """6 to 8, a guess that sees the label."""
    rng = np.random.default_rng(0)
    core = Linear(6, 8, rng, dtype=np.float64)
    conditioning = Conditioning(("output", "label"), 8, label=4)
    model = SyntheticGradient(8, conditioning, rng, hidden, he_normal, dtype=np.float64)
    return DNI(core, model, SGD(core, rate), SGD(model, rate))


def batch(seed):
    return on_device(minibatch(seed))[0]


def target(seed, width=8):
    return asarray(np.random.default_rng(seed).standard_normal((16, width)))


def parameters(model):
    return {name: to_numpy(value).copy() for name, value in model.params.items()}


@pytest.mark.parametrize("tickets", [(0, 1, 2), ("a", "b", "c"), ((3, "x"), (3, "y"), 7)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_target_meets_the_guess_of_its_ticket(tickets, order):
    one = unit()
    one.sg_optimizer = SGD(one.synthetic_gradient, 1e-300)  # no guess changes
    guesses = []
    for seed, ticket in enumerate(tickets):
        one.forward_and_synthetic_update(batch(seed), context(), ticket=ticket)
        guesses.append(one.waiting[ticket].guess)
    for k in order:
        assert float(one.update_synthetic_weights(guesses[k], ticket=tickets[k])) == 0
    assert not one.waiting


def test_mistakes_are_refused_and_nothing_is_lost():
    one, before = unit(), None
    with pytest.raises(UserError, match="more targets than guesses"):
        one.update_synthetic_weights(target(0))
    one.forward_and_synthetic_update(batch(0), context(), ticket=5)
    before = parameters(one.synthetic_gradient)
    with pytest.raises(UserError, match="waiting under the ticket 5 already"):
        one.guess(target(1), context(), ticket=5)
    with pytest.raises(UserError, match="no guess is waiting under the ticket 6"):
        one.update_synthetic_weights(target(0), ticket=6)
    for wrong in (target(0, 1), target(0, 9), target(0)[:15], target(0)[:, 0]):
        with pytest.raises(UserError, match=r"as a target: it needs floats of shape \(16, 8\)"):
            one.update_synthetic_weights(wrong)
    for name, value in parameters(one.synthetic_gradient).items():
        np.testing.assert_array_equal(value, before[name])
    assert list(one.waiting) == [5]
    one.update_synthetic_weights(target(0), ticket=5)  # the right one can still come


@pytest.mark.parametrize("hidden", [(), (9,)], ids=["linear", "hidden, batchnorm"])
def test_a_late_target_is_compared_with_a_guess_made_anew(hidden):
    """Two guesses, two targets: the second is a step on 1/2 ||M(h) - d||^2 with M as it is then."""
    late, by_hand = unit(hidden), unit(hidden)
    seen = []
    for seed in (0, 1):
        seen.append(late.forward_and_synthetic_update(batch(seed), context())[1])
    losses = [float(late.update_synthetic_weights(target(seed))) for seed in (0, 1)]
    model, optimizer = by_hand.synthetic_gradient, by_hand.sg_optimizer
    for seed in (0, 1):
        guess, cache = model.forward(seen[seed], context())
        error = guess - target(seed)
        assert losses[seed] == pytest.approx(0.5 * float((error * error).sum()) / 16, rel=1e-12)
        model.backward(error, cache)
        optimizer.step()
    for name, value in parameters(late.synthetic_gradient).items():
        np.testing.assert_allclose(value, parameters(model)[name], rtol=1e-12, atol=1e-14)


def test_a_target_in_time_costs_no_second_forward_pass():
    network, calls = dni_network(), []
    for one in network.units:
        model, forward = one.synthetic_gradient, one.synthetic_gradient.forward
        model.forward = lambda *seen, forward=forward: (calls.append(1), forward(*seen))[1]
    for step in range(3):
        network.step(*on_device(minibatch(step)))
    assert len(calls) == 3 * len(network.units)


def test_an_input_model_guesses_anew_too():
    rng = np.random.default_rng(0)
    model = SyntheticGradient(8, Conditioning(("output",), 8), rng, (), he_normal, dtype=np.float64)
    late = SyntheticInput(model, SGD(model, 0.1), (2, 4))
    x = target(0)
    guesses = [late.guess(x, ticket=name) for name in "ab"]
    h = target(1).reshape(16, 2, 4)
    first = float(late.learn(h, ticket="a"))
    second = float(late.learn(h, ticket="b"))  # of the same input: the model has learned since
    assert guesses[0].shape == h.shape and second < 0.9 * first
    with pytest.raises(UserError, match="as a target: it needs floats"):
        late.guess(x)
        late.learn(h[:, :, :1])


def keep(one):
    """As it was before: the guess of then meets its target, whatever was learned in between."""
    for ticket, waiting in one.waiting.items():
        one.waiting[ticket] = waiting._replace(updates=one.sg_optimizer.steps)


def late_losses(late, kept, steps=40):
    """The loss, step by step, of a linear guess of a fixed gradient whose targets come late.

    Gradient descent without a delay is stable up to a rate of 2 / curvature, with four steps of it
    up to 2 sin(pi / 18) / curvature, a sixth. The rate here is half of the first.
    """
    one, truth, losses = unit(), target(7), []
    z = to_numpy(one.synthetic_gradient.conditioning.join(one.core.forward(batch(0))[0], context()))
    phi = np.concatenate([z, np.ones((16, 1))], axis=1)
    one.sg_optimizer = SGD(one.synthetic_gradient, 16 / np.linalg.eigvalsh(phi.T @ phi)[-1])
    for step in range(steps):
        one.forward_and_guess(batch(0), context(), ticket=step)
        if step >= late:
            if kept:
                keep(one)
            losses.append(float(one.update_synthetic_weights(truth, ticket=step - late)))
    return losses


def test_late_targets_blow_up_a_guess_that_is_kept():
    in_time, anew, kept = late_losses(0, False), late_losses(4, False), late_losses(4, True)
    assert in_time[-1] < 0.5 * in_time[0]
    assert anew == pytest.approx(in_time[: len(anew)], rel=1e-9)  # of one batch: all is only later
    assert kept[-1] > 100 * in_time[0]


def chain_loss(late, kept, steps=200):
    """What a chain of four units comes to, where every target comes `late` steps late."""
    sizes = (20, 32, 32, 32, 32, 10)
    network = dni_network(("output", "label"), after=(1, 2, 3, 4), sizes=sizes, last_init=zeros)
    rng = np.random.default_rng(0)
    centers, coming, losses = rng.standard_normal((10, 20)), [], []
    for step in range(steps):
        labels = rng.integers(0, 10, 64)
        x, y = asarray(centers[labels] + rng.standard_normal((64, 20))), asarray(labels)
        seen, h, targets = network.context(x, y), x, []
        for i, one in enumerate(network.units):
            back, h = one.forward_and_synthetic_update(h, seen, input_gradient=i > 0, ticket=step)
            targets.append(back)
        dh, loss = network.loss_unit.train(h, y, seen)
        coming.append((step, [*targets[1:], dh]))
        if len(coming) > late:
            ticket, due = coming.pop(0)
            for one, d in zip(network.units, due):
                if kept:
                    keep(one)
                one.update_synthetic_weights(d, ticket=ticket)
        losses.append(float(loss))
    return np.mean(losses[-20:])


def test_a_network_learns_from_late_targets():
    in_time, anew, kept = chain_loss(0, False), chain_loss(4, False), chain_loss(4, True)
    assert anew < 1.5 * in_time
    assert kept > 3 * in_time


def test_a_copy_takes_what_waits_along():
    one = unit()
    for seed in (0, 1):
        one.forward_and_synthetic_update(batch(seed), context())
    other = copy.deepcopy(one)
    for each in (one, other):
        assert len(each.waiting) == 2
    for seed in (0, 1):
        losses = [float(each.update_synthetic_weights(target(seed))) for each in (one, other)]
        assert losses[0] == losses[1]
    for name, value in parameters(other.synthetic_gradient).items():
        np.testing.assert_array_equal(value, parameters(one.synthetic_gradient)[name])
