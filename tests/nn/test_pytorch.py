"""Layers, losses and optimizers against PyTorch's, in float64."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.nn import optimizers
from dni_np.nn.activations import ReLU, Sigmoid, Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.schedules import StepDecay
from dni_np.nn.sequential import Sequential
from tests.pytorch_twin import tensor, torch, twin

pytestmark = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)

CLOSE = {"rtol": 1e-10, "atol": 1e-12}
SHAPE = (16, 6)


def layers(rng):
    return {
        "linear": Linear(6, 4, rng, dtype=np.float64),
        "linear, no bias": Linear(6, 4, rng, bias=False, dtype=np.float64),
        "batchnorm": BatchNorm(6, dtype=np.float64),
        "sigmoid": Sigmoid(),
        "tanh": Tanh(),
        "relu": ReLU(),
    }


@pytest.mark.parametrize("training", [True, False], ids=["training", "test time"])
@pytest.mark.parametrize("name", list(layers(np.random.default_rng(0))))
def test_layer(name, training):
    rng = np.random.default_rng(0)
    layer = layers(rng)[name]
    for value in [*layer.params.values(), *layer.buffers.values()]:
        value += asarray(rng.uniform(0.1, 0.5, value.shape))
    theirs = twin(layer).train(training)

    x = rng.standard_normal(SHAPE)
    y, cache = layer.forward(asarray(x), training)
    dy = rng.standard_normal(y.shape)
    dx = layer.backward(asarray(dy), cache)
    grads = layer.grads

    x_theirs = tensor(x).requires_grad_()
    y_theirs = theirs(x_theirs)
    y_theirs.backward(tensor(dy))
    np.testing.assert_allclose(to_numpy(y), y_theirs.detach().numpy(), **CLOSE)
    np.testing.assert_allclose(to_numpy(dx), x_theirs.grad.numpy(), **CLOSE)
    for ours, parameter in zip(grads.values(), theirs.parameters()):
        wanted = parameter.grad.numpy() / len(x)  # ours are of the mean loss
        np.testing.assert_allclose(
            to_numpy(ours), wanted.T if wanted.ndim == 2 else wanted, **CLOSE
        )
    for ours, wanted in zip(layer.buffers.values(), theirs.buffers()):
        np.testing.assert_allclose(to_numpy(ours), wanted.numpy(), **CLOSE)


@pytest.mark.parametrize("scale", [1, 1000], ids=["usual", "logits of a thousand"])
def test_cross_entropy(scale):
    rng = np.random.default_rng(1)
    logits, labels = scale * rng.standard_normal((16, 10)), rng.integers(0, 10, 16)
    loss, gradient = SoftmaxCrossEntropy()(asarray(logits), asarray(labels))
    theirs = tensor(logits).requires_grad_()
    wanted = torch.nn.functional.cross_entropy(theirs, tensor(labels))
    wanted.backward()
    np.testing.assert_allclose(float(loss), wanted.item(), **CLOSE)
    np.testing.assert_allclose(to_numpy(gradient) / 16, theirs.grad.numpy(), **CLOSE)


def test_squared_error():
    rng = np.random.default_rng(2)
    prediction, target = rng.standard_normal((16, 5)), rng.standard_normal((16, 5))
    loss, gradient = SquaredError()(asarray(prediction), asarray(target))
    theirs = tensor(prediction).requires_grad_()
    wanted = 0.5 * torch.nn.functional.mse_loss(theirs, tensor(target), reduction="sum") / 16
    wanted.backward()
    np.testing.assert_allclose(float(loss), wanted.item(), **CLOSE)
    np.testing.assert_allclose(to_numpy(gradient) / 16, theirs.grad.numpy(), **CLOSE)


OPTIMIZERS = {
    "sgd": (lambda layer, rate: SGD(layer, rate), lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": (
        lambda layer, rate: SGD(layer, rate, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    ),
    "adam": (lambda layer, rate: Adam(layer, rate), lambda p: torch.optim.Adam(p, lr=0.1)),
    "adam, own constants": (
        lambda layer, rate: Adam(layer, rate, betas=(0.5, 0.9), eps=1e-3),
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-3),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_thirty_steps_of_an_optimizer_with_decay(name, monkeypatch):
    monkeypatch.setattr(optimizers, "BLOCK", 100)  # more than one block, and one that is not full
    rng = np.random.default_rng(3)
    layer = Sequential(
        [Linear(6, 150, rng, dtype=np.float64), Linear(150, 4, rng, dtype=np.float64)]
    )
    theirs = twin(layer)
    make_ours, make_theirs = OPTIMIZERS[name]
    optimizer = make_ours(layer, StepDecay(0.1, at=(10, 20)))
    their_optimizer = make_theirs(theirs.parameters())
    schedule = torch.optim.lr_scheduler.MultiStepLR(their_optimizer, [10, 20])
    for _ in range(30):
        for gradient, parameter in zip(layer.grads.values(), theirs.parameters()):
            drawn = rng.standard_normal(gradient.shape)
            gradient[...] = asarray(drawn)
            parameter.grad = tensor(drawn.T if drawn.ndim == 2 else drawn)
        optimizer.step()
        their_optimizer.step()
        schedule.step()
    for ours, parameter in zip(layer.params.values(), theirs.parameters()):
        wanted = parameter.detach().numpy()
        np.testing.assert_allclose(
            to_numpy(ours), wanted.T if wanted.ndim == 2 else wanted, rtol=1e-9, atol=1e-11
        )
