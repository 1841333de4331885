"""A loss for every layer: each is the gradient of its own loss, and no other's business."""

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import SGD
from dni_np.rules.local_losses import LocalLosses
from tests.pytorch_twin import tensor, torch, twin
from tests.rules.networks import (
    SIZES,
    adam,
    assert_goes_on_from_its_saved_state,
    main_layers,
    minibatch,
    on_device,
)
from tests.rules.test_pytorch import assert_same_parameters, torch_adam


def build(optimizer=adam):
    rng = np.random.default_rng(3)
    auxiliaries = [Linear(n, SIZES[-1], rng, dtype=np.float64) for n in SIZES[1:-1]]
    return LocalLosses(main_layers(), auxiliaries, SoftmaxCrossEntropy(), optimizer)


def test_each_layer_descends_its_own_loss():
    rate = 0.5
    network = build(lambda layer: SGD(layer, rate))
    x, y = on_device(minibatch())
    before = network.state()
    network.step(x, y)
    gradients = {name: (before[name] - value) / rate for name, value in network.state().items()}
    network.load_state(before)
    rng = np.random.default_rng(0)
    for i in range(3):

        def loss():
            h = x
            for core in network.cores[: i + 1]:
                h, _ = core.forward(h)
            return float(network.loss_unit.loss(network.auxiliaries[i].forward(h)[0], y)[0])

        for part, layer in (
            (f"core{i}", network.cores[i]),
            (f"auxiliary{i}", network.auxiliaries[i]),
        ):
            for name, array in layer.params.items():
                assert np.abs(gradients[f"{part}/{name}"]).max() > 1e-4 or name == "1.beta"
                assert check_gradient(loss, array, gradients[f"{part}/{name}"], rng) < 1e-6


def test_a_layer_does_not_depend_on_those_above():
    """Whatever stands above it, the lowest layer takes the same steps."""
    one, other = build(), build()
    other.cores[1].params["0.W"][...] *= -2
    for step in range(3):
        batch = on_device(minibatch(step))
        one.step(*batch), other.step(*batch)
    np.testing.assert_array_equal(
        to_numpy(one.cores[0].params["0.W"]), to_numpy(other.cores[0].params["0.W"])
    )
    assert (to_numpy(one.cores[2].params["0.W"]) != to_numpy(other.cores[2].params["0.W"])).any()


@pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)
def test_against_pytorch():
    network = build()
    cores, auxiliaries = (
        [twin(layer) for layer in layers] for layers in (network.cores, network.auxiliaries)
    )
    optimizers = [torch_adam(module) for module in cores + auxiliaries]
    for step in range(10):
        x, y = minibatch(seed=step)
        metrics = network.step(*on_device((x, y)))
        for optimizer in optimizers:
            optimizer.zero_grad()
        h, losses = tensor(x), []
        for core, top in zip(cores, [*auxiliaries, None]):
            h = core(h.detach())
            loss = torch.nn.functional.cross_entropy(top(h) if top else h, tensor(y))
            loss.backward()
            losses.append(loss.item())
        for optimizer in optimizers:
            optimizer.step()
        names = ["local_loss_1", "local_loss_2", "local_loss_3", "loss"]
        np.testing.assert_allclose([float(metrics[name]) for name in names], losses, rtol=1e-8)
    for layer, module in zip(network.cores + network.auxiliaries, cores + auxiliaries):
        assert_same_parameters(layer, module)


def test_it_goes_on_from_its_saved_state():
    assert_goes_on_from_its_saved_state(build)


def test_a_wrong_number_of_classifiers_is_refused():
    with pytest.raises(UserError, match="of 4 cores needs 3 auxiliary classifiers, not 2"):
        LocalLosses(main_layers(), build().auxiliaries[:2], SoftmaxCrossEntropy(), adam)
