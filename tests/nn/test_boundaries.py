"""Wrong arrays for layers and losses, on the host and on a device (see `tests.boundaries`)."""

import numpy as np
import pytest

from dni_np.backend import asarray
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU, Sigmoid, Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.checks import check_batch
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
from dni_np.nn.pooling import AveragePool2D, MaxPool2D
from dni_np.nn.reshape import Flatten, ToImages
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.sequential import Sequential
from dni_np.nn.time_distributed import TimeDistributed
from tests.boundaries import ALL, Case, check, check_shapes, floats, labels

IMAGES = (0, 1, 2)  # axes that may be of any length
LAYERS = {
    "linear": (lambda rng: Linear(3, 2, rng), floats(4, 3), (0,)),
    "sequential": (
        lambda rng: Sequential([Linear(3, 2, rng), BatchNorm(2), ReLU()]),
        floats(4, 3),
        (0,),
    ),
    "sigmoid": (lambda rng: Sigmoid(), floats(4, 3), ALL),
    "tanh": (lambda rng: Tanh(), floats(4, 3), ALL),
    "relu": (lambda rng: ReLU(), floats(4, 3), ALL),
    "relu of images": (lambda rng: ReLU2D(), floats(4, 5, 6, 3), ALL),
    "batchnorm": (lambda rng: BatchNorm(3), floats(4, 3), (0,)),
    "batchnorm of images": (lambda rng: BatchNorm2D(3), floats(4, 5, 6, 3), IMAGES),
    "conv": (lambda rng: Conv2D(3, 2, rng, kernel=3), floats(4, 5, 6, 3), IMAGES),
    "conv by columns": (lambda rng: ColumnsConv2D(3, 2, rng, kernel=3), floats(4, 5, 6, 3), IMAGES),
    "conv by frequency": (
        lambda rng: FrequencyConv2D(3, 2, rng, kernel=3),
        floats(4, 5, 6, 3),
        IMAGES,
    ),
    "maximum": (lambda rng: MaxPool2D(), floats(4, 5, 6, 3), (*IMAGES, 3)),
    "average": (lambda rng: AveragePool2D(), floats(4, 5, 6, 3), (*IMAGES, 3)),
    "fast maximum": (lambda rng: FastMaxPool2D(), floats(4, 5, 6, 3), (*IMAGES, 3)),
    "fast average": (lambda rng: FastAveragePool2D(), floats(4, 5, 6, 3), (*IMAGES, 3)),
    "flatten": (lambda rng: Flatten(), floats(4, 5, 6, 3), ALL),
    "to images": (lambda rng: ToImages(3, 2, 1), floats(4, 6), (0,)),
    "each step": (lambda rng: TimeDistributed(Linear(3, 2, rng)), floats(5, 4, 3), (0, 1)),
}
RECURRENT = {
    "lstm": lambda rng: LSTM(3, 2, rng),
    "fast lstm": lambda rng: FastLSTM(3, 2, rng),
    "batchnorm lstm": lambda rng: BatchNormLSTM(3, 2, rng, max_steps=4),
}
SYMBOLS = {"one-hot": lambda rng: OneHot(3), "embedding": lambda rng: Embedding(3, 2, rng)}


def new(make):
    return make(np.random.default_rng(0))


def forward(make):
    return lambda x: new(make).forward(x)[0]


def backward(make, x):
    """Gradients by a layer that has gone forward from x."""

    def call(dy):
        layer = new(make)
        _, cache = layer.forward(asarray(x))
        return layer.backward(dy, cache), dict(layer.grads)

    return call


def output_of(make, x):
    return np.asarray(new(make).forward(x)[0])


@pytest.mark.parametrize("name", LAYERS)
def test_inputs(name, backend):
    make, x, free = LAYERS[name]
    check(Case(forward(make), x, free))


@pytest.mark.parametrize("name", [*LAYERS, "embedding"])
def test_gradients(name, backend):
    make, x, _ = LAYERS.get(name) or (SYMBOLS[name], labels(5, 4, classes=3), ())
    with backend.using("numpy"):
        dy = output_of(make, x)
    check(Case(backward(make, x), dy, ()))


@pytest.mark.parametrize("open_one", ["x", "h", "c", "dy", "dh", "dc"])
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent(name, open_one, backend):
    right = {
        "x": floats(5, 4, 3),
        "dy": floats(5, 4, 2),
        **dict.fromkeys(["h", "c", "dh", "dc"], floats(4, 2)),
    }

    def call(value):
        parts = {key: asarray(array) for key, array in right.items()} | {open_one: value}
        layer = new(RECURRENT[name])
        y, state, cache = layer.forward(parts["x"], (parts["h"], parts["c"]))
        back = layer.backward(parts["dy"], (parts["dh"], parts["dc"]), cache)
        return y, state, back, dict(layer.grads)

    check(Case(call, right[open_one], ()))


@pytest.mark.parametrize("state", [None, (), "hc", 0, floats(2, 4, 2)])
@pytest.mark.parametrize("name", RECURRENT)
def test_states_that_are_none(name, state):
    layer = new(RECURRENT[name])
    with pytest.raises(UserError, match=r"cannot take the state .* two arrays of floats \(4, 2\)"):
        layer.forward(asarray(floats(5, 4, 3)), state)
    if state is not None:  # for a gradient None means zero
        _, _, cache = layer.forward(asarray(floats(5, 4, 3)), layer.initial_state(4))
        with pytest.raises(UserError, match="cannot take the state"):
            layer.backward(asarray(floats(5, 4, 2)), state, cache)


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols(name, backend):
    check(Case(forward(SYMBOLS[name]), labels(5, 4, classes=3), (0, 1), classes=3))


LOGITS, LABELS = floats(4, 3), labels(4, classes=3)
T_LOGITS, T_LABELS, MASK = floats(5, 4, 3), labels(5, 4, classes=3), np.ones((5, 4), np.float32)
SOFTMAX = {
    "loss": lambda z, t: SoftmaxCrossEntropy()(z, t),
    "each": lambda z, t: SoftmaxCrossEntropy().each(z, t),
    "errors": lambda z, t: SoftmaxCrossEntropy().errors(z, t),
}
SQUARES = {
    "loss": lambda p, t: SquaredError()(p, t),
    "each": lambda p, t: SquaredError().each(p, t),
    "errors": lambda p, t: SquaredError().errors(p, t),
}
MASKED = {
    "loss": lambda z, t, m: MaskedSoftmaxCrossEntropy()(z, (t, m)),
    "errors": lambda z, t, m: MaskedSoftmaxCrossEntropy().errors(z, (t, m)),
}


@pytest.mark.parametrize("name", SOFTMAX)
def test_softmax(name, backend):
    use = SOFTMAX[name]
    check(Case(lambda z: use(z, asarray(LABELS)), LOGITS, (1,)))
    # An unknown label is an error in any case: counting needs no nan.
    known = 0 if name == "errors" and not backend.on_host() else 3
    check(Case(lambda t: use(asarray(LOGITS), t), LABELS, (), classes=known))


@pytest.mark.parametrize("name", SQUARES)
def test_squares(name, backend):
    use = SQUARES[name]
    check(Case(lambda p: use(p, asarray(LOGITS)), LOGITS, ()))
    check(Case(lambda t: use(asarray(LOGITS), t), LOGITS, ()))


@pytest.mark.parametrize("name", MASKED)
def test_masked(name, backend):
    use, known = MASKED[name], 0 if name == "errors" and not backend.on_host() else 3
    check(Case(lambda z: use(z, asarray(T_LABELS), asarray(MASK)), T_LOGITS, (2,)))
    check(Case(lambda t: use(asarray(T_LOGITS), t, asarray(MASK)), T_LABELS, (), classes=known))
    check_shapes(Case(lambda m: use(asarray(T_LOGITS), asarray(T_LABELS), m), MASK, ()))


def test_unknown_labels_are_errors(backend):
    labels = asarray(np.array([-1, 3, 2**40, -(2**40)]))
    if backend.on_host():
        with pytest.raises(
            UserError, match="from 0 to 2, not from -1099511627776 to 1099511627776"
        ):
            SoftmaxCrossEntropy().errors(asarray(LOGITS), labels)
    else:
        assert int(SoftmaxCrossEntropy().errors(asarray(LOGITS), labels)) == 4


def test_unscored_labels_must_be_classes_too(backend):
    loss, mask = MaskedSoftmaxCrossEntropy(), MASK.copy()
    mask[0] = 0
    wrong = T_LABELS.copy()
    wrong[0] = -100
    if backend.on_host():
        with pytest.raises(UserError, match="from 0 to 2, not from -100 to 2"):
            loss(T_LOGITS, (wrong, mask))
    else:
        assert np.isnan(float(loss(asarray(T_LOGITS), (asarray(wrong), asarray(mask)))[0]))


@pytest.mark.parametrize(
    "target", [None, 0, T_LABELS, (T_LABELS,), (T_LABELS, None), (T_LABELS, "1")]
)
def test_a_target_without_a_mask(target):
    for use in (MaskedSoftmaxCrossEntropy(), MaskedSoftmaxCrossEntropy().errors):
        with pytest.raises(UserError, match=r"pair \(labels, mask\)|a mask needs a 1 or a 0"):
            use(asarray(T_LOGITS), target)


@pytest.mark.parametrize("mask", [None, [[1, 1]], "1", np.array([["1"]])])
def test_bits_of_no_mask(mask):
    assert float(bits_per_symbol(np.log(2), asarray(np.ones((1, 1))))) == pytest.approx(1)
    with pytest.raises(UserError, match="a mask needs a 1 or a 0"):
        bits_per_symbol(1.0, mask)


def test_arrays_of_another_backend(backend):
    if not backend.on_host():
        with pytest.raises(
            UserError, match=r"cannot take a numpy.ndarray: .*backend.asarray\(x, 'float32'\)"
        ):
            check_batch(Sigmoid(), floats(4, 3))


def test_gradients_are_checked_in_float64(backend):
    rng = np.random.default_rng(0)
    for layer, x in ((Linear(3, 2, rng), floats(4, 3).astype(float)), (Sigmoid(), floats(4, 3))):
        with pytest.raises(UserError, match="a gradient check needs"):
            check_layer(layer, x, rng)


@pytest.mark.parametrize("size, stride", [(2, 2), (3, 2), (3, 1)])
def test_a_maximum_of_nan_keeps_its_gradient(size, stride, backend):
    x = floats(2, 6, 6, 1)
    x[0, 2, 3, 0] = np.nan
    layer = MaxPool2D(size, stride, "valid")
    y, cache = layer.forward(asarray(x))
    dy = np.ones(y.shape, np.float32)
    dx = backend.to_numpy(layer.backward(asarray(dy), cache))
    assert np.isnan(backend.to_numpy(y)).any()
    np.testing.assert_allclose(dx.sum(axis=(1, 2, 3)), dy.sum(axis=(1, 2, 3)))
