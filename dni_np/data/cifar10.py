"""CIFAR-10: 50,000 and 10,000 color photographs of 32 x 32 pixels (Krizhevsky 2009), in its binary form.

A record is an image:

    byte  0           the label: 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck
    bytes 1-1024      its red plane, row by row
    bytes 1025-2048   green
    bytes 2049-3072   blue

and a file is one record after another, without a header. The records become rows in the
order (height, width, channel) that all layers for images expect.
"""

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np

from dni_np.data.dataset import Dataset
from dni_np.data.download import data_home, fetch
from dni_np.errors import UserError

ARCHIVE = "cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
)
UNPACKED = "cifar-10-batches-bin"  # the folder within the archive
TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = "test_batch.bin"
IMAGE = (32, 32, 3)
CLASSES = 10
RECORD = 1 + 32 * 32 * 3  # bytes
COUNTS = (50_000, 10_000)


def load_cifar10(progress=True):
    """Find or download the archive, check it, and read it in memory.

    Where cifar-10-batches-bin lies unpacked in data_home()/cifar10, that is read instead,
    without a download and without a checksum: only the number of images is checked.
    """
    folder = data_home() / "cifar10"
    unpacked = folder / UNPACKED
    if not unpacked.is_dir():
        return load_cifar10_archive(fetch(ARCHIVE, SHA256, MIRRORS, folder, progress))
    dataset = load_cifar10_folder(unpacked, "CIFAR-10")
    counts = len(dataset.x_train), len(dataset.x_test)
    if counts != COUNTS:
        raise UserError(
            f"{unpacked} holds {counts[0]:,} and {counts[1]:,} images, not CIFAR-10's {COUNTS[0]:,} and {COUNTS[1]:,}: "
            f"use a part with --data {unpacked}, or remove it and run again"
        )
    return dataset


def load_cifar10_archive(path):
    """The Dataset in cifar-10-binary.tar.gz. Nothing is unpacked to the disk."""
    parts = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                if member.isfile() and name in (*TRAIN, TEST):
                    parts[name] = parse_records(archive.extractfile(member).read(), f"{path}: {name}")
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error):
        raise UserError(f"{path} is cut short or damaged; delete it and get it again") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    missing = [name for name in (*TRAIN, TEST) if name not in parts]
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; delete it and get it again")
    return _dataset("CIFAR-10", [parts[name] for name in TRAIN], parts[TEST])


def load_cifar10_folder(folder, name=None):
    """A Dataset from data_batch_*.bin (one or more) and test_batch.bin, in `folder` or its cifar-10-batches-bin.

    It is called `name`, or else as the folder: files in CIFAR-10's form need not be CIFAR-10.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: give one that holds {TRAIN[0]} and {TEST}")
    home = folder / UNPACKED if (folder / UNPACKED).is_dir() else folder
    batches = sorted(home.glob("data_batch_*.bin"), key=lambda path: (len(path.name), path.name))  # 10 after 9
    missing = [file for file, there in ((TRAIN[0], batches), (TEST, (home / TEST).exists())) if not there]
    if missing and _pickled(folder):
        raise UserError(
            f"{folder} holds the Python version of CIFAR-10, which is pickled and is not read: "
            f"get the binary version, {ARCHIVE}, from {MIRRORS[0]}"
        )
    if missing:
        raise UserError(f"{home} lacks {' and '.join(missing)}: one or more data_batch_*.bin and {TEST} are needed")
    return _dataset(name or folder.resolve().name, [_read(path) for path in batches], _read(home / TEST))


def holds_cifar10(folder):
    """Is anything of CIFAR-10 in `folder`, be it incomplete or pickled?"""
    folder = Path(folder)
    homes = (folder, folder / UNPACKED)
    return _pickled(folder) or any((home / TEST).exists() or any(home.glob("data_batch_*.bin")) for home in homes)


def parse_records(data, where):
    """bytes -> images (N, 3072) bytes in the order (height, width, channel), labels (N,)."""
    if not data:
        raise UserError(f"{where} is empty; get it again")
    if len(data) % RECORD:
        raise UserError(
            f"{where} holds {len(data):,} bytes, which is no multiple of {RECORD:,}, a label and its image; get it again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    wrong = np.flatnonzero(labels >= CLASSES)
    if len(wrong):
        raise UserError(
            f"{where} has the label {labels[wrong[0]]} in record {wrong[0] + 1:,}, where 0 to {CLASSES - 1} are allowed; "
            "get it again"
        )
    planes = records[:, 1:].reshape(-1, 3, 32, 32)  # (N, channel, height, width)
    return planes.transpose(0, 2, 3, 1).reshape(len(records), -1), labels


def _read(path):
    try:
        return parse_records(path.read_bytes(), path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def _pickled(folder):
    return any((home / "data_batch_1").exists() for home in (folder, folder / "cifar-10-batches-py"))


def _dataset(name, train, test):
    x, y = (np.concatenate(arrays) for arrays in zip(*train))
    return Dataset(name, x, y, *test, classes=CLASSES, image=IMAGE)
