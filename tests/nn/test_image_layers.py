"""Pooling, batch normalization by channel and reshaping:

central differences, PyTorch, clear errors.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.fast import batch_threads
from dni_np.nn.fast import images as fast_images
from dni_np.nn.fast.images import BatchNorm2D, ReLU2D, divisor
from dni_np.nn.fast.pooling import FastAveragePool2D, FastMaxPool2D
from dni_np.nn.gradcheck import check_layer
from dni_np.nn.pooling import AveragePool2D, MaxPool2D
from dni_np.nn.reshape import Flatten, ToImages
from tests.pytorch_twin import tensor, torch

POOLS = [
    (kind, size, stride)
    for kind in (MaxPool2D, AveragePool2D)
    for size in (2, 3)
    for stride in (1, 2, 3)
]
needs_torch = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)


def images(n=3, h=6, w=7, c=2, seed=0):
    """All pixels differ by more than a step of the gradient check, so that no maximum changes
    hands.
    """
    values = np.random.default_rng(seed).permutation(n * h * w * c).reshape(n, h, w, c)
    return values / values.size - 0.5


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kind, size, stride", POOLS)
def test_pooling_gradients(kind, size, stride, padding):
    rng = np.random.default_rng(1)
    assert check_layer(kind(size, stride, padding), images(), rng, elementwise=True) < 1e-6


@pytest.mark.parametrize(
    "plain, fast", [(MaxPool2D, FastMaxPool2D), (AveragePool2D, FastAveragePool2D)]
)
def test_pooling_in_blocks_is_the_same(plain, fast, images_a_block):
    results = []
    for layer in (plain(), fast()):
        y, cache = layer.forward(asarray(images()))
        dy = asarray(np.random.default_rng(2).standard_normal(y.shape))
        results.append([to_numpy(array) for array in (y, layer.backward(dy, cache))])
    for one, other in zip(*results):
        np.testing.assert_array_equal(one, other)


@needs_torch
@pytest.mark.parametrize("ties", [False, True], ids=["all different", "many equal"])
@pytest.mark.parametrize("kind, size, stride", [pool for pool in POOLS if pool[1] == 3])
def test_pooling_is_pytorchs(kind, size, stride, ties):
    x = np.maximum(images(), 0).round(1) if ties else images()
    layer = kind(size, stride)
    theirs = (torch.nn.MaxPool2d if kind is MaxPool2D else torch.nn.AvgPool2d)(
        size, stride, padding=size // 2
    )
    y, cache = layer.forward(asarray(x))
    dy = np.random.default_rng(2).standard_normal(y.shape)
    dx = layer.backward(asarray(dy), cache)
    x_theirs = tensor(x.transpose(0, 3, 1, 2)).requires_grad_()
    y_theirs = theirs(x_theirs)
    y_theirs.backward(tensor(dy.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(
        to_numpy(y), y_theirs.detach().numpy().transpose(0, 2, 3, 1), rtol=1e-12
    )
    np.testing.assert_allclose(
        to_numpy(dx), x_theirs.grad.numpy().transpose(0, 2, 3, 1), rtol=1e-12, atol=1e-14
    )


@pytest.fixture(params=[(1, 1), (2, 12), (2, 21), (1000, 1 << 13)])
def images_a_block(request, monkeypatch):
    """How many images of the tests' size are normalized at a time, in rows of how many numbers."""
    count, long = request.param
    monkeypatch.setattr(batch_threads, "CACHE", count * np.zeros((5, 4, 3)).nbytes)
    monkeypatch.setattr(fast_images, "LONG", long)


@pytest.mark.parametrize("kind", [BatchNorm, BatchNorm2D])
@pytest.mark.parametrize("training", [True, False], ids=["training", "test time"])
def test_batchnorm_by_channel(training, kind, images_a_block):
    rng = np.random.default_rng(3)
    layer = kind(3, dtype=np.float64)
    for value in [*layer.params.values(), *layer.buffers.values()]:
        value += asarray(rng.uniform(0.1, 0.5, value.shape))
    assert (
        check_layer(layer, rng.standard_normal((3, 5, 4, 3)), rng, training, elementwise=True)
        < 1e-6
    )


@pytest.mark.parametrize("fast, plain", [(BatchNorm2D, BatchNorm), (ReLU2D, ReLU)])
def test_images_in_another_order(fast, plain, images_a_block):
    arguments = (3,) if fast is BatchNorm2D else ()
    arrays = asarray(np.random.default_rng(5).standard_normal((2, 3, 5, 4, 7)))
    x, dy = arrays.transpose(0, 4, 2, 3, 1)  # (N, H, W, n), the channels far apart in memory
    found = []
    for layer in (fast(*arguments), plain(*arguments)):
        y, cache = layer.forward(x)
        found.append((y, layer.backward(dy, cache)))
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(to_numpy(ours), to_numpy(theirs), atol=1e-6)


@needs_torch
@pytest.mark.parametrize("kind", [BatchNorm, BatchNorm2D])
def test_batchnorm_by_channel_is_pytorchs(kind, images_a_block):
    rng = np.random.default_rng(4)
    x, dy = rng.standard_normal((2, 5, 5, 4, 3))
    x += rng.standard_normal((5, 1, 1, 1))  # images that differ in their mean
    layer, theirs = kind(3, dtype=np.float64), torch.nn.BatchNorm2d(3, dtype=torch.float64)
    y, kept = layer.forward(asarray(x))
    dx = layer.backward(asarray(dy), kept)
    grads = layer.grads
    x_theirs = tensor(x.transpose(0, 3, 1, 2)).requires_grad_()
    y_theirs = theirs(x_theirs)
    y_theirs.backward(tensor(dy.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(
        to_numpy(y), y_theirs.detach().numpy().transpose(0, 2, 3, 1), rtol=1e-9, atol=1e-13
    )
    np.testing.assert_allclose(
        to_numpy(dx), x_theirs.grad.numpy().transpose(0, 2, 3, 1), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(to_numpy(grads["gamma"]), theirs.weight.grad.numpy() / 5, rtol=1e-10)
    np.testing.assert_allclose(
        to_numpy(layer.buffers["var"]), theirs.running_var.numpy(), rtol=1e-12
    )


def test_the_largest_of_rectified_numbers_is_the_largest_rectified():
    """`architectures.cnn` pools first, because it is less work."""
    x, rng = asarray(images(n=4) - 0.3), np.random.default_rng(6)
    pool, relu = MaxPool2D(), ReLU()
    dy = asarray(rng.standard_normal((4, 3, 4, 2)))
    results = []
    for first, second in ((pool, relu), (relu, pool)):
        middle, cache_first = first.forward(x)
        y, cache_second = second.forward(middle)
        results.append((y, first.backward(second.backward(dy, cache_second), cache_first)))
    (y, dx), (y_other, dx_other) = results
    assert 0 < (to_numpy(y) == 0).mean() < 1
    np.testing.assert_array_equal(to_numpy(y), to_numpy(y_other))
    np.testing.assert_array_equal(to_numpy(dx), to_numpy(dx_other))


def test_relu_of_a_few_images_at_a_time(images_a_block):
    rng = np.random.default_rng(7)
    x, dy = map(asarray, rng.standard_normal((2, 5, 5, 4, 3)))
    for one, two in zip(
        forward_and_backward(ReLU(), x, dy), forward_and_backward(ReLU2D(), x, dy), strict=True
    ):
        assert 0 < (to_numpy(one) == 0).mean() < 1
        np.testing.assert_array_equal(to_numpy(one), to_numpy(two))


def forward_and_backward(layer, x, dy):
    y, cache = layer.forward(x)
    return y, layer.backward(dy, cache)


@pytest.mark.parametrize("layer", [Flatten(), ToImages(6, 7, 2)], ids=["flatten", "to images"])
def test_reshaping(layer):
    x = images() if isinstance(layer, Flatten) else images().reshape(3, -1)
    y, _ = layer.forward(asarray(x))
    assert y.shape == ((3, 84) if isinstance(layer, Flatten) else (3, 6, 7, 2))
    assert check_layer(layer, x, np.random.default_rng(5)) < 1e-6


MISTAKES = {
    "MaxPool2D cannot take an array of float64 of shape (3, 4)": lambda: MaxPool2D().forward(
        asarray(np.zeros((3, 4)))
    ),
    "windows of 5 x 5 are larger than the images, (1, 4, 9, 2)": lambda: AveragePool2D(
        5, 1, "valid"
    ).forward(asarray(np.zeros((1, 4, 9, 2)))),
    "the stride of windows must be a whole number, at least 1, not 0": lambda: MaxPool2D(3, 0),
    "the padding of windows must be same or valid, not 'full'": lambda: MaxPool2D(
        3, padding="full"
    ),
    "BatchNorm with gamma (3,) cannot take an array of float64 of shape (2, 4, 4, 2)": lambda: (
        BatchNorm(3).forward(asarray(np.zeros((2, 4, 4, 2))))
    ),
    "it needs floats of shape (N, height, width, 3)": lambda: BatchNorm2D(3).forward(
        asarray(np.zeros((2, 3)))
    ),
    "ToImages cannot take an array of float64 of shape (3, 5)": lambda: ToImages(2, 2, 1).forward(
        asarray(np.zeros((3, 5)))
    ),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_mistakes(sentence):
    with pytest.raises(UserError) as error:
        MISTAKES[sentence]()
    assert sentence in str(error.value)


def test_the_smallest_divisor_that_is_large_enough():
    assert [divisor(12, least) for least in (1, 2, 5, 7, 13)] == [1, 2, 6, 12, 12]
    assert divisor(13, 2) == 13
