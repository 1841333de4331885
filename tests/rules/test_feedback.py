"""Feedback alignment, direct feedback alignment, Kickback:

where they are backpropagation, and what they are else.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.dni.conditioning import Conditioning, label_context
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.errors import UserError
from dni_np.experiments.feedforward.architectures import cnn
from dni_np.nn.conv import Conv2D
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.optimizers import SGD
from dni_np.rules.backprop import Backprop
from dni_np.rules.direct_feedback_alignment import (
    DirectFeedbackAlignment,
    random_feedback,
)
from dni_np.rules.feedback_alignment import (
    FeedbackAlignment,
    FixedFeedback,
    with_fixed_feedback,
)
from dni_np.rules.kickback import Kickback, error_of_each
from tests.rules.networks import (
    SIZES,
    adam,
    assert_goes_on_from_its_saved_state,
    main_layers,
    minibatch,
    on_device,
)

ONE_HIDDEN = (6, 8, 4)


def aligned(sizes=SIZES, loss=None, optimizer=adam):
    return FeedbackAlignment(
        main_layers(sizes=sizes), loss or SoftmaxCrossEntropy(), optimizer, np.random.default_rng(3)
    )


def direct(sizes=SIZES):
    feedback = random_feedback(sizes[-1], sizes[1:-1], np.random.default_rng(3), dtype=np.float64)
    return DirectFeedbackAlignment(main_layers(sizes=sizes), SoftmaxCrossEntropy(), adam, feedback)


def kickback(sizes=SIZES):
    return Kickback(main_layers(sizes=sizes), SoftmaxCrossEntropy(), adam)


def weights(network):
    return [to_numpy(value) for core in network.cores for value in core.params.values()]


def assert_same_steps(one, other, **tolerance):
    """The same training, bit for bit unless a tolerance is given."""
    sizes = (len(to_numpy(one.cores[0].params["0.W"])), to_numpy(one.cores[-1].params["b"]).size)
    for step in range(6):
        batch = on_device(minibatch(seed=step, sizes=sizes))
        one.step(*batch), other.step(*batch)
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(a, b, **{"rtol": 0, "atol": 0, **tolerance})


def feedback_layers(network):
    return [
        layer
        for core in network.cores[1:]
        for layer in getattr(core, "layers", [core])
        if hasattr(layer, "layer")
    ]


def test_feedback_through_the_weights_themselves_is_backprop():
    network = aligned()
    assert len(feedback_layers(network)) == 3
    for layer in feedback_layers(network):
        layer.buffers["B"] = layer.params["W"]  # the very array, so that it follows the weights
    assert_same_steps(network, Backprop(main_layers(), SoftmaxCrossEntropy(), adam))


def test_other_feedback_is_not_backprop_but_for_the_top_layer():
    network, locked = aligned(), Backprop(main_layers(), SoftmaxCrossEntropy(), adam)
    batch = on_device(minibatch())
    network.step(*batch), locked.step(*batch)
    same = [
        np.array_equal(a.params[n], b.params[n])
        for a, b in zip(network.cores, locked.cores)
        for n in a.params
    ]
    assert not any(same[:-2]) and all(same[-2:])


def test_the_weights_come_to_align_with_the_feedback():
    network = aligned(ONE_HIDDEN)
    top = network.cores[-1]

    def cosine():
        W, B = to_numpy(top.params["W"]), to_numpy(top.buffers["B"])
        return (W * B).sum() / np.linalg.norm(W) / np.linalg.norm(B)

    rng, teacher, before = (
        np.random.default_rng(0),
        np.random.default_rng(1).standard_normal((6, 4)),
        cosine(),
    )
    for _ in range(400):
        x = rng.standard_normal((32, 6))
        network.step(*on_device((x, (x @ teacher).argmax(axis=1))))
    assert cosine() > before + 0.2


@pytest.mark.parametrize("loss", ["squared error", "softmax"])
def test_feedback_alignment_is_a_given_synthetic_gradient(loss):
    """Squared error:

    linear in h and y, A = W B^T and C = -B^T. Softmax: (softmax(h W + b) - y) B^T.
    """
    x, y = minibatch(sizes=ONE_HIDDEN)
    targets = np.eye(4)[y]
    network = aligned(
        ONE_HIDDEN,
        SquaredError() if loss == "squared error" else None,
        lambda layer: SGD(layer, 0.1),
    )
    hidden, top = network.cores
    W, b, B = (to_numpy(array) for array in (top.params["W"], top.params["b"], top.buffers["B"]))
    model = SyntheticGradient(
        8, Conditioning(("output", "label"), 8, label=4), np.random.default_rng(0), dtype=np.float64
    )
    model.net.layers[0].params["W"][...] = asarray(np.concatenate([W @ B.T, -B.T]))
    model.net.layers[0].params["b"][...] = asarray(b @ B.T)

    h, cache = hidden.forward(asarray(x))
    if loss == "squared error":
        guess, _ = model.forward(h, {"label": label_context(asarray(y), 4, np.float64)})
    else:
        z = to_numpy(h) @ W + b
        guess = asarray((np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - targets) @ B.T)
    hidden.backward(guess, cache)
    wanted = {name: to_numpy(value).copy() for name, value in hidden.grads.items()}
    network.step(*on_device((x, targets if loss == "squared error" else y)))
    for name, value in wanted.items():
        assert np.abs(value).max() > 1e-3
        np.testing.assert_allclose(to_numpy(hidden.grads[name]), value, rtol=1e-9, atol=1e-13)


def test_fixed_feedback_of_a_convolution_is_another_kernel():
    rng = np.random.default_rng(0)
    one, other = (Conv2D(2, 3, rng, kernel=3, dtype=np.float64) for _ in range(2))
    x, dy = asarray(rng.standard_normal((4, 5, 6, 2))), asarray(rng.standard_normal((4, 5, 6, 3)))
    wrapped = FixedFeedback(one, other.params["W"])
    y, cache = wrapped.forward(x)
    np.testing.assert_array_equal(to_numpy(y), to_numpy(one.forward(x)[0]))
    dx = wrapped.backward(dy, cache)
    grads = wrapped.grads
    dW = to_numpy(grads["W"]).copy()
    np.testing.assert_array_equal(to_numpy(dx), to_numpy(other.backward(dy, cache)))
    one.backward(dy, cache)
    np.testing.assert_array_equal(dW, to_numpy(one.grads["W"]))
    assert wrapped.params["W"] is one.params["W"]  # put back


def test_every_weight_of_a_cnn_finds_its_feedback():
    rng = np.random.default_rng(0)
    layers = [with_fixed_feedback(layer, rng) for layer in cnn((8, 8, 1), (3, 4), 5, rng)]
    shapes = [
        leaf.params["W"].shape for layer in layers for leaf in layer.leaves() if "W" in leaf.params
    ]
    fixed = [
        value.shape
        for layer in layers
        for name, value in layer.buffers.items()
        if name.endswith("B")
    ]
    assert fixed == shapes == [(5, 5, 1, 3), (5, 5, 3, 4), (16, 5)]


def test_on_one_hidden_layer_direct_feedback_is_feedback_alignment():
    network, other = direct(ONE_HIDDEN), aligned(ONE_HIDDEN)
    network.feedback[0].params["W"][...] = other.cores[-1].buffers["B"].T
    assert_same_steps(network, other, rtol=1e-9)


def test_direct_feedback_carries_the_error_itself():
    network = direct()
    x, y = on_device(minibatch())
    h, wanted = x, []
    caches = []
    for core in network.cores:
        h, cache = core.forward(h)
        caches.append(cache)
    e = to_numpy(network.loss_unit.loss(h, y)[1])
    for core, B, cache in zip(network.cores, network.feedback, caches):
        core.backward(asarray(e @ to_numpy(B.params["W"])), cache)
        wanted.append(to_numpy(core.grads["0.W"]).copy())
    network.step(x, y)
    for core, gradient in zip(network.cores, wanted):
        np.testing.assert_allclose(to_numpy(core.grads["0.W"]), gradient, rtol=1e-9)


def test_one_layer_below_the_output_kickback_is_backprop():
    assert_same_steps(
        kickback(ONE_HIDDEN), Backprop(main_layers(sizes=ONE_HIDDEN), SoftmaxCrossEntropy(), adam)
    )


def test_kickback_is_the_error_times_the_influence():
    """Linear layers, one output:

    every unit of the first learns from e times the sum of its weights to the second.
    """
    rng = np.random.default_rng(0)
    cores = [Linear(m, n, rng, dtype=np.float64) for m, n in ((3, 4), (4, 5), (5, 1))]
    network = Kickback(cores, SquaredError(), lambda layer: SGD(layer, 0.1))
    x, y = rng.standard_normal((8, 3)), rng.standard_normal((8, 1))
    W = [to_numpy(core.params["W"]).copy() for core in cores]  # no biases yet
    e = x @ W[0] @ W[1] @ W[2] - y
    network.step(*on_device((x, y)))
    np.testing.assert_allclose(
        to_numpy(cores[0].grads["W"]), x.T @ (e * W[1].sum(axis=1)) / 8, rtol=1e-9
    )
    np.testing.assert_allclose(
        to_numpy(cores[1].grads["W"]), (x @ W[0]).T @ (e @ W[2].T) / 8, rtol=1e-9
    )


def test_each_unit_receives_the_error_of_its_class():
    e = asarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(
        to_numpy(error_of_each(e, asarray(np.zeros((2, 5))))), [[0, 1, 2, 0, 1], [3, 4, 5, 3, 4]]
    )
    maps = to_numpy(error_of_each(e, asarray(np.zeros((2, 4, 4, 5)))))
    assert maps.shape == (2, 4, 4, 5) and (maps[1, :, :, 1] == 4).all()


@pytest.mark.parametrize("build", [aligned, direct, kickback])
def test_they_go_on_from_their_saved_state(build):
    assert_goes_on_from_its_saved_state(build)


@pytest.mark.parametrize("build, count", [(aligned, 3), (direct, 3)])
def test_feedback_is_saved_and_never_changes(build, count):
    network = build()
    before = {
        k: v
        for k, v in network.state().items()
        if "feedback" in k or k.endswith(".B") or k.endswith("/B")
    }
    assert len(before) == count
    for step in range(3):
        network.step(*on_device(minibatch(step)))
    for name, value in before.items():
        np.testing.assert_array_equal(network.state()[name], value)


def test_a_wrong_number_of_feedbacks_is_refused():
    with pytest.raises(UserError, match="of 4 cores needs 3 feedbacks, not 2"):
        DirectFeedbackAlignment(main_layers(), SoftmaxCrossEntropy(), adam, direct().feedback[:2])
