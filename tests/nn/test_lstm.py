"""The LSTM, and what all recurrent layers promise.

Central differences, PyTorch's, chunks of a sequence, what is left untouched, clear errors.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD
from tests.nn.recurrent import KINDS, N_IN, UNITS, check_recurrent, make, sequence
from tests.pytorch_twin import swap_o_and_g, tensor, torch, twin

kinds = pytest.mark.parametrize("kind", KINDS)


lstms = pytest.mark.parametrize("kind", ["lstm", "fast lstm"])


@lstms
@pytest.mark.parametrize("samples", [1, 5])
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_each_element(kind, steps, samples):
    rng = np.random.default_rng(0)
    assert check_recurrent(make(kind, rng), rng, steps, samples) < 1e-6


@pytest.mark.parametrize("steps", [1, 7])
def test_the_fast_one_is_the_one_to_read(steps):
    results = []
    for kind in ("lstm", "fast lstm"):
        rng = np.random.default_rng(9)
        layer = make(kind, rng)
        x, state, dy, dstate = sequence(rng, steps)
        y, last, cache = layer.forward(x, state)
        dx, back = layer.backward(dy, dstate, cache)
        arrays = y, *last, dx, *back, *layer.grads.values(), *layer.cell_path(cache)
        results.append([to_numpy(array) for array in arrays])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@kinds
@pytest.mark.parametrize("cuts", [[3], [1, 2, 3, 4], [2, 3]], ids=str)
def test_chunks_that_pass_their_gradients_on_are_the_whole(kind, cuts):
    rng = np.random.default_rng(1)
    layer = make(kind, rng)
    x, state, dy, dstate = sequence(rng)
    y, last, cache = layer.forward(x, state)
    dx, back = layer.backward(dy, dstate, cache)
    grads = layer.grads
    whole = [to_numpy(array).copy() for array in (y, dx, *last, *back, *grads.values())]

    chunks, ys, start = [], [], 0
    for stop in [*cuts, len(x)]:
        y, state, cache = layer.forward(x[start:stop], state, start=start)
        ys.append(to_numpy(y))
        chunks.append((slice(start, stop), cache))
        start = stop
    dxs, total = [], {name: 0 for name in layer.grads}
    for steps, cache in reversed(chunks):  # all of them were in flight
        dx, dstate = layer.backward(dy[steps], dstate, cache)
        grads = layer.grads
        dxs.insert(0, to_numpy(dx))
        total = {name: total[name] + to_numpy(grads[name]) for name in total}
    parts = [
        np.concatenate(ys),
        np.concatenate(dxs),
        *map(to_numpy, (*state, *dstate)),
        *total.values(),
    ]
    for part, wanted in zip(parts, whole, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-12, atol=1e-13)


@kinds
def test_no_gradient_from_later_is_a_gradient_of_zero(kind):
    rng = np.random.default_rng(2)
    layer = make(kind, rng)
    x, state, dy, _ = sequence(rng)
    _, _, cache = layer.forward(x, state)
    results = []
    for dstate in (None, layer.initial_state(6)):
        dx, back = layer.backward(dy, dstate, cache)
        grads = layer.grads
        results.append([to_numpy(array).copy() for array in (dx, *back, *grads.values())])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@kinds
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_passes_through_and_nothing_given_is_written_to(kind, dtype):
    rng = np.random.default_rng(3)
    layer = make(kind, rng, dtype)
    x, state, dy, dstate = sequence(rng, dtype=dtype)
    given = (x, *state, dy, *dstate)
    before = [to_numpy(array).copy() for array in given]
    y, last, cache = layer.forward(x, state)
    later = [to_numpy(array).copy() for array in (y, *last)]
    dx, back = layer.backward(dy, dstate, cache)
    grads = layer.grads
    assert [array.shape for array in (y, *last)] == [(5, 6, UNITS), (6, UNITS), (6, UNITS)]
    assert [array.shape for array in (dx, *back)] == [(5, 6, N_IN), (6, UNITS), (6, UNITS)]
    for array in (
        y,
        *last,
        dx,
        *back,
        *grads.values(),
        *layer.buffers.values(),
        *layer.initial_state(6),
    ):
        assert array.dtype == dtype
    for array, value in zip((*given, y, *last), (*before, *later)):
        np.testing.assert_array_equal(to_numpy(array), value)


@kinds
def test_the_last_output_is_part_of_the_state_in_an_array_of_its_own(kind):
    rng = np.random.default_rng(4)
    x, state, *_ = sequence(rng)
    y, (h, _), _ = make(kind, rng).forward(x, state)
    np.testing.assert_array_equal(to_numpy(h), to_numpy(y[-1]))
    h += 1
    assert not np.array_equal(to_numpy(h), to_numpy(y[-1]))


@kinds
def test_the_input_gradient_can_be_left_out(kind):
    rng = np.random.default_rng(5)
    layer = make(kind, rng)
    x, state, dy, dstate = sequence(rng)
    _, _, cache = layer.forward(x, state)
    _, back = layer.backward(dy, dstate, cache)
    grads = layer.grads
    wanted = [to_numpy(array).copy() for array in (*back, *grads.values())]
    dx, back = layer.backward(dy, dstate, cache, input_gradient=False)
    grads = layer.grads
    assert dx is None
    for array, value in zip((*back, *grads.values()), wanted, strict=True):
        np.testing.assert_array_equal(to_numpy(array), value)


@kinds
def test_an_optimizer_and_a_checkpoint_take_it_as_any_layer(kind):
    rng = np.random.default_rng(6)
    one, other = make(kind, rng), make(kind, rng)
    x, state, dy, dstate = sequence(rng)
    optimizer = SGD(one, 0.5)
    saved = {name: to_numpy(value).copy() for name, value in one.params.items()}
    _, _, cache = one.forward(x, state)
    one.backward(dy, dstate, cache)
    grads = one.grads
    optimizer.step()
    for name, value in saved.items():
        np.testing.assert_allclose(
            to_numpy(one.params[name]), value - 0.5 * to_numpy(grads[name]), rtol=1e-12
        )
    other.load_state(one.state())
    outputs = [to_numpy(layer.forward(x, state, training=False)[0]) for layer in (one, other)]
    np.testing.assert_array_equal(*outputs)


def test_a_new_one_remembers():
    layer = LSTM(N_IN, UNITS, np.random.default_rng(7), forget_bias=2.0)
    i, f, o, g = np.split(to_numpy(layer.params["b"]), 4)
    assert (f == 2).all() and not np.any([i, o, g])


@pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)
@lstms
@pytest.mark.parametrize("steps", [1, 7])
def test_it_is_pytorchs(kind, steps):
    rng = np.random.default_rng(8)
    layer = make(kind, rng)
    x, state, dy, dstate = sequence(rng, steps)
    theirs = twin(layer)
    x_theirs, *state_theirs = leaves = [
        tensor(to_numpy(array)).requires_grad_() for array in (x, *state)
    ]
    y_theirs, last_theirs = theirs(x_theirs, tuple(part[None] for part in state_theirs))
    torch.autograd.backward(
        (y_theirs, *last_theirs),
        [tensor(to_numpy(dy))] + [tensor(to_numpy(part))[None] for part in dstate],
    )

    y, last, cache = layer.forward(x, state)
    dx, back = layer.backward(dy, dstate, cache)
    grads = layer.grads
    wanted = [y_theirs, *(part[0] for part in last_theirs), *(leaf.grad for leaf in leaves)]
    for ours, value in zip((y, *last, dx, *back), wanted, strict=True):
        np.testing.assert_allclose(to_numpy(ours), value.detach().numpy(), rtol=1e-10, atol=1e-12)
    W = np.concatenate([theirs.weight_ih_l0.grad.numpy().T, theirs.weight_hh_l0.grad.numpy().T])
    for name, value in (("W", W), ("b", theirs.bias_ih_l0.grad.numpy())):
        np.testing.assert_allclose(
            to_numpy(grads[name]), swap_o_and_g(value) / 6, rtol=1e-10, atol=1e-12
        )


def forward_with(x_shape, *state_shapes):
    layer = LSTM(N_IN, UNITS, np.random.default_rng(0))
    return lambda: layer.forward(
        asarray(np.zeros(x_shape)), tuple(asarray(np.zeros(shape)) for shape in state_shapes)
    )


MISTAKES = {
    "of shape (5, 6, 4): it needs floats of shape (T, N, 3)": forward_with(
        (5, 6, 4), (6, 4), (6, 4)
    ),
    "of shape (5, 4): it needs two arrays of floats (6, 4)": forward_with(
        (5, 6, 3), (6, 4), (5, 4)
    ),
    "of shape (6, 3): it needs floats of shape (T, N, 3)": forward_with((6, 3), (6, 4), (6, 4)),
    "of shape (0, 6, 3): it needs floats of shape (T, N, 3), not an empty batch": forward_with(
        (0, 6, 3), (6, 4), (6, 4)
    ),
    "cannot take the state a tuple: it needs two arrays of floats (6, 4)": forward_with(
        (5, 6, 3), (6, 4)
    ),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_mistakes(sentence):
    with pytest.raises(UserError) as error:
        MISTAKES[sentence]()
    assert sentence in str(error.value) and "\n" not in str(error.value)
