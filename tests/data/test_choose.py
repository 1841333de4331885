"""Which images: MNIST, the offline digits, a folder."""

import numpy as np
import pytest

from dni_np.data import choose
from dni_np.data.dataset import Dataset
from dni_np.data.digits import load_digits
from dni_np.data.download import data_home
from dni_np.errors import UserError

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


def test_anything_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="neither mnist, digits, auto nor a folder"):
        choose.load_images("mnits")
    with pytest.raises(UserError, match="lacks train-images"):
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
