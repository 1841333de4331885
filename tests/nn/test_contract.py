"""What every layer promises:

shapes, precision, caches that stand alone, inputs left untouched, one-sentence errors.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU, Sigmoid, Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.sequential import Sequential

MAKERS = {
    "linear": lambda n, rng, dtype: Linear(n, 3, rng, dtype=dtype),
    "sigmoid": lambda n, rng, dtype: Sigmoid(),
    "tanh": lambda n, rng, dtype: Tanh(),
    "relu": lambda n, rng, dtype: ReLU(),
    "batchnorm": lambda n, rng, dtype: BatchNorm(n, dtype=dtype),
    "sequential": lambda n, rng, dtype: Sequential(
        [Linear(n, 4, rng, dtype=dtype), BatchNorm(4, dtype=dtype), ReLU()]
    ),
}
makers = st.sampled_from(list(MAKERS))
precisions = st.sampled_from([np.float32, np.float64])


@given(
    name=makers,
    dtype=precisions,
    batch=st.integers(2, 9),
    n=st.integers(1, 6),
    training=st.booleans(),
)
def test_shapes_and_precision_pass_through(name, dtype, batch, n, training):
    rng = np.random.default_rng(batch + 10 * n)
    layer = MAKERS[name](n, rng, dtype)
    x = rng.standard_normal((batch, n)).astype(dtype)
    given_x = asarray(x)
    y, cache = layer.forward(given_x, training)
    dy = rng.standard_normal(y.shape).astype(dtype)
    given_dy = asarray(dy)
    dx = layer.backward(given_dy, cache)
    grads = layer.grads
    assert y.shape[0] == batch and dx.shape == x.shape
    assert y.dtype == dx.dtype == dtype
    assert all(array.dtype == dtype for array in [*grads.values(), *layer.buffers.values()])
    assert {k: v.shape for k, v in grads.items()} == {k: v.shape for k, v in layer.params.items()}
    np.testing.assert_array_equal(to_numpy(given_x), x)  # neither argument was written to
    np.testing.assert_array_equal(to_numpy(given_dy), dy)


@given(name=makers, batch=st.integers(2, 6))
def test_two_batches_in_flight(name, batch):
    """The first batch's gradients are the same if a second one went forward in between."""
    rng = np.random.default_rng(batch)
    layer = MAKERS[name](4, rng, np.float64)
    first, second = (
        asarray(rng.standard_normal((batch, 4))),
        asarray(rng.standard_normal((batch + 1, 4))),
    )
    y, cache = layer.forward(first)
    dy = asarray(rng.standard_normal(y.shape))
    dx = to_numpy(layer.backward(dy, cache)).copy()
    grads = {k: to_numpy(v).copy() for k, v in layer.grads.items()}

    _, cache = layer.forward(first)
    layer.forward(second)
    dx_later = layer.backward(dy, cache)
    grads_later = layer.grads
    np.testing.assert_array_equal(to_numpy(dx_later), dx)
    for key, value in grads.items():
        np.testing.assert_array_equal(to_numpy(grads_later[key]), value)


@given(
    logits=st.lists(
        st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), min_size=1, max_size=5
    )
)
def test_cross_entropy_is_finite_and_its_gradients_sum_to_zero(logits):
    logits = asarray(np.array(logits, np.float32))
    labels = asarray(np.arange(len(logits)) % 3)
    loss, gradient = SoftmaxCrossEntropy()(logits, labels)
    assert np.isfinite(float(loss)) and float(loss) >= -1e-6
    np.testing.assert_allclose(to_numpy(gradient).sum(axis=1), 0, atol=1e-5)


def test_batchnorm_normalizes_and_follows_the_data():
    rng = np.random.default_rng(0)
    layer = BatchNorm(3, dtype=np.float64)
    for _ in range(200):
        y, _ = layer.forward(asarray(rng.normal([1, -2, 0], [1, 2, 3], (500, 3))))
    y = to_numpy(y)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(to_numpy(layer.buffers["mean"]), [1, -2, 0], atol=0.2)
    np.testing.assert_allclose(to_numpy(layer.buffers["var"]), [1, 4, 9], rtol=0.1)


def test_sigmoid_of_large_numbers_does_not_overflow():
    y, _ = Sigmoid().forward(asarray(np.array([[-1e4, 0, 1e4]], np.float32)))
    np.testing.assert_array_equal(to_numpy(y), [[0, 0.5, 1]])


def test_parameters_of_a_sequential_are_its_layers_own():
    rng = np.random.default_rng(0)
    net = Sequential([Linear(2, 3, rng), ReLU(), Linear(3, 1, rng)])
    assert list(net.params) == ["0.W", "0.b", "2.W", "2.b"] and len(net.params) == 4
    assert net.params["2.W"] is net.layers[2].params["W"]
    assert not any(name in net.params for name in ("W", "W.0", "3.W", "1.W"))
    assert [type(leaf).__name__ for leaf in Sequential([net, BatchNorm(1)]).leaves()] == [
        "Linear",
        "ReLU",
        "Linear",
        "BatchNorm",
    ]


def test_state_goes_into_another_layer_and_back():
    one, other = (
        Sequential([Linear(4, 3, np.random.default_rng(seed)), BatchNorm(3)]) for seed in (0, 1)
    )
    x = asarray(np.random.default_rng(2).standard_normal((8, 4)).astype(np.float32))
    one.forward(x)  # moves the running statistics
    other.load_state(one.state())
    np.testing.assert_array_equal(
        to_numpy(other.forward(x, training=False)[0]), to_numpy(one.forward(x, training=False)[0])
    )


RNG = np.random.default_rng(0)
MISTAKES = {
    "Linear with W (4, 2) cannot take an array of float32 of shape (3, 5): it needs": lambda: (
        Linear(4, 2, RNG).forward(asarray(np.ones((3, 5), np.float32)))
    ),
    "BatchNorm with gamma (4,) cannot take": lambda: BatchNorm(4).forward(
        asarray(np.ones((3, 5), np.float32))
    ),
    "at least 2 rows": lambda: BatchNorm(4).forward(asarray(np.ones((1, 4), np.float32))),
    "as labels: it needs integers of shape (3,)": lambda: SoftmaxCrossEntropy()(
        asarray(np.ones((3, 2))), asarray(np.ones((3, 2)))
    ),
    "a squared error cannot take an array of float64 of shape (3, 1)": lambda: SquaredError()(
        asarray(np.ones((3, 2))), asarray(np.ones((3, 1)))
    ),
    "this layer needs (4, 2)": lambda: Linear(4, 2, RNG).load_state(Linear(4, 3, RNG).state()),
    "the saved b is missing": lambda: Linear(4, 2, RNG).load_state(
        Linear(4, 2, RNG, bias=False).state()
    ),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_a_mistake_is_one_clear_sentence(sentence):
    with pytest.raises(UserError) as error:
        MISTAKES[sentence]()
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_the_base_class_writes_nothing_by_itself():
    with pytest.raises(NotImplementedError):
        Layer().forward(None)
