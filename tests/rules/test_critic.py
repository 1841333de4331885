"""The scalar critic:

its slope is the derivative of its value, it learns losses, and only numbers come down.
"""

import numpy as np
import pytest

from dni_np.analysis.gradient_probe import gradient_pairs
from dni_np.backend import asarray, to_numpy
from dni_np.dni.conditioning import Conditioning
from dni_np.errors import UserError
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.initializers import he_normal, zeros
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.optimizers import Adam
from dni_np.rules.critic import CriticChain, CriticUnit, ScalarCritic
from dni_np.rules.dni_chain import cut
from dni_np.rules.loss_unit import LossUnit
from tests.pytorch_twin import tensor, torch, twin
from tests.rules.networks import (
    SIZES,
    adam,
    assert_goes_on_from_its_saved_state,
    main_layers,
    minibatch,
    on_device,
)

LABEL = ("output", "label")


def critic(width=5, hidden=(9, 6), sees=LABEL, last_init=he_normal):
    conditioning = Conditioning(sees, width, label=4, input=6)
    return ScalarCritic(conditioning, np.random.default_rng(1), hidden, last_init, dtype=np.float64)


def build(bootstrapped=True, last_init=he_normal, optimizer=adam, hidden=(9,)):
    cores = cut(main_layers(), (1, 2, 3))
    units = []
    for core, n in zip(cores, SIZES[1:-1]):
        model = critic(n, hidden, LABEL, last_init)
        units.append(CriticUnit(core, model, optimizer(core), optimizer(model)))
    top = LossUnit(cores[-1], SoftmaxCrossEntropy(), optimizer(cores[-1]))
    return CriticChain(units, top, SIZES[-1], bootstrapped)


def context_of(n, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "label": asarray(np.eye(4)[rng.integers(0, 4, n)]),
        "input": asarray(rng.standard_normal((n, 6))),
    }


@pytest.mark.parametrize("shape", [(7, 5), (7, 2, 3, 5)], ids=["rows", "maps"])
@pytest.mark.parametrize("sees", [("output",), LABEL, ("output", "input", "label")], ids="+".join)
def test_the_guess_is_the_slope_of_the_value(sees, shape):
    rng, context = np.random.default_rng(0), context_of(7)
    model = critic(int(np.prod(shape[1:])), sees=sees)
    h = asarray(rng.standard_normal(shape))
    guess, (value, _) = model.forward(h, context)
    assert guess.shape == shape and value.shape == (7, 1)

    def total():  # the sum over samples: each value depends on its own sample only
        return float(model.forward(h, context)[1][0].sum())

    assert check_gradient(total, h, to_numpy(guess), rng, elementwise=shape == (7, 5)) < 1e-6


def test_the_critic_descends_its_squared_error():
    rng, context, model = np.random.default_rng(0), context_of(7), critic()
    h, losses = asarray(rng.standard_normal((7, 5))), asarray(rng.random((7, 1)))
    _, cache = model.forward(h, context)
    model.backward(cache[0] - losses, cache)
    grads = model.grads
    grads = {name: to_numpy(value).copy() for name, value in grads.items()}

    def error():
        return float((0.5 * (model.forward(h, context)[1][0] - losses) ** 2).mean())

    for name, array in model.params.items():
        assert check_gradient(error, array, grads[name], rng, elementwise=True) < 1e-6


@pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)
def test_the_slope_against_pytorch():
    model, context = critic(), context_of(7)
    h = np.random.default_rng(0).standard_normal((7, 5))
    theirs = tensor(h).requires_grad_()
    twin(model.net)(torch.cat([theirs, tensor(to_numpy(context["label"]))], dim=1)).sum().backward()
    np.testing.assert_allclose(
        to_numpy(model.forward(asarray(h), context)[0]), theirs.grad.numpy(), rtol=1e-9
    )


def test_targets_are_the_next_value_or_the_loss():
    for bootstrapped in (True, False):
        network = build(bootstrapped)
        x, y = on_device(minibatch())
        h, values = x, []
        context = network.context(x, y)
        for unit in network.units:
            h, _ = unit.core.forward(h)
            values.append(to_numpy(unit.synthetic_gradient.forward(h, context)[1][0]))
        losses = to_numpy(network.loss_unit.loss.each(network.cores[-1].forward(h)[0], y))[:, None]
        targets = [values[1], values[2], losses] if bootstrapped else [losses] * 3
        metrics = network.step(x, y)
        for i, (value, target) in enumerate(zip(values, targets), 1):
            assert float(metrics[f"value_loss_{i}"]) == pytest.approx(
                0.5 * ((value - target) ** 2).mean()
            )


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), SquaredError()])
def test_the_loss_of_each_sample(loss):
    rng = np.random.default_rng(0)
    prediction = asarray(3 * rng.standard_normal((6, 4)))
    target = asarray(
        rng.integers(0, 4, 6) if isinstance(loss, SoftmaxCrossEntropy) else rng.random((6, 4))
    )
    each = to_numpy(loss.each(prediction, target))
    assert each.shape == (6,) and each.std() > 0.1
    assert each.mean() == pytest.approx(float(loss(prediction, target)[0]))
    for n in range(6):
        assert each[n] == pytest.approx(float(loss(prediction[n : n + 1], target[n : n + 1])[0]))


def test_a_critic_of_zero_changes_nothing_below_the_top():
    network = build(last_init=zeros)
    before = network.state()
    network.step(*on_device(minibatch()))
    for name, value in network.state().items():
        if "/core/" in name and name.endswith(("W", "gamma", "beta")) and "optimizer" not in name:
            assert np.array_equal(value, before[name]) == name.startswith("unit"), name


def test_a_critic_that_learned_points_along_the_true_gradient():
    """Cores that stand still; a critic that sees the label."""
    network = build(optimizer=lambda layer: Adam(layer, 3e-3), hidden=(40,))
    still = [unit.core_optimizer for unit in network.units] + [network.loss_unit.optimizer]
    for optimizer in still:
        optimizer.step = lambda: None
    for step in range(1500):
        network.step(*on_device(minibatch(step, n=64)))
    guess, truth = gradient_pairs(network, *on_device(minibatch(9999, n=64)))[-1]
    guess, truth = to_numpy(guess), to_numpy(truth)
    assert (guess * truth).sum() / np.linalg.norm(guess) / np.linalg.norm(truth) > 0.8


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(build)


@pytest.mark.parametrize(
    "sees", [("normalized", "label"), ("label", "output"), ("output", "normalized")], ids="+".join
)
def test_what_has_no_slope_is_refused(sees):
    with pytest.raises(UserError, match="only output has a slope"):
        critic(sees=sees)
