"""Models that guess the gradients of images:

central differences, label channels, a whole decoupled CNN.
"""

from functools import partial

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import Layers, SyntheticGradient
from dni_np.nn.fast.choice import batchnorm2d, conv2d, relu2d
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D
from dni_np.nn.initializers import he_normal, zeros
from tests.dni.gradient_loss import check_gradients


def model_and_images(sees=("output", "label"), hidden=(), last_init=he_normal, channels=3):
    rng = np.random.default_rng(0)
    conditioning = Conditioning(sees, channels, label=4)
    layers = Layers(partial(conv2d, kernel=3), batchnorm2d, relu2d)
    model = SyntheticGradient(
        channels, conditioning, rng, hidden, last_init, dtype=np.float64, layers=layers
    )
    h = asarray(rng.standard_normal((5, 4, 6, channels)))
    return model, h, {"label": asarray(np.eye(4)[rng.integers(0, 4, 5)])}, rng


@pytest.mark.parametrize("hidden", [(), (2,), (2, 3)], ids=["linear", "one hidden", "two hidden"])
@pytest.mark.parametrize(
    "sees", [("output",), ("output", "label"), ("normalized", "label")], ids="+".join
)
def test_gradients_of_the_gradient_loss(sees, hidden):
    model, h, context, rng = model_and_images(sees, hidden)
    check_gradients(model, h, context, rng, directions=4)


def test_the_label_is_a_mask_for_each_class():
    model, h, context, _ = model_and_images()
    joined = to_numpy(model.conditioning.join(h, context))
    assert joined.shape == (5, 4, 6, 3 + 4)
    np.testing.assert_array_equal(joined[..., :3], to_numpy(h))
    for masks, label in zip(joined[..., 3:], to_numpy(context["label"])):
        np.testing.assert_array_equal(masks.reshape(-1, 4), np.tile(label, (24, 1)))


def test_guesses_nothing_at_first():
    model, h, context, _ = model_and_images(hidden=(2,), last_init=zeros)
    assert not to_numpy(model.forward(h, context)[0]).any()


def test_the_choice_of_a_convolution():
    rng = np.random.default_rng(0)
    kinds = [
        type(conv2d(n_in, 8, rng, stride=stride)) for n_in, stride in ((1, 1), (64, 1), (64, 2))
    ]
    assert kinds in (
        [ColumnsConv2D, FrequencyConv2D, ColumnsConv2D],
        [ColumnsConv2D] * 3,
    )  # the latter on a GPU
