"""Four idx files in a folder: under every name they come by, and with whatever labels."""

import gzip
import shutil

import numpy as np
import pytest

from dni_np.data.idx_folder import FILES, count_classes, load_idx_folder
from dni_np.errors import UserError
from tests.data.made_up import draw_idx, idx_bytes, write_idx


def holds(dataset, arrays):
    images, labels, test_images, test_labels = arrays
    return (
        np.array_equal(dataset.x_train, images.reshape(len(images), -1))
        and np.array_equal(dataset.y_train, labels)
        and np.array_equal(dataset.x_test, test_images.reshape(len(test_images), -1))
        and np.array_equal(dataset.y_test, test_labels)
    )


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_of_four_files(tmp_path, packed):
    arrays = write_idx(tmp_path, packed)
    dataset = load_idx_folder(tmp_path)
    assert holds(dataset, arrays) and dataset.name == tmp_path.name
    assert dataset.x_train.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    assert dataset.image == (4, 5, 1) and dataset.scale == 1 / 255


NAMES = {  # what becomes of train-images-idx3-ubyte, and is it packed
    "Kaggle": (lambda file: file.replace("-idx", ".idx"), False),
    "Kaggle, packed": (lambda file: file.replace("-idx", ".idx"), True),
    "a second download": (lambda file: file.replace(".gz", " (1).gz"), True),
    "wget's second": (lambda file: f"{file}.1", True),
    "a copy": (lambda file: file.replace(".gz", " - Copy.gz"), True),
    "a copy, in front": (lambda file: f"Copy of {file}", True),
    "capitals": (str.upper, True),
    "underlines": (lambda file: file.replace("-", "_"), False),
    "the name of a packed file": (lambda file: f"{file}.gz", False),
    "EMNIST": (lambda file: f"emnist-letters-{file.replace('t10k', 'test')}", True),
    "7-Zip": (lambda file: f"{file}/{file}", False),
    "Windows": (lambda file: f"archive/{file}", False),
    "torchvision": (lambda file: f"MNIST/raw/{file}", False),
    "some unpacked": (lambda file: file if "10k" in file else f"{file}/{file}", False),
}


@pytest.mark.parametrize("case", NAMES)
def test_files_as_people_have_them(tmp_path, case):
    name, packed = NAMES[case]
    arrays = write_idx(tmp_path, packed, name)
    assert holds(load_idx_folder(tmp_path), arrays)


@pytest.mark.parametrize("folder", ["a b", "Übung", "x" * 200])
def test_folders_of_any_name(tmp_path, folder):
    arrays = write_idx(tmp_path / folder)
    dataset = load_idx_folder(f"{tmp_path / folder}/")
    assert holds(dataset, arrays) and dataset.name == folder


def test_of_copies_the_published_one_is_read(tmp_path):
    """It is packed, so that damage shows; a damaged one is named, so that it can be deleted."""
    arrays = write_idx(tmp_path)
    for name in (
        lambda file: file.replace("-idx", ".idx"),
        lambda file: f"{file} (1)",
        lambda file: f"{file}/{file}",
        lambda file: f"._{file}.gz",
    ):
        write_idx(tmp_path, False, name, seed=1)
    assert holds(load_idx_folder(tmp_path), arrays)
    path = tmp_path / f"{FILES[1]}.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(UserError, match=f"{path} is cut short or damaged; delete it"):
        load_idx_folder(tmp_path)
    path.unlink()
    assert np.array_equal(load_idx_folder(tmp_path).y_train, draw_idx(seed=1)[1])


def test_the_folder_itself_comes_before_those_within(tmp_path):
    arrays = write_idx(tmp_path)
    write_idx(tmp_path / "Fashion", seed=1)
    assert holds(load_idx_folder(tmp_path), arrays)


@pytest.mark.parametrize(
    "first, second",
    [("MNIST/raw/", "FashionMNIST/raw/"), ("emnist-letters-", "emnist-digits-")],
)
def test_several_sets_are_not_mixed(tmp_path, first, second):
    for beginning in (first, second):
        write_idx(tmp_path, name=lambda file: beginning + file)
    with pytest.raises(UserError, match="holds several sets of images .*give the folder") as error:
        load_idx_folder(tmp_path)
    assert f"{first}train-images" in str(error.value) and second in str(error.value)


def test_missing_folder_and_files(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        load_idx_folder(tmp_path / "none")
    with pytest.raises(UserError, match=f"{tmp_path} lacks {FILES[0]}.gz, {FILES[1]}.*will do.$"):
        load_idx_folder(tmp_path)
    write_idx(tmp_path)
    shutil.move(tmp_path / f"{FILES[3]}.gz", tmp_path / "labels.gz")
    with pytest.raises(UserError, match=f"lacks {FILES[3]}.gz .*; it has labels.gz, t10k-images"):
        load_idx_folder(tmp_path)


def test_a_broken_file_is_named(tmp_path):
    write_idx(tmp_path)
    (tmp_path / f"{FILES[2]}.gz").write_bytes(b"<html>")
    with pytest.raises(UserError, match=f"{FILES[2]}.gz is no idx file but a web page"):
        load_idx_folder(tmp_path)


def test_files_that_do_not_belong_together(tmp_path):
    write_idx(tmp_path)
    (tmp_path / f"{FILES[1]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(6))))
    with pytest.raises(UserError, match=f"7 images but .*{FILES[1]}.* 6 labels"):
        load_idx_folder(tmp_path)
    write_idx(tmp_path)
    (tmp_path / f"{FILES[2]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros((3, 2, 2)))))
    with pytest.raises(UserError, match="do not belong together"):
        load_idx_folder(tmp_path)


@pytest.mark.parametrize("how", [{"n": 0}, {"size": (0, 5)}])
def test_empty_sets(tmp_path, how):
    write_idx(tmp_path, **how)
    with pytest.raises(UserError, match=f"{FILES[0]}.gz holds no images"):
        load_idx_folder(tmp_path)


@pytest.mark.parametrize("size", [(27, 29), (1, 28), (28, 1), (1, 1)])
def test_images_of_any_shape(tmp_path, size):
    arrays = write_idx(tmp_path, size=size)
    dataset = load_idx_folder(tmp_path)
    assert dataset.image == (*size, 1) and holds(dataset, arrays)


# ---- labels


LABELS = {  # of the training images, of the test images: classes, note
    "digits": (range(10), [3], 10, ""),
    "letters, from 1 to 26": (range(1, 27), range(1, 27), 27, ""),
    "one class": ([0], [0], 2, ""),
    "one class, not the first": ([1], [1], 2, ""),
    "two of the digits": ([3, 7], [7], 8, "no training image has the label 0, 1, 2, 4 and 2 more"),
    "a digit is left out": ([0, 1, 3], [0], 4, "no training image has the label 2"),
    "a class of the test": (
        [0, 1, 2],
        [4],
        5,
        "no training image has the label 3, 4; test images have 4",
    ),
    "every label": (range(256), range(256), 256, ""),
}


@pytest.mark.parametrize("case", LABELS)
def test_classes_are_counted(tmp_path, case):
    train, test, classes, note = LABELS[case]
    arrays = [np.array(list(labels), np.uint8) for labels in (train, test)]
    assert count_classes(*arrays, "labels") == (classes, note)


@pytest.mark.parametrize(
    "train, test", [([*range(10), 255], [0]), (range(10), [255]), ([3, 200], [3])]
)
def test_labels_with_a_hole_are_refused(tmp_path, train, test):
    labels = [np.array(list(labels), np.uint8) for labels in (train, test)]
    images = [np.zeros((len(one), 2, 2)) for one in labels]
    write_idx(tmp_path, arrays=[images[0], labels[0], images[1], labels[1]])
    match = f"{FILES[1]}.gz has only [0-9]+ of the labels 0 to 2[0-9]+: one of them is wrong, or"
    with pytest.raises(UserError, match=match):
        load_idx_folder(tmp_path)
