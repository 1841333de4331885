"""Where load_mnist looks, what it checks, and what it says where it cannot be had."""

import numpy as np
import pytest

from dni_np.data import mnist
from dni_np.data.download import data_home
from dni_np.data.idx_folder import FILES, find_idx
from dni_np.data.mnist import load_mnist
from dni_np.errors import UserError
from tests.data.made_up import write_idx

COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder that does not exist yet, and a mirror that does not answer."""
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path / "new"))
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))
    return tmp_path / "new" / "mnist"


@pytest.mark.data
def test_mnist_is_mnist():
    folder = data_home() / "mnist"
    if not folder.is_dir() or len(find_idx(folder)) < len(FILES):
        pytest.skip("MNIST is not on this machine (set DNI_NP_DATA)")
    dataset = load_mnist()
    assert dataset.name == "MNIST" and not dataset.note
    assert dataset.x_train.shape == (60000, 784) and dataset.x_test.shape == (10000, 784)
    assert np.bincount(dataset.y_train).tolist() == COUNTS["train"]
    assert np.bincount(dataset.y_test).tolist() == COUNTS["test"]


def test_offline(home):
    match = f"^MNIST could not be downloaded: put its four .gz files into {home}, or take --data d"
    with pytest.raises(UserError, match=match):
        load_mnist(progress=False)
    assert not home.parent.exists()
    write_idx(home)
    for file in FILES[2:]:
        (home / f"{file}.gz").unlink()
    with pytest.raises(UserError, match=f"put {FILES[2]}.gz, {FILES[3]}.gz into {home}$"):
        load_mnist(progress=False, instead="")


def test_files_that_are_there_need_no_download(home, monkeypatch):
    write_idx(home, packed=False, name=lambda file: file.replace("-idx", ".idx"))
    with pytest.raises(UserError, match=f"^{home} holds images in MNIST's form that are not MNIST"):
        load_mnist()
    monkeypatch.setattr(mnist, "FINGERPRINT", mnist.load_idx_folder(home).fingerprint)
    assert load_mnist().name == "MNIST"
