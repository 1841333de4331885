"""Where load_cifar10 looks, and what it checks."""

import hashlib

import numpy as np
import pytest

from dni_np.data import cifar10
from dni_np.data.cifar10 import load_cifar10
from dni_np.data.cifar10_folder import ARCHIVE, find_cifar10
from dni_np.data.download import data_home
from dni_np.errors import UserError
from tests.data.made_up import write_archive, write_cifar10


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder, and no mirrors to go to."""
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path))
    monkeypatch.setattr(cifar10, "MIRRORS", ())
    (tmp_path / "cifar10").mkdir()
    return tmp_path / "cifar10"


def test_the_archive_in_the_data_folder_is_checked_and_read(home, monkeypatch):
    write_archive(home / ARCHIVE)
    with pytest.raises(UserError, match="is damaged .its checksum is wrong.: delete it"):
        load_cifar10()
    sha256 = hashlib.sha256((home / ARCHIVE).read_bytes()).hexdigest()
    monkeypatch.setattr(cifar10, "SHA256", sha256)
    assert load_cifar10().name == "CIFAR-10"


def test_unpacked_batches_come_before_the_archive(home, monkeypatch):
    write_cifar10(home / "cifar-10-batches-bin")
    (home / ARCHIVE).write_bytes(b"damaged")
    monkeypatch.setattr(cifar10, "COUNTS", (8, 4))
    dataset = load_cifar10()
    assert dataset.name == "CIFAR-10" and len(dataset.x_train) == 8


def test_a_part_of_cifar10_does_not_pass_for_the_whole(home):
    write_cifar10(home / "cifar-10-batches-bin")
    with pytest.raises(UserError, match="8 and 4 images, not CIFAR-10's 50,000 and 10,000: use a"):
        load_cifar10()


def test_nor_does_an_archive_of_another_name(home):
    write_archive(home / "cifar-10-binary (1).tar.gz")
    with pytest.raises(UserError, match="holds 15 and 3 images, not CIFAR-10's 50,000 and 10,000"):
        load_cifar10()


def test_offline(home):
    match = f"^CIFAR-10 could not be downloaded: put {ARCHIVE} into {home}, or take --data digits"
    with pytest.raises(UserError, match=match):
        load_cifar10()
    (home / "cifar-10-python.tar.gz").write_bytes(b"")
    with pytest.raises(UserError, match=r"\(cifar-10-python.tar.gz is of the Python version, wh"):
        load_cifar10()


@pytest.mark.data
def test_cifar10_is_cifar10():
    folder = data_home() / "cifar10"
    if not folder.is_dir() or not find_cifar10(folder):
        pytest.skip("CIFAR-10 is not on this machine (set DNI_NP_DATA)")
    dataset = load_cifar10()
    assert dataset.x_train.shape == (50_000, 3072) and dataset.x_test.shape == (10_000, 3072)
    assert np.bincount(dataset.y_train).tolist() == [5000] * 10
    assert np.bincount(dataset.y_test).tolist() == [1000] * 10
    planes = dataset.x_train.reshape(-1, 32 * 32, 3).mean(axis=(0, 1)) / 255  # red, green, blue
    assert np.allclose(planes, [0.4914, 0.4822, 0.4465], atol=2e-3)  # of the training images
