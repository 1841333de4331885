"""Images in CIFAR-10's form in a folder, under every name they come by."""

import numpy as np
import pytest

from dni_np.data.cifar10_folder import load_cifar10_folder
from dni_np.data.cifar10_records import TEST, TRAIN
from dni_np.errors import UserError
from tests.data.made_up import draw_cifar10, records, write_archive, write_cifar10


def holds(dataset, drawn):
    """Are these the (images, labels) of each batch, the last one for testing?"""
    *train, test = drawn
    images, labels = (np.concatenate(arrays) for arrays in zip(*train))
    return (
        np.array_equal(dataset.x_train.reshape(-1, 32, 32, 3), images)
        and np.array_equal(dataset.y_train, labels)
        and np.array_equal(dataset.x_test.reshape(-1, 32, 32, 3), test[0])
        and np.array_equal(dataset.y_test, test[1])
    )


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-bin", "unpacked/cifar-10-batches-bin"])
def test_a_folder_of_batches(tmp_path, inside):
    folder = tmp_path / "CIFAR-10 (JPEG q75)"
    drawn = write_cifar10(folder / inside)
    dataset = load_cifar10_folder(folder)
    assert holds(dataset, drawn) and dataset.name == "CIFAR-10 (JPEG q75)"
    assert load_cifar10_folder(folder, "mine").name == "mine"
    assert dataset.x_train.dtype == dataset.x_test.dtype == np.uint8
    assert dataset.y_train.dtype == np.int64
    assert dataset.image == (32, 32, 3) and dataset.classes == 10 and dataset.scale == 1 / 255


def test_batches_keep_their_order_beyond_nine(tmp_path):
    drawn = write_cifar10(tmp_path, batches=10, n=1)
    assert holds(load_cifar10_folder(tmp_path), drawn)


def test_a_copy_is_not_read_twice(tmp_path):
    drawn = write_cifar10(tmp_path, name=lambda file: file.replace(".bin", " (1).bin"))
    assert holds(load_cifar10_folder(tmp_path), drawn)
    (tmp_path / TEST).write_bytes(records(*draw_cifar10(1, 9)))
    (tmp_path / TRAIN[0]).write_bytes(records(*draw_cifar10(2, 8)))
    copied = [draw_cifar10(2, 8), drawn[1], draw_cifar10(1, 9)]
    assert holds(load_cifar10_folder(tmp_path), copied)


@pytest.mark.parametrize(
    "name, mode",
    [
        ("cifar-10-binary.tar.gz", "w:gz"),
        ("cifar-10-binary (1).tar.gz", "w:gz"),
        ("cifar-10-binary.tar", "w"),
        ("within/cifar-10-binary.tgz", "w:gz"),
    ],
)
def test_an_archive_is_read_unless_it_is_unpacked(tmp_path, name, mode):
    (tmp_path / "within").mkdir()
    drawn = write_archive(tmp_path / name, mode=mode)
    dataset = load_cifar10_folder(tmp_path)
    assert holds(dataset, drawn.values()) and dataset.name == tmp_path.name
    write_cifar10(tmp_path, batches=1)
    assert len(load_cifar10_folder(tmp_path).x_train) == 4


def test_of_archives_the_published_one_is_read(tmp_path):
    write_archive(tmp_path / "cifar-10-binary (1).tar.gz", n=1)
    drawn = write_archive(tmp_path / "cifar-10-binary.tar.gz")
    assert holds(load_cifar10_folder(tmp_path), drawn.values())


def test_several_sets_are_not_mixed(tmp_path):
    write_cifar10(tmp_path / "a")
    write_cifar10(tmp_path / "b", n=3)
    with pytest.raises(UserError, match=r"holds several sets of images \(a, b\): give the folder"):
        load_cifar10_folder(tmp_path)
    drawn = write_cifar10(tmp_path, n=2)
    assert holds(load_cifar10_folder(tmp_path), drawn)


def test_missing_folder_and_files(tmp_path):
    with pytest.raises(UserError, match=f"there is no folder {tmp_path}/none"):
        load_cifar10_folder(tmp_path / "none")
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TRAIN[0]}, {TEST}: "):
        load_cifar10_folder(tmp_path)
    write_cifar10(tmp_path, batches=4)
    (tmp_path / TRAIN[1]).unlink()
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TRAIN[1]}: .* numbered from 1"):
        load_cifar10_folder(tmp_path)
    (tmp_path / TEST).unlink()
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TRAIN[1]}, {TEST}: "):
        load_cifar10_folder(tmp_path)
    (tmp_path / TEST).mkdir()
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TRAIN[1]}, {TEST}: "):
        load_cifar10_folder(tmp_path)


def test_a_broken_file_is_named(tmp_path):
    write_cifar10(tmp_path)
    (tmp_path / TRAIN[1]).write_bytes(b"")
    with pytest.raises(UserError, match=f"{tmp_path / TRAIN[1]} is empty"):
        load_cifar10_folder(tmp_path)


@pytest.mark.parametrize(
    "file", ["data_batch_1", "cifar-10-batches-py/data_batch_1", "cifar-10-python.tar.gz"]
)
def test_the_python_version_is_named(tmp_path, file):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(b"\x80\x02}")
    match = f"or cifar-10-binary.tar.gz .{file} is of the Python version, which is not read.$"
    with pytest.raises(UserError, match=match):
        load_cifar10_folder(tmp_path)
