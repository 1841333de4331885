"""Pictures of the classes: gradients, nothing at first, and what only they can say."""

from functools import partial

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.dni.class_maps import ClassPictures
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import Layers, SyntheticGradient
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.conv import Conv2D
from dni_np.nn.initializers import he_normal, zeros
from dni_np.nn.optimizers import SGD
from tests.dni.gradient_loss import check_gradients

IMAGE, CLASSES = (4, 6, 3), 5


def build(hidden=(), last_init=he_normal):
    rng = np.random.default_rng(0)
    conditioning = Conditioning(("output", "label"), IMAGE[2], label=CLASSES)
    layers = Layers(partial(Conv2D, kernel=3), BatchNorm, ReLU)
    model = SyntheticGradient(
        IMAGE[2], conditioning, rng, hidden, last_init, dtype=np.float64, layers=layers
    )
    h = asarray(rng.standard_normal((7, *IMAGE)))
    label = asarray(np.eye(CLASSES)[np.arange(7) % CLASSES])
    return ClassPictures(model, IMAGE, CLASSES, dtype=np.float64), h, {"label": label}, rng


@pytest.mark.parametrize("hidden", [(), (2,)], ids=["linear", "one hidden"])
def test_gradients_of_the_gradient_loss(hidden):
    model, h, context, rng = build(hidden)
    model.pictures.params["W"][...] = asarray(rng.standard_normal((CLASSES, np.prod(IMAGE))))
    check_gradients(model, h, context, rng)


def test_they_add_nothing_at_first():
    model, h, context, _ = build()
    np.testing.assert_array_equal(
        to_numpy(model.forward(h, context)[0]), to_numpy(model.model.forward(h, context)[0])
    )


def test_they_learn_a_picture_for_each_class():
    """Targets that depend on class and place only, as -y W does:

    pictures reach them, no convolution could.
    """
    model, h, context, rng = build(last_init=zeros)
    pictures = rng.standard_normal((CLASSES, *IMAGE))
    target = asarray(pictures[np.arange(7) % CLASSES])
    optimizer = SGD(model.pictures, 1.0)
    for _ in range(100):
        guess, cache = model.forward(h, context)
        model.backward(guess - target, cache)
        optimizer.step()
    np.testing.assert_allclose(
        to_numpy(model.pictures.params["W"]).reshape(pictures.shape), pictures, rtol=1e-5
    )
