"""Which images: MNIST, CIFAR-10, the offline digits, a folder of either form."""

import numpy as np
import pytest

from dni_np.data import choose
from dni_np.data.dataset import Dataset
from dni_np.data.digits import load_digits
from dni_np.data.download import data_home
from dni_np.errors import UserError
from tests.data import test_cifar10, test_idx

COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


def no_mnist():
    raise UserError("no connection")


def test_mnist_is_mnist():
    if not (data_home() / "mnist").is_dir():
        pytest.skip("MNIST is not on this machine (set DNI_NP_DATA)")
    mnist = choose.load_images("mnist")
    assert mnist.name == "MNIST" and not mnist.note
    assert mnist.x_train.shape == (60000, 784) and mnist.x_test.shape == (10000, 784)
    assert np.bincount(mnist.y_train).tolist() == COUNTS["train"]
    assert np.bincount(mnist.y_test).tolist() == COUNTS["test"]


def test_digits_say_that_they_are_not_mnist():
    pytest.importorskip("sklearn")
    digits = load_digits()
    assert "NOT MNIST" in digits.note
    assert len(digits.x_train) + len(digits.x_test) == 1797
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() * digits.scale == 1
    assert set(digits.y_test) == set(range(10))


def test_auto_falls_back_loudly(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(choose, "load_mnist", no_mnist)
    assert "NOT MNIST" in choose.load_images("auto").note
    with pytest.raises(UserError, match="no connection"):
        choose.load_images("mnist")


def test_cifar10_by_name(monkeypatch):
    monkeypatch.setattr(choose, "load_cifar10", lambda: "CIFAR-10")
    assert choose.load_images("cifar10") == "CIFAR-10"


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_of_idx_files(tmp_path, packed):
    images, *_ = test_idx.write_set(tmp_path, packed)
    dataset = choose.load_images(str(tmp_path))
    assert dataset.image == (4, 5, 1) and np.array_equal(dataset.x_train, images.reshape(7, 20))


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-bin"])
def test_a_folder_in_the_form_of_cifar10(tmp_path, inside):
    test_cifar10.write_set(tmp_path / "mine" / inside)
    dataset = choose.load_images(str(tmp_path / "mine"))
    assert dataset.name == "mine" and dataset.image == (32, 32, 3)


INCOMPLETE = {
    "train-labels-idx1-ubyte.gz": "lacks train-images",
    "t10k-images-idx3-ubyte": "lacks train-images",
    "data_batch_1.bin": "lacks test_batch.bin",
    "test_batch.bin": "lacks data_batch_1.bin",
    "data_batch_1": "Python version of CIFAR-10, which is pickled",
}


@pytest.mark.parametrize("file", INCOMPLETE)
def test_an_incomplete_folder_is_known_by_what_it_holds(tmp_path, file):
    (tmp_path / file).write_bytes(b"")
    with pytest.raises(UserError, match=INCOMPLETE[file]):
        choose.load_images(str(tmp_path))


def test_a_folder_of_both_forms(tmp_path):
    test_idx.write_set(tmp_path)
    test_cifar10.write_set(tmp_path)
    with pytest.raises(UserError, match="holds both idx files and CIFAR-10's"):
        choose.load_images(str(tmp_path))


def test_anything_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="neither mnist, cifar10, digits, auto nor a folder"):
        choose.load_images("mnits")
    (tmp_path / "notes.txt").write_text("no images")
    with pytest.raises(UserError, match="neither idx files .train-images.* nor CIFAR-10's binary files .data_batch_1.bin, "):
        choose.load_images(str(tmp_path))


def test_dataset_checks_its_parts():
    x, y = np.zeros((4, 3)), np.zeros(4, int)
    whole = Dataset("four", x, y, x, y, 10)
    assert len(whole.first(2, 1).x_train) == 2 and len(whole.first(2, 1).y_test) == 1
    with pytest.raises(UserError, match="four: 4 training images but 3 labels"):
        Dataset("four", x, y[:3], x, y, 10)
    with pytest.raises(UserError, match="test set is empty"):
        Dataset("four", x, y, x[:0], y[:0], 10)
    with pytest.raises(UserError, match="training samples are"):
        Dataset("four", x, y, x[:, :2], y, 10)
