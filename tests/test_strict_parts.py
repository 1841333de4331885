"""Every part of the package runs on the strict stand-in for CuPy and gives NumPy's numbers.

The stand-in computes with NumPy, so they are equal bit for bit; a GPU's are not (see gpu_check).
"""

import numpy as np
import pytest

from dni_np import tutorial
from dni_np.analysis.gradient_error import gradient_error
from dni_np.backend import asarray, to_numpy, using
from dni_np.dni.conditioning import Conditioning, label_context
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.nn.activations import ReLU, Sigmoid, Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.conv import Conv2D
from dni_np.nn.embedding import Embedding, OneHot
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D
from dni_np.nn.fast.images import BatchNorm2D, ReLU2D
from dni_np.nn.fast.lstm import FastLSTM
from dni_np.nn.fast.pooling import FastAveragePool2D, FastMaxPool2D
from dni_np.nn.gradcheck import check_layer
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.pooling import AveragePool2D, MaxPool2D
from dni_np.nn.reshape import Flatten
from dni_np.nn.schedules import StepDecay
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.sequential import Sequential
from dni_np.nn.time_distributed import TimeDistributed
from tests.strict_array import strict


def assert_same_on_both(work):
    """`work(rng)` returns device arrays: the same on NumPy and on the stand-in."""
    results = []
    for module in ("numpy", strict):
        with using(module):
            results.append([to_numpy(array) for array in work(np.random.default_rng(0))])
    assert len(results[0]) > 0
    for on_numpy, on_strict in zip(*results, strict=True):
        assert on_numpy.dtype == on_strict.dtype and np.array_equal(on_numpy, on_strict)


def draw(rng, *shape):
    return asarray(rng.standard_normal(shape), np.float32)


LAYERS = {
    "linear": lambda rng: Linear(4, 3, rng),
    "linear without bias": lambda rng: Linear(4, 3, rng, bias=False),
    "sigmoid": lambda rng: Sigmoid(),
    "tanh": lambda rng: Tanh(),
    "relu": lambda rng: ReLU(),
    "batchnorm": lambda rng: BatchNorm(4),
    "sequential": lambda rng: Sequential(
        [Linear(4, 5, rng, bias=False), BatchNorm(5), ReLU(), Linear(5, 2, rng)]
    ),
}


IMAGE_LAYERS = {
    "textbook convolution": lambda rng: Conv2D(3, 2, rng, kernel=3),
    "columns": lambda rng: ColumnsConv2D(3, 2, rng, kernel=3, stride=2),
    "frequency": lambda rng: FrequencyConv2D(3, 2, rng, kernel=3),
    "batchnorm by channel": lambda rng: BatchNorm(3),
    "batchnorm, few images at a time": lambda rng: BatchNorm2D(3),
    "relu, few images at a time": lambda rng: ReLU2D(),
    "max pooling, few images at a time": lambda rng: FastMaxPool2D(),
    "average pooling, few images at a time": lambda rng: FastAveragePool2D(),
    "max pooling": lambda rng: MaxPool2D(),
    "average pooling": lambda rng: AveragePool2D(),
    "flatten": lambda rng: Flatten(),
}


@pytest.mark.parametrize("name", IMAGE_LAYERS)
def test_image_layers(name):
    def work(rng):
        layer = IMAGE_LAYERS[name](rng)
        y, cache = layer.forward(draw(rng, 4, 5, 6, 3))
        dx = layer.backward(draw(rng, *y.shape), cache)
        grads = layer.grads
        return [y, dx, *grads.values(), *layer.state().values()]

    assert_same_on_both(work)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, training):
    def work(rng):
        layer = LAYERS[name](rng)
        y, cache = layer.forward(draw(rng, 6, 4), training)
        dx = layer.backward(draw(rng, *y.shape), cache)
        grads = layer.grads
        layer.load_state(layer.state())
        return [y, dx, *grads.values(), *layer.state().values()]

    assert_same_on_both(work)


RECURRENT_LAYERS = {
    "lstm": lambda rng: LSTM(4, 5, rng),
    "fast lstm": lambda rng: FastLSTM(4, 5, rng),
    "batchnorm lstm": lambda rng: BatchNormLSTM(4, 5, rng, max_steps=2),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", RECURRENT_LAYERS)
def test_recurrent_layers(name, training):
    def work(rng):
        layer = RECURRENT_LAYERS[name](rng)
        waits = strict.record.synchronizations
        state, caches = layer.initial_state(6), []
        for start, steps in ((0, 2), (2, 1)):
            y, state, cache = layer.forward(draw(rng, steps, 6, 4), state, training, start)
            caches.append((y, cache))
        dstate, results = None, [y, *state]
        for y, cache in reversed(caches):
            dx, dstate = layer.backward(draw(rng, *y.shape), dstate, cache)
            grads = layer.grads
            results += [dx, *dstate, *(value.copy() for value in grads.values())]
        assert strict.record.synchronizations == waits
        return [*results, *layer.state().values()]

    assert_same_on_both(work)


SYMBOL_LAYERS = {
    "one-hot": lambda rng: OneHot(7),
    "embedding": lambda rng: Embedding(7, 3, rng),
}


@pytest.mark.parametrize("name", SYMBOL_LAYERS)
def test_from_symbols_to_the_loss_of_a_sequence(name):
    def work(rng):
        below = SYMBOL_LAYERS[name](rng)
        ids, labels = (asarray(rng.integers(0, 7, (3, 6))) for _ in range(2))
        mask = asarray(rng.random((3, 6)) < 0.5)
        waits = strict.record.synchronizations
        x, cache = below.forward(ids)
        above = TimeDistributed(Linear(x.shape[2], 7, rng))
        logits, cache_above = above.forward(x)
        compare = MaskedSoftmaxCrossEntropy()
        loss, dlogits = compare(logits, (labels, mask))
        dx = above.backward(dlogits, cache_above)
        below.backward(dx, cache)
        results = [
            loss,
            bits_per_symbol(loss, mask),
            compare.errors(logits, (labels, mask)),
            dlogits,
            dx,
        ]
        assert strict.record.synchronizations == waits
        return [*results, *above.grads.values(), *below.grads.values()]

    assert_same_on_both(work)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_can_be_checked_on_a_device(name):
    with using(strict):
        rng = np.random.default_rng(0)
        layer = LAYERS[name](rng)
        for leaf in layer.leaves():  # float64 throughout
            for arrays in (leaf.params, leaf.grads, leaf.buffers):
                arrays.update({key: value.astype(np.float64) for key, value in arrays.items()})
        assert check_layer(layer, rng.standard_normal((6, 4)), rng) < 1e-6


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), SquaredError()])
def test_losses(loss):
    def work(rng):
        prediction = draw(rng, 6, 4)
        labels = asarray(rng.integers(0, 4, 6))
        target = (
            labels
            if isinstance(loss, SoftmaxCrossEntropy)
            else label_context(labels, 4, np.float32)
        )
        return [*loss(prediction, target), loss.errors(prediction, target)]

    assert_same_on_both(work)


OPTIMIZERS = {
    "sgd": lambda layer: SGD(layer, 0.1),
    "momentum": lambda layer: SGD(layer, StepDecay(0.1, at=(2,)), momentum=0.9),
    "adam": lambda layer: Adam(layer, StepDecay(0.1, at=(2,))),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    def work(rng):
        layer = Linear(200, 100, rng)  # more than one block of NumPy's
        optimizer = OPTIMIZERS[name](layer)
        x = draw(rng, 4, 200)
        for _ in range(3):
            y, cache = layer.forward(x)
            layer.backward(y, cache)
            optimizer.step()
        optimizer.load_state(optimizer.state())
        return [*layer.params.values(), *optimizer.state().values()]

    assert_same_on_both(work)


SEES = [
    ("output",),
    ("output", "label"),
    ("normalized", "input"),
    ("input", "label", "normalized", "output"),
]


@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
@pytest.mark.parametrize("sees", SEES)
def test_synthetic_gradients(sees, hidden):
    def work(rng):
        model = SyntheticGradient(4, Conditioning(sees, 4, label=3, input=5), rng, hidden)
        context = {
            "label": label_context(asarray(rng.integers(0, 3, 6)), 3, np.float32),
            "input": draw(rng, 6, 5),
        }
        guess, cache = model.forward(draw(rng, 6, 4), context)
        model.backward(draw(rng, 6, 4), cache)
        grads = model.grads
        return [guess, *grads.values(), *model.state().values()]

    assert_same_on_both(work)


def test_the_tutorial_s_classes():
    def work(rng):
        nonlinearity = (tutorial.sigmoid, tutorial.sigmoid_out2deriv)
        unit = tutorial.DNI(5, 4, *nonlinearity, rng, context_dim=2)
        layer = tutorial.Layer(4, 2, *nonlinearity, rng)
        x, y = draw(rng, 6, 5), draw(rng, 6, 2)
        for _ in range(3):
            back, h = unit.forward_and_synthetic_update(x, y)
            unit.update_synthetic_weights(layer.backward(layer.forward(h) - y))
            layer.update()
        return [back, h, unit.weights, unit.weights_synthetic_grads, layer.weights]

    assert_same_on_both(work)


def test_gradient_errors():
    assert_same_on_both(lambda rng: gradient_error(draw(rng, 6, 4), draw(rng, 6, 4)).values())
