"""CIFAR-10's binary form: what is whole is read exactly, what is broken is named. Folders and archives are made here."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

from dni_np.data import cifar10
from dni_np.data.cifar10 import RECORD, TEST, TRAIN, UNPACKED, load_cifar10, load_cifar10_archive, load_cifar10_folder
from dni_np.data.download import data_home
from dni_np.errors import UserError


def records(images, labels):
    """images (N, 32, 32, 3), labels (N,) in the binary form, one value after another: plain, and independent of the reader."""
    data = bytearray()
    for image, label in zip(images, labels):
        data.append(label)
        for channel in range(3):
            for row in range(32):
                data += bytes(image[row, :, channel].tolist())
    return bytes(data)


def draw(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 32, 32, 3)), rng.integers(0, 10, n)


def write_set(folder, batches=2, n=4):
    """A folder of `batches` training files and a test file; returns the (images, labels) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [draw(n, seed) for seed in range(batches + 1)]
    for name, part in zip([*(f"data_batch_{i + 1}.bin" for i in range(batches)), TEST], drawn):
        (folder / name).write_bytes(records(*part))
    return drawn


def write_archive(path, names=(*TRAIN, TEST), n=3):
    """An archive laid out as the original; returns the (images, labels) of each file by name."""
    drawn = {name: draw(n, seed) for seed, name in enumerate(names)}
    contents = {"batches.meta.txt": b"airplane\n", **{name: records(*part) for name, part in drawn.items()}}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{UNPACKED}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return drawn


@pytest.mark.parametrize("inside", ["", UNPACKED])
def test_a_folder_of_batches(tmp_path, inside):
    folder = tmp_path / "CIFAR-10 (JPEG q75)"
    first, second, test = write_set(folder / inside)
    dataset = load_cifar10_folder(folder)
    assert dataset.name == "CIFAR-10 (JPEG q75)" and load_cifar10_folder(folder, "mine").name == "mine"
    assert np.array_equal(dataset.x_train.reshape(8, 32, 32, 3), np.concatenate([first[0], second[0]]))
    assert np.array_equal(dataset.y_train, np.concatenate([first[1], second[1]]))
    assert np.array_equal(dataset.x_test.reshape(4, 32, 32, 3), test[0]) and np.array_equal(dataset.y_test, test[1])
    assert dataset.x_train.dtype == dataset.x_test.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    assert dataset.image == (32, 32, 3) and dataset.classes == 10 and dataset.scale == 1 / 255


def test_the_place_of_a_pixel(tmp_path):
    """Row 2, column 5, green: byte 1 + 1024 + 2 * 32 + 5 of the record, and its neighbor in x is blue."""
    record = bytearray(RECORD)
    record[0], record[1 + 1024 + 2 * 32 + 5], record[1 + 2048 + 2 * 32 + 5] = 7, 200, 90
    (tmp_path / "data_batch_1.bin").write_bytes(record)
    (tmp_path / TEST).write_bytes(record)
    dataset = load_cifar10_folder(tmp_path)
    image = dataset.x_train.reshape(1, *dataset.image)[0]
    assert image[2, 5].tolist() == [0, 200, 90] and image.sum() == 290
    assert dataset.x_train[0, (2 * 32 + 5) * 3 + 1] == 200
    assert dataset.y_train.tolist() == [7]


def test_batches_keep_their_order_beyond_nine(tmp_path):
    drawn = write_set(tmp_path, batches=10, n=1)
    assert np.array_equal(load_cifar10_folder(tmp_path).x_train.reshape(10, 32, 32, 3), [part[0][0] for part in drawn[:10]])


GOOD = records(*draw(3, 0))
BROKEN = {
    "empty": (b"", "is empty"),
    "cut short": (GOOD[:-1], "holds 9,218 bytes, which is no multiple of 3,073"),
    "too long": (GOOD + b"x", "holds 9,220 bytes, which is no multiple of 3,073"),
    "label": (GOOD[:RECORD] + b"\x0a" + GOOD[RECORD + 1 :], "has the label 10 in record 2, where 0 to 9 are allowed"),
}


@pytest.mark.parametrize("file", ["data_batch_2.bin", TEST])
@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_named(tmp_path, case, file):
    content, message = BROKEN[case]
    write_set(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(UserError, match=rf"{tmp_path / file} {message}.*get it again"):
        load_cifar10_folder(tmp_path)


def test_missing_folder_and_files(tmp_path):
    with pytest.raises(UserError, match=f"there is no folder {tmp_path}/none"):
        load_cifar10_folder(tmp_path / "none")
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TRAIN[0]} and {TEST}"):
        load_cifar10_folder(tmp_path)
    write_set(tmp_path, batches=1)
    (tmp_path / TEST).unlink()
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TEST}: "):
        load_cifar10_folder(tmp_path)
    (tmp_path / TRAIN[0]).unlink()
    (tmp_path / TEST).mkdir()
    with pytest.raises(UserError, match=f"{tmp_path} lacks {TRAIN[0]}: "):
        load_cifar10_folder(tmp_path)
    (tmp_path / TRAIN[0]).write_bytes(GOOD)
    with pytest.raises(UserError, match=f"cannot read {tmp_path / TEST}"):
        load_cifar10_folder(tmp_path)


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-py"])
def test_the_pickled_version_is_named(tmp_path, inside):
    (tmp_path / inside).mkdir(exist_ok=True)
    (tmp_path / inside / "data_batch_1").write_bytes(b"\x80\x02}")
    with pytest.raises(
        UserError, match="Python version of CIFAR-10, which is pickled and is not read: get the binary version"
    ):
        load_cifar10_folder(tmp_path)


def test_an_archive(tmp_path):
    drawn = write_archive(tmp_path / "a.tar.gz")
    dataset = load_cifar10_archive(tmp_path / "a.tar.gz")
    assert dataset.name == "CIFAR-10"
    assert np.array_equal(dataset.x_train.reshape(-1, 32, 32, 3), np.concatenate([drawn[name][0] for name in TRAIN]))
    assert np.array_equal(dataset.y_test, drawn[TEST][1])
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_an_archive_in_another_order(tmp_path):
    drawn = write_archive(tmp_path / "a.tar.gz", (TEST, *reversed(TRAIN)))
    assert np.array_equal(load_cifar10_archive(tmp_path / "a.tar.gz").y_train[:3], drawn[TRAIN[0]][1])


def test_an_archive_that_lacks_a_member(tmp_path):
    write_archive(tmp_path / "a.tar.gz", (*TRAIN[:2], *TRAIN[3:]))
    with pytest.raises(UserError, match=r"a\.tar\.gz lacks data_batch_3\.bin, test_batch\.bin; delete it"):
        load_cifar10_archive(tmp_path / "a.tar.gz")


def test_an_archive_with_a_broken_member(tmp_path, monkeypatch):
    write_archive(tmp_path / "a.tar.gz")
    monkeypatch.setattr(cifar10, "RECORD", 1000)
    with pytest.raises(UserError, match=r"a\.tar\.gz: data_batch_1\.bin holds 9,219 bytes, which is no multiple of 1,000"):
        load_cifar10_archive(tmp_path / "a.tar.gz")


@pytest.mark.parametrize("keep", [0, 1, 9, 20, 500, -5000, -1000])
def test_truncated_archives_are_named(tmp_path, keep):
    path = tmp_path / "a.tar.gz"
    write_archive(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=rf"{path} .*delete it and get it again"):
        load_cifar10_archive(path)


@pytest.mark.parametrize("content", [b"<html>404</html>", GOOD, gzip.compress(GOOD)])
def test_what_is_no_archive_is_named(tmp_path, content):
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.tar\.gz .*delete it and get it again"):
        load_cifar10_archive(tmp_path / "a.tar.gz")


def test_a_damaged_archive_is_named(tmp_path):
    path = tmp_path / "a.tar.gz"
    write_archive(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"a\.tar\.gz .*(damaged|get it again)"):
        load_cifar10_archive(path)


def test_an_absent_archive(tmp_path):
    with pytest.raises(UserError, match="cannot read .*: No such file"):
        load_cifar10_archive(tmp_path / "a.tar.gz")


# Where load_cifar10 looks.


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder, and no mirrors to go to."""
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path))
    monkeypatch.setattr(cifar10, "MIRRORS", ())
    (tmp_path / "cifar10").mkdir()
    return tmp_path / "cifar10"


def test_the_archive_in_the_data_folder_is_checked_and_read(home, monkeypatch):
    write_archive(home / cifar10.ARCHIVE)
    with pytest.raises(UserError, match="is damaged .its checksum is wrong.: delete it"):
        load_cifar10()
    monkeypatch.setattr(cifar10, "SHA256", hashlib.sha256((home / cifar10.ARCHIVE).read_bytes()).hexdigest())
    assert load_cifar10().name == "CIFAR-10"


def test_an_unpacked_folder_comes_before_the_archive(home, monkeypatch):
    write_set(home / UNPACKED)
    (home / cifar10.ARCHIVE).write_bytes(b"damaged")
    monkeypatch.setattr(cifar10, "COUNTS", (8, 4))
    dataset = load_cifar10()
    assert dataset.name == "CIFAR-10" and len(dataset.x_train) == 8


def test_a_part_of_cifar10_does_not_pass_for_the_whole(home):
    write_set(home / UNPACKED)
    with pytest.raises(UserError, match=r"holds 8 and 4 images, not CIFAR-10's 50,000 and 10,000: use a part with --data"):
        load_cifar10()


def test_offline(home):
    with pytest.raises(UserError, match=rf"{cifar10.ARCHIVE} could not be downloaded.*put it into {home} by hand"):
        load_cifar10()


def test_cifar10_is_cifar10():
    folder = data_home() / "cifar10"
    if not (folder / UNPACKED).is_dir() and not (folder / cifar10.ARCHIVE).exists():
        pytest.skip("CIFAR-10 is not on this machine (set DNI_NP_DATA)")
    dataset = load_cifar10()
    assert dataset.x_train.shape == (50_000, 3072) and dataset.x_test.shape == (10_000, 3072)
    assert np.bincount(dataset.y_train).tolist() == [5000] * 10 and np.bincount(dataset.y_test).tolist() == [1000] * 10
    planes = dataset.x_train.reshape(-1, 32 * 32, 3).mean(axis=(0, 1)) / 255  # red, green, blue
    assert np.allclose(planes, [0.4914, 0.4822, 0.4465], atol=2e-3)  # the usual means of the training images
