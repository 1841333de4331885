"""Reports of networks that learned too slowly, or from a wrong gradient."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.nn.fast.choice import conv2d
from dni_np.nn.gradcheck import check_gradient, check_layer
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import Adam
from dni_np.nn.pooling import AveragePool2D, MaxPool2D
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop
from tests.reports.commands import CNN, FCN, arrays_of, changed, same, table
from tests.reports.files import four

COPY = "--recipe copy-quick --samples 1280 --quiet".split()


@pytest.fixture
def sums(run, tmp_path):
    """A fifth of a quick run on binary addition: histories by rule, and the table's errors."""
    quick = "--recipe addition-quick --rules backprop dni cdni --steps 4000 --quiet".split()
    assert run("compare", *quick, "--out", "sums").status == 0
    errors = {row["run"]: float(row["test error %"]) for row in table(tmp_path / "sums")}
    return {rule: table(tmp_path / "sums" / f"{rule}-3-seed0") for rule in ("dni", "cdni")}, errors


def thirds(rows, name):
    """The means of a column over the first, second and last third of a history."""
    return [np.mean([float(row[name]) for row in part]) for part in np.array_split(rows, 3)]


def test_addition(sums):
    """Guesses that see only the layer's output hardly let trask's network converge.

    With the label they do: llSourcell/synthetic_gradients_explained#2. And the loss of a guess
    may grow while the network learns: llSourcell/synthetic_gradients_explained#5. Then what it
    guesses, the true gradient, grows.
    """
    histories, errors = sums
    assert abs(errors["cdni-3"] - errors["backprop-3"]) < 8 < errors["dni-3"] - errors["cdni-3"]
    grew = 0
    for rule, rows in histories.items():
        assert thirds(rows, "train_loss")[2] < thirds(rows, "train_loss")[0]
        for core in (1, 2):
            losses, norms = (thirds(rows, f"{name}_{core}") for name in ("gradient_loss", "norm"))
            assert np.isfinite(losses).all()
            for before, after in ((0, 1), (1, 2)):
                if losses[after] > 1.5 * losses[before]:
                    assert norms[after] > norms[before], (rule, core)
                    grew += 1
    assert grew


def test_a_guess_that_is_trained_but_not_used(run):
    """With guesses scaled to nothing the core must learn as in truncated backpropagation.

    koz4k/dni-pytorch#2
    """
    run("copy", "--rule", "dni", "--scale", 0, *COPY, "--out", "a")
    run("copy", "--rule", "bptt", *COPY, "--out", "b")
    network = [name for name in arrays_of("b") if "core/" in name or "readout/" in name]
    assert len(network) == 4
    assert all(np.array_equal(arrays_of("a")[name], arrays_of("b")[name]) for name in network)


def test_the_error_of_a_guess_reaches_the_core_only_if_asked_for(run):
    """A target that leaks into the core trains it to be predictable.

    koz4k/dni-pytorch#3, hannw/sgrnn#2
    """
    core = {}
    for name, more in (
        ("asis", []),
        ("fast", ["--sg-learning-rate", 1]),
        ("in", ["--error-into-core"]),
    ):
        run("copy", "--rule", "dni", "--scale", 0, *COPY, *more, "--out", name)
        core[name] = {k: v for k, v in arrays_of(name).items() if "rule/core/" in k}
    assert same(core["fast"], core["asis"]) and not same(core["in"], core["asis"])


@pytest.fixture
def lstm():
    """An LSTM, an input (4, 2, 2), a state, weights of a loss of the last h and c, a Generator."""
    rng = np.random.default_rng(0)
    states = [tuple(asarray(rng.standard_normal((2, 3))) for _ in "hc") for _ in range(2)]
    layer = LSTM(2, 3, rng, dtype=np.float64)
    return layer, asarray(rng.standard_normal((4, 2, 2))), *states, rng


def test_the_gradient_at_an_lstms_last_cell_state(lstm):
    """Three implementations by hand lost what comes back into the last h and c.

    nicklashansen/rnn_lstm_from_scratch#1, CaptainE/RNN-LSTM-in-numpy#1,
    deeplearning4j/deeplearning4j#8838
    """
    layer, x, state, weights, rng = lstm

    def loss():
        return sum(float((w * s).sum()) for w, s in zip(weights, layer.forward(x, state)[1])) / 2

    y, _, cache = layer.forward(x, state)
    dx, dstate = layer.backward(0 * y, weights, cache)
    pairs = [(array, to_numpy(layer.grads[name]).copy()) for name, array in layer.params.items()]
    pairs += [(array, to_numpy(d) / 2) for array, d in zip((x, *state), (dx, *dstate))]
    for array, gradient in pairs:
        assert check_gradient(loss, array, gradient, rng, elementwise=True) < 1e-6


def test_two_chunks_whose_states_gradient_is_passed_are_one(lstm):
    """The same threads: dh and dc must travel from chunk to chunk."""
    layer, x, state, weights, _ = lstm
    y, _, cache = layer.forward(x, state)
    dx, dstate = layer.backward(y, weights, cache)
    whole = [dx, *dstate, *(layer.grads[name].copy() for name in layer.params)]
    _, middle, first = layer.forward(x[:2], state)
    _, _, second = layer.forward(x[2:], middle)
    dx_second, dmiddle = layer.backward(y[2:], weights, second)
    late = [layer.grads[name].copy() for name in layer.params]
    dx_first, dstate = layer.backward(y[:2], dmiddle, first)
    early = [layer.grads[name] for name in layer.params]
    parts = [np.concatenate([to_numpy(dx_first), to_numpy(dx_second)]), *dstate]
    for one, other in zip(whole, [*parts, *(a + b for a, b in zip(early, late))]):
        np.testing.assert_allclose(to_numpy(one), to_numpy(other), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("size", [(5, 3), (3, 5), (1, 6), (6, 1), (2, 1)])
@pytest.mark.parametrize("channels", [2, 12], ids=["columns", "frequencies"])
@pytest.mark.parametrize("pool", [MaxPool2D, AveragePool2D])
def test_gradients_of_images_that_are_not_square(channels, pool, size):
    """Height and width were taken for each other in the gradient of a pooling.

    deeplearning4j/deeplearning4j#959
    """
    rng = np.random.default_rng(0)
    layer = Sequential([conv2d(channels, 2, rng, kernel=3, dtype=np.float64), pool(3)])
    x = rng.standard_normal((2, *size, channels))
    assert check_layer(layer, x, rng, elementwise=True) < 1e-6


def test_transposed_images_are_as_good_to_a_fully_connected_network():
    """EMNIST's images lie on their side. Any fixed order of pixels will do, if weights follow it.

    tensorflow/datasets#812, pytorch/vision#8783
    """
    rng = np.random.default_rng(0)
    images, labels = rng.random((40, 6, 5)), rng.integers(0, 4, 40)
    order = np.arange(30).reshape(6, 5).T.ravel()
    losses = []
    for turned in (False, True):
        draw = np.random.default_rng(1)
        first, last = Linear(30, 8, draw, dtype=np.float64), Linear(8, 4, draw, dtype=np.float64)
        pixels = images.transpose(0, 2, 1) if turned else images
        if turned:
            first.params["W"][:] = first.params["W"][order].copy()
        network = Backprop([first, last], SoftmaxCrossEntropy(), lambda layer: Adam(layer, 1e-2))
        x, y = asarray(pixels.reshape(40, 30)), asarray(labels)
        losses.append([float(network.step(x, y)["loss"]) for _ in range(20)])
    assert losses[1] == pytest.approx(losses[0]) and losses[0][-1] < losses[0][0]


@pytest.mark.parametrize(
    "batch, trains", [(1, False), (2, True), (399, True), (400, True), (401, False)]
)
def test_batches_of_any_size_but_one(batch, trains, run, tmp_path):
    """A batch of one has no statistics. pytorch/pytorch#4534"""
    four(tmp_path / "images", 400, (5, 5))
    sized = changed(FCN, "--batch-size", batch)
    ran = run("mnist", *sized, "--rule", "dni", "--data", "images", "--out", "o")
    assert ran.status == 0 if trains else ran.refused("batch", str(batch))


def test_batches_of_one_number_a_channel(run, tmp_path):
    """A convolution's statistics are over pixels, too: of one pixel there is only the batch.

    pytorch/pytorch#7716
    """
    four(tmp_path / "pixels", 80, (1, 1))
    assert run("mnist", *CNN, "--data", "pixels").refused("one pixel", "fully connected")


def test_a_single_test_image(run, tmp_path):
    """Evaluation takes the running statistics, so that one image is enough. pytorch/pytorch#1381"""
    four(tmp_path / "few", 4)
    pairs = changed(CNN, "--batch-size", 2)
    assert run("mnist", *pairs, "--data", "few", "--out", "o").status == 0
    assert float(table(tmp_path / "o")[0]["test error %"]) in (0, 100)
