"""Convolutions:

three versions of one function, against central differences, PyTorch, and each other.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.conv import Conv2D
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D
from dni_np.nn.fast.dft import analyze, factors, multiply, synthesize
from dni_np.nn.gradcheck import check_layer
from tests.pytorch_twin import tensor, torch

VERSIONS = [Conv2D, ColumnsConv2D, FrequencyConv2D]
KINDS = [
    (k, padding, stride) for k in (1, 2, 3, 5) for padding in ("same", "valid") for stride in (1, 2)
]


def build(version, kernel=3, padding="same", stride=1, n_in=3, n_out=4, dtype=np.float64):
    rng = np.random.default_rng(1)
    return version(n_in, n_out, rng, kernel=kernel, padding=padding, stride=stride, dtype=dtype)


def cases():
    return [
        (v, *kind) for v in VERSIONS for kind in KINDS if v is not FrequencyConv2D or kind[2] == 1
    ]


@pytest.mark.parametrize("version, kernel, padding, stride", cases())
def test_gradients(version, kernel, padding, stride):
    rng = np.random.default_rng(0)
    layer = build(version, kernel, padding, stride, n_in=2, n_out=3)
    assert (
        check_layer(layer, rng.standard_normal((2, 5, 6, 2)), rng, elementwise=kernel == 3) < 1e-6
    )


@pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)
@pytest.mark.parametrize("version, kernel, padding, stride", cases())
def test_pytorch(version, kernel, padding, stride):
    rng = np.random.default_rng(2)
    layer = build(version, kernel, padding, stride)
    x = rng.standard_normal((3, 7, 6, 3))
    y, cache = layer.forward(asarray(x))
    dy = rng.standard_normal(y.shape)
    dx = layer.backward(asarray(dy), cache)
    grads = layer.grads

    images = tensor(x.transpose(0, 3, 1, 2)).requires_grad_()
    W = tensor(to_numpy(layer.params["W"]).transpose(3, 2, 0, 1)).requires_grad_()
    b = tensor(to_numpy(layer.params["b"])).requires_grad_()
    padded = torch.nn.functional.pad(images, (layer.windows.before, layer.windows.after) * 2)
    theirs = torch.nn.functional.conv2d(padded, W, b, stride=stride)
    theirs.backward(tensor(dy.transpose(0, 3, 1, 2)))
    close = {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(to_numpy(y), theirs.detach().numpy().transpose(0, 2, 3, 1), **close)
    np.testing.assert_allclose(to_numpy(dx), images.grad.numpy().transpose(0, 2, 3, 1), **close)
    np.testing.assert_allclose(
        to_numpy(grads["W"]), W.grad.numpy().transpose(2, 3, 1, 0) / 3, **close
    )
    np.testing.assert_allclose(to_numpy(grads["b"]), b.grad.numpy() / 3, **close)


@given(
    version=st.sampled_from(VERSIONS[1:]),
    n=st.sampled_from([1, 2, 33]),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
)
def test_the_fast_versions_equal_the_textbook(version, n, size, kernel, padding):
    rng = np.random.default_rng(n)
    plain, fast = (build(v, kernel, padding, dtype=np.float32) for v in (Conv2D, version))
    x = asarray(rng.standard_normal((n, *size, 3)).astype(np.float32))
    y, cache = plain.forward(x)
    y_fast, cache_fast = fast.forward(x)
    dy = asarray(rng.standard_normal(y.shape).astype(np.float32))
    dx = plain.backward(dy, cache)
    grads = plain.grads
    dx_fast = fast.backward(dy, cache_fast)
    grads_fast = fast.grads
    assert y_fast.dtype == dx_fast.dtype == np.float32
    for ours, wanted in [
        (y_fast, y),
        (dx_fast, dx),
        *((grads_fast[name], grads[name]) for name in grads),
    ]:
        np.testing.assert_allclose(to_numpy(ours), to_numpy(wanted), rtol=1e-4, atol=2e-5)


@given(h=st.integers(1, 9), w=st.integers(1, 9), more=st.integers(0, 3))
def test_the_transform_is_numpys_and_comes_back(h, w, more):
    P, Q = h + more, w + 2 * more
    images = np.random.default_rng(h).standard_normal((2, h, w, 3))
    spectrum = analyze(asarray(images), P, Q)
    wanted = np.fft.fft(np.fft.rfft(images, P, axis=1), Q, axis=2)  # (N, F, Q, C)
    np.testing.assert_allclose(
        to_numpy(spectrum)[:, 0], wanted.real.transpose(1, 2, 0, 3), atol=1e-12
    )
    np.testing.assert_allclose(
        to_numpy(spectrum)[:, 1], wanted.imag.transpose(1, 2, 0, 3), atol=1e-12
    )
    np.testing.assert_allclose(to_numpy(synthesize(spectrum, P, Q, 0, 0, h, w)), images, atol=1e-12)


@pytest.mark.parametrize("conjugate", [False, True])
def test_products_are_complex(conjugate):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 2, 4, 5, 6)), rng.standard_normal((3, 2, 4, 6, 2))
    wanted = (a[:, 0] + 1j * a[:, 1]) @ (b[:, 0] + (-1j if conjugate else 1j) * b[:, 1])
    product = to_numpy(multiply(asarray(a), factors(asarray(b), conjugate)))
    np.testing.assert_allclose(product[:, 0] + 1j * product[:, 1], wanted)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "shape, sentence",
    [
        ((2, 5, 5, 4), "floats of shape (N, height, width, 3)"),
        ((2, 3, 9, 3), "larger than the images, (2, 3, 9, 3)"),
    ],
)
def test_images_that_do_not_fit(version, shape, sentence):
    layer = build(version, kernel=5, padding="valid")
    with pytest.raises(UserError) as error:
        layer.forward(asarray(np.zeros(shape)))
    assert sentence in str(error.value) and (
        "5 x 5" in str(error.value) or "(5, 5, 3, 4)" in str(error.value)
    )


def test_a_stride_has_no_frequency_version():
    with pytest.raises(UserError, match="stride 1"):
        build(FrequencyConv2D, stride=2)
