"""Reports of numbers that were wrong, not finite, or other numbers the next time."""

import contextlib
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.experiments.feedforward.rules import RULES
from dni_np.nn.activations import Sigmoid, Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from tests.reports.commands import CNN, FCN, arrays_of, changed, same, table
from tests.reports.files import four

RATE = ["--optimizer", "sgd", "--learning-rate", "1e4"]


@pytest.fixture
def strict():
    """A warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("network", [FCN, CNN], ids=["fcn", "cnn"])
def test_a_rate_that_is_far_too_large(network, run, tmp_path):
    """Too large a rate filled tables with nan. Runs that diverge are counted, the others go on.

    lionelmessi6410/Neural-Networks-from-Scratch#2, sar-gupta/neural-network-from-scratch#10,
    andrewschreiber/numpy-saliency#2, rushter/MLAlgorithms#32,
    makeyourownneuralnetwork/makeyourownneuralnetwork#25
    """
    ran = run("compare", "--rules", "all", "--data", "digits", *network, *RATE, "--out", "o")
    assert ran.status == 0 and "nan" not in re.sub(r"the mean \w+ is nan", "", ran.out)
    rows = table(tmp_path / "o")
    assert len(rows) == len(RULES)
    for row in rows:
        diverged = row["seeds"] == "0 (1 diverged)"
        assert (row["test error %"] == "") == diverged
        assert (f"{row['run']}-seed0: training diverged" in ran.out) == diverged
        assert diverged or 0 <= float(row["test error %"]) <= 100
    assert any(row["test error %"] for row in rows)


def test_a_single_run_that_diverges(run):
    """The same threads: alone, it ends with advice."""
    ran = run("mnist", "--rule", "dni", "--data", "digits", *FCN, *RATE)
    assert ran.refused("diverged", "--learning-rate", "--sg-learning-rate")


EXTREME = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 1e4]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_large_logits(dtype, backend, strict):
    """exp overflows, log(0) follows. rushter/MLAlgorithms#32, andrewschreiber/numpy-saliency#2"""
    logits, labels = backend.asarray(EXTREME, dtype), backend.asarray(np.array([1, 1, 1]))
    loss, gradient = SoftmaxCrossEntropy()(logits, labels)
    assert float(loss) == pytest.approx(2e4 / 3)
    assert to_numpy(gradient).tolist() == [[1, -1], [0, 0], [0, 0]]
    mask = backend.asarray(np.ones((1, 3), dtype))
    loss, gradient = MaskedSoftmaxCrossEntropy()(logits[None], (labels[None], mask))
    assert float(loss) == pytest.approx(2e4 / 3)
    assert to_numpy(gradient)[0].tolist() == [[1, -1], [0, 0], [0, 0]]


def test_softmax_of_infinite_logits(strict):
    """The same threads: only the sample that is not finite has no gradient; no warning."""
    logits, labels = asarray(np.array([[1e4, -1e4], [np.inf, 0]])), asarray(np.array([1, 0]))
    loss, gradient = SoftmaxCrossEntropy()(logits, labels)
    assert to_numpy(gradient)[0].tolist() == [1, -1]
    assert not np.isfinite(float(loss)) or float(loss) == 1e4


@pytest.mark.parametrize("layer, low", [(Sigmoid(), 0), (Tanh(), -1)], ids=["sigmoid", "tanh"])
def test_saturated_units(layer, low, backend, strict):
    """The exponential in a sigmoid overflows for large negative inputs.

    sar-gupta/neural-network-from-scratch#10
    """
    y, cache = layer.forward(backend.asarray(np.array([[1e4, -1e4]], np.float32)))
    assert to_numpy(y).tolist() == [[1, low]]
    assert to_numpy(
        layer.backward(backend.asarray(np.ones((1, 2), np.float32)), cache)
    ).tolist() == [[0, 0]]


PROGRAM = """
import sys, threading
from dni_np.experiments.cli import main
status = main(sys.argv[1:])
print([thread.name for thread in threading.enumerate() if "Pool" in thread.name])
sys.exit(status)
"""


def test_fresh_processes_have_equal_runs(tmp_path):
    """The same seed gave other numbers the next time: Python draws its hashes anew, for one.

    pytorch/pytorch#2201, pytorch/pytorch#88718. And OPENBLAS_NUM_THREADS=1 holds for our own
    threads, too: runs side by side that all want every core are slow (numpy/numpy#21376,
    numpy/numpy#17856, ContinuumIO/anaconda-issues#593).
    """
    four(tmp_path / "images")
    root = str(Path(__file__).resolve().parents[2])
    for name in ("1", "2"):
        more = {"PYTHONPATH": root, "PYTHONHASHSEED": name, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-c", PROGRAM, "mnist", "--data", "images", *CNN, "--out", name]
        options = {
            "cwd": tmp_path,
            "env": {**os.environ, **more},
            "capture_output": True,
            "text": True,
        }
        done = subprocess.run(command, **options, timeout=100)
        assert done.returncode == 0 and done.stdout.endswith("\n[]\n"), done
    assert same(arrays_of(tmp_path / "1"), arrays_of(tmp_path / "2"))


def test_other_threads_differ_by_rounding_only(run, tmp_path):
    """Matrix products add in another order on more threads, or on another processor.

    numpy/numpy#8041, numpy/numpy#32168, numpy/numpy#11046, libAtoms/QUIP#522. Runs are equal bit
    for bit only on the same machine, with the same number of threads (see README).
    """
    four(tmp_path / "images")
    short = changed(FCN, "--steps", 5)
    arguments = ["--rule", "cdni", *short, "--data", "images", "--evaluate-every", 1]
    losses = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            assert run("mnist", *arguments, "--out", threads).status == 0
        losses.append(
            [float(row["train_loss"]) for row in table(tmp_path / f"{threads}/cdni-3-seed0")]
        )
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_labels_as_bytes(strict):
    """NumPy 2 keeps uint8 where it used to widen, so that sums overflow. lyuwenyu/RT-DETR#580"""
    rng = np.random.default_rng(0)
    logits, labels = asarray(rng.standard_normal((300, 260))), rng.integers(0, 256, 300)
    loss, gradient = SoftmaxCrossEntropy()(logits, asarray(labels.astype(np.uint8)))
    wanted, wanted_gradient = SoftmaxCrossEntropy()(logits, asarray(labels))
    assert float(loss) == float(wanted) and np.array_equal(
        to_numpy(gradient), to_numpy(wanted_gradient)
    )


def test_images_as_bytes(strict):
    """The same thread: bytes are refused in a sentence, or taken as the numbers they are."""
    images = np.random.default_rng(1).integers(0, 256, (50, 6))
    for layer in (Linear(6, 4, np.random.default_rng(0)), BatchNorm(6)):
        wanted, _ = layer.forward(asarray(images.astype(np.float32)))
        with contextlib.suppress(UserError):
            found, _ = layer.forward(asarray(images.astype(np.uint8)))
            np.testing.assert_allclose(to_numpy(found), to_numpy(wanted), rtol=1e-5)


@pytest.mark.parametrize("label", [3, -1])
def test_a_label_beyond_the_outputs(label):
    """Of ten outputs somebody set the eleventh.

    makeyourownneuralnetwork/makeyourownneuralnetwork#73
    """
    with pytest.raises(UserError, match="label"):
        SoftmaxCrossEntropy()(asarray(np.zeros((2, 3))), asarray(np.array([0, label])))
