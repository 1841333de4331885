"""Whole steps of DNI and cDNI against the same algorithm written with PyTorch's autograd, in
float64.

Also a check of the units' convention: PyTorch's version divides by the batch where one
usually would, at the losses.
"""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.rules.backprop import Backprop
from dni_np.rules.no_backprop import NoBackprop
from tests.pytorch_twin import tensor, torch, twin
from tests.rules.networks import SIZES, adam, dni_network, main_layers, minibatch, on_device

pytestmark = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)


def torch_adam(module):
    return torch.optim.Adam(module.parameters(), lr=1e-2)


class TorchDNI:
    """Figure 9 of Jaderberg et al. 2017 with autograd; one batch after another."""

    def __init__(self, network, sees):
        self.sees = sees
        self.cores = [twin(core) for core in network.cores]
        self.models = [twin(unit.synthetic_gradient.net) for unit in network.units]
        self.optimizers = [torch_adam(module) for module in self.cores + self.models]

    def step(self, x, y):
        n = len(x)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        context = {"label": torch.nn.functional.one_hot(y, SIZES[-1]).double(), "input": x}
        h, guesses, gradient_losses = x, [], []
        for i, core in enumerate(self.cores):
            h_in = h.detach().requires_grad_()
            h = core(h_in)
            if i < len(self.models):
                views = [
                    h.detach() if source == "output" else context[source] for source in self.sees
                ]
                guess = self.models[i](torch.cat(views, dim=1))
                h.backward(guess.detach() / n)
            else:
                guess = None
                loss = torch.nn.functional.cross_entropy(h, y)
                loss.backward()
            if i > 0:  # what came back, per sample, is the target of the guess below
                gradient_loss = 0.5 * ((guesses[-1] - n * h_in.grad) ** 2).sum() / n
                gradient_loss.backward()
                gradient_losses.append(gradient_loss.item())
            guesses.append(guess)
        for optimizer in self.optimizers:
            optimizer.step()
        return loss.item(), gradient_losses


@pytest.mark.parametrize("hidden", [(), (9,), (9, 6)], ids=["linear", "one hidden", "two hidden"])
@pytest.mark.parametrize(
    "sees", [("output",), ("output", "label"), ("label", "input")], ids="+".join
)
def test_dni(sees, hidden):
    ours = dni_network(sees, hidden)
    theirs = TorchDNI(ours, sees)
    for step in range(10):
        x, y = minibatch(seed=step)
        metrics = ours.step(*on_device((x, y)))
        loss, gradient_losses = theirs.step(tensor(x), tensor(y))
        np.testing.assert_allclose(float(metrics["loss"]), loss, rtol=1e-8)
        np.testing.assert_allclose(
            [float(metrics[f"gradient_loss_{i}"]) for i in (1, 2, 3)], gradient_losses, rtol=1e-7
        )
    for core, module in zip(ours.cores, theirs.cores):
        assert_same_parameters(core, module)
    for unit, module in zip(ours.units, theirs.models):
        assert_same_parameters(unit.synthetic_gradient, module)


def test_backprop():
    rule = Backprop(main_layers(), SoftmaxCrossEntropy(), adam)
    module = torch.nn.Sequential(*map(twin, rule.cores))
    compare(rule, module, torch_adam(module))


def test_no_backprop():
    rule = NoBackprop(main_layers(), SoftmaxCrossEntropy(), adam)
    module = torch.nn.Sequential(*map(twin, rule.cores))
    compare(rule, module, torch_adam(module[-1]))


def compare(rule, module, optimizer):
    for step in range(10):
        x, y = minibatch(seed=step)
        metrics = rule.step(*on_device((x, y)))
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(tensor(x)), tensor(y))
        loss.backward()
        optimizer.step()
        np.testing.assert_allclose(float(metrics["loss"]), loss.item(), rtol=1e-8)
    for core, theirs in zip(rule.cores, module):
        assert_same_parameters(core, theirs)
    x, _ = minibatch(seed=99)
    np.testing.assert_allclose(
        to_numpy(rule.predict(on_device((x,))[0])),
        module.eval()(tensor(x)).detach().numpy(),
        rtol=1e-7,
    )


def assert_same_parameters(layer, module):
    for ours, parameter in zip(layer.params.values(), module.parameters(), strict=True):
        wanted = parameter.detach().numpy()
        np.testing.assert_allclose(
            to_numpy(ours), wanted.T if wanted.ndim == 2 else wanted, rtol=1e-7, atol=1e-9
        )
