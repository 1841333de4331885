"""Which images: MNIST, CIFAR-10, the offline digits, a folder of either form."""

from dataclasses import replace

import numpy as np
import pytest

from dni_np.data import choose, mnist
from dni_np.data.dataset import Dataset
from dni_np.data.digits import load_digits
from dni_np.errors import UserError
from tests.data.made_up import write_archive, write_cifar10, write_idx


def test_digits_say_that_they_are_not_mnist():
    pytest.importorskip("sklearn")
    digits = load_digits()
    assert "NOT MNIST" in digits.note
    assert len(digits.x_train) + len(digits.x_test) == 1797
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() * digits.scale == 1
    assert set(digits.y_test) == set(range(10))


FALLBACKS = {  # does anything lie in the data folder, and what the note says
    "nothing": (False, "MNIST could not be downloaded: put its four .gz files into {}"),
    "other images": (True, "{} holds images in MNIST's form that are not MNIST"),
}


@pytest.mark.parametrize("case", FALLBACKS)
def test_auto_falls_back_loudly(tmp_path, monkeypatch, case):
    """A sentence says what is missing, where to put it, what stands in; the name is for titles."""
    pytest.importorskip("sklearn")
    folder = tmp_path / "mnist"
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path))
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))
    there, note = FALLBACKS[case]
    if there:
        write_idx(folder)
    dataset = choose.load_images("auto")
    assert note.format(folder) in dataset.note
    assert dataset.note.endswith("; scikit-learn's digits stand in") and "\n" not in dataset.note
    assert dataset.name == "digits in place of MNIST" and len(dataset.x_train) == 1437
    with pytest.raises(UserError, match=note.format(folder)):
        choose.load_images("mnist")


def test_cifar10_by_name(monkeypatch):
    monkeypatch.setattr(choose, "load_cifar10", lambda: "CIFAR-10")
    assert choose.load_images("cifar10") == "CIFAR-10"


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_of_idx_files(tmp_path, packed):
    images, *_ = write_idx(tmp_path, packed)
    dataset = choose.load_images(str(tmp_path))
    assert dataset.image == (4, 5, 1) and np.array_equal(dataset.x_train, images.reshape(7, 20))


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-bin"])
def test_a_folder_in_the_form_of_cifar10(tmp_path, inside):
    write_cifar10(tmp_path / "mine" / inside)
    dataset = choose.load_images(str(tmp_path / "mine"))
    assert dataset.name == "mine" and dataset.image == (32, 32, 3)


def test_the_archive_of_cifar10(tmp_path):
    write_archive(tmp_path / "cifar-10-binary.tar.gz")
    assert choose.load_images(str(tmp_path)).image == (32, 32, 3)


def test_a_folder_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_idx(tmp_path / "mine")
    assert choose.load_images("~/mine").name == "mine"


INCOMPLETE = {
    "train-labels-idx1-ubyte.gz": "lacks train-images-idx3-ubyte.gz, t10k-images",
    "t10k-images-idx3-ubyte": "lacks train-images-idx3-ubyte.gz, train-labels",
    "data_batch_1.bin": "lacks test_batch.bin",
    "test_batch.bin": "lacks data_batch_1.bin",
    "data_batch_1": "data_batch_1 is of the Python version",
    "cifar-10-python.tar.gz": "cifar-10-python.tar.gz is of the Python version",
    "archive.zip": "holds no images, but archive.zip: unpack that first",
    "mnist_train.csv": "has mnist_train.csv, and holds no images that are known here: neither idx",
}


@pytest.mark.parametrize("file", INCOMPLETE)
def test_an_incomplete_folder_is_known_by_what_it_holds(tmp_path, file):
    (tmp_path / file).write_bytes(b"")
    with pytest.raises(UserError, match=INCOMPLETE[file]):
        choose.load_images(str(tmp_path))


def test_a_folder_of_both_forms(tmp_path):
    write_idx(tmp_path / "one")
    write_cifar10(tmp_path / "two")
    with pytest.raises(UserError, match="holds both idx files and CIFAR-10's"):
        choose.load_images(str(tmp_path))


def test_anything_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="neither mnist, cifar10, digits, auto nor a folder"):
        choose.load_images("mnits")
    with pytest.raises(UserError, match="--data ~no-such-user/mnist is neither mnist"):
        choose.load_images("~no-such-user/mnist")
    with pytest.raises(UserError, match="--data is empty: give mnist, cifar10, digits, auto or a"):
        choose.load_images("")
    match = "is empty, and holds .*: neither idx files .train-images.* nor CIFAR-10's binary file"
    with pytest.raises(UserError, match=match):
        choose.load_images(str(tmp_path))
    (tmp_path / "x.gz").write_bytes(b"")
    with pytest.raises(UserError, match="x.gz is a file: give the folder that holds the unpacked"):
        choose.load_images(str(tmp_path / "x.gz"))


def test_the_fingerprint_is_of_all_samples():
    """It is the same in any copy, and another where a single value or the shape is another."""
    x, y = np.arange(24, dtype=np.uint8).reshape(4, 6), np.arange(4)
    whole = Dataset("four", x, y, x[:2], y[:2], 4, image=(2, 3, 1))
    same = Dataset("4", np.asfortranarray(x), y.copy(), x[:2], y[:2], 4, image=(2, 3, 1))
    assert whole.fingerprint == same.fingerprint
    other, wrong = x.copy(), y.copy()
    other[3, 5] += 1
    wrong[0] = 1
    for change in (
        {"x_train": other},
        {"y_train": wrong},
        {"x_test": other[2:]},
        {"y_test": wrong[:2]},
        {"image": (3, 2, 1)},
        {"x_test": x[:1], "y_test": y[:1]},
    ):
        assert replace(whole, **change).fingerprint != whole.fingerprint


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
