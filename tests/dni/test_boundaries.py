"""Wrong arrays for synthetic gradients and what they see (see `tests.boundaries`)."""

from functools import partial

import numpy as np
import pytest

from dni_np.backend import asarray
from dni_np.dni.class_maps import ClassPictures
from dni_np.dni.conditioning import Conditioning, label_context, normalize
from dni_np.dni.dense_guess import DenseGuess
from dni_np.dni.stale_gradients import StaleGradient
from dni_np.dni.synthetic_gradients import PLAIN, Layers, SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.conv import Conv2D
from dni_np.nn.initializers import glorot_uniform
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD
from tests.boundaries import Case, check, check_range, check_types, floats, labels

IMAGES = floats(4, 5, 6, 3)
CONVOLUTIONS = Layers(partial(Conv2D, kernel=3), BatchNorm, ReLU)


def of_rows(hidden):
    conditioning = Conditioning(("output", "normalized", "label"), 3, label=2)
    return SyntheticGradient(3, conditioning, np.random.default_rng(0), hidden, glorot_uniform)


def of_images(hidden):
    conditioning = Conditioning(("output", "label"), 3, label=2)
    rng = np.random.default_rng(0)
    return SyntheticGradient(3, conditioning, rng, hidden, glorot_uniform, layers=CONVOLUTIONS)


def of_all_pixels(hidden):
    conditioning = Conditioning(("output", "label"), 90, label=2)
    rng = np.random.default_rng(0)
    return DenseGuess(SyntheticGradient(90, conditioning, rng, hidden, glorot_uniform), (5, 6, 3))


MODELS = {
    "linear": (lambda: of_rows(()), floats(4, 3)),
    "mlp": (lambda: of_rows((5,)), floats(4, 3)),
    "convolution": (lambda: of_images(()), IMAGES),
    "convolutions": (lambda: of_images((2,)), IMAGES),
    "class maps": (lambda: ClassPictures(of_images(()), (5, 6, 3), 2), IMAGES),
    "dense": (lambda: of_all_pixels((2,)), IMAGES),
    "stale": (lambda: StaleGradient((4, 3)), floats(4, 3)),
}
LABEL = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]


@pytest.mark.parametrize("name", MODELS)
def test_models(name, backend):
    make, h = MODELS[name]

    def forward(h):
        return make().forward(h, {"label": asarray(LABEL)})[0]

    def backward(dguess):
        model = make()
        _, cache = model.forward(asarray(h), {"label": asarray(LABEL)})
        model.backward(dguess, cache)
        return dict(model.grads)

    if name == "stale":
        check_types(Case(forward, h))
    else:
        check(Case(forward, h, (1, 2) if name.startswith("convolution") else ()))
    check(Case(backward, h, ()))


@pytest.mark.parametrize("name", [name for name in MODELS if name != "stale"])
def test_contexts(name, backend):
    make, h = MODELS[name]
    check(Case(lambda label: make().forward(asarray(h), {"label": label})[0], LABEL, ()))
    for context in (None, {}, {"input": asarray(h)}, [asarray(LABEL)]):
        with pytest.raises(UserError, match="that sees 'label' needs it in the context"):
            make().forward(asarray(h), context)


def test_targets(backend):
    """In their turn, and after the model was updated."""
    h = floats(4, 3)

    def learn(target, updates=0):
        core, model = Linear(3, 3, np.random.default_rng(1)), of_rows((5,))
        unit = DNI(core, model, SGD(core, 0.1), SGD(model, 0.1))
        for _ in range(1 + updates):
            unit.forward_and_synthetic_update(asarray(h), {"label": asarray(LABEL)})
        for _ in range(updates):
            unit.update_synthetic_weights(asarray(h))
        return unit.update_synthetic_weights(target), model.state()

    check(Case(learn, h, ()))
    check(Case(lambda target: learn(target, 1), h, ()))


def test_plain_guesses(backend):
    check(
        Case(
            lambda z: SyntheticGradient(
                2, Conditioning(("output",), 3), np.random.default_rng(0), (4,), layers=PLAIN
            ).forward(z)[0],
            floats(4, 3),
        )
    )


def test_class_maps_without_a_label():
    conditioning = Conditioning(("output",), 3)
    model = SyntheticGradient(3, conditioning, np.random.default_rng(0), layers=CONVOLUTIONS)
    for context in (None, {}):
        with pytest.raises(UserError, match="need the label in the context"):
            ClassPictures(model, (5, 6, 3), 2).forward(asarray(IMAGES), context)


def test_normalized_outputs(backend):
    check(Case(normalize, floats(4, 3), (0, 1)))
    check(Case(normalize, IMAGES, (0, 1, 2, 3)))


def test_label_contexts(backend):
    def call(y):
        return label_context(y, 2, np.float32)

    check_types(Case(call, labels(4, classes=2)))
    check_range(Case(call, labels(4, classes=2), classes=2))
    check(Case(call, LABEL))
