"""CIFAR-10: 50,000 and 10,000 color photographs of 32 x 32 pixels (Krizhevsky 2009)."""

from dni_np.data.cifar10_folder import (
    ARCHIVE,
    cifar10_dataset,
    find_cifar10,
    load_cifar10_folder,
    python_version,
)
from dni_np.data.cifar10_records import read_archive
from dni_np.data.download import OFFLINE, data_home, fetch
from dni_np.errors import UserError

SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"  # of the archive
MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
)
COUNTS = (50_000, 10_000)


def load_cifar10(progress=True):
    """Find or download the archive, check it, and read it in memory.

    Where the batches lie unpacked in data_home()/cifar10, or the archive under another name,
    that is read instead, without a checksum: only the number of images is checked.
    """
    folder = data_home() / "cifar10"
    found = find_cifar10(folder) if folder.is_dir() else {}
    if not found or found.get(ARCHIVE) == folder / ARCHIVE:
        path = fetch(ARCHIVE, SHA256, MIRRORS, folder, progress, _advice(folder))
        return cifar10_dataset("CIFAR-10", read_archive(path))
    dataset = load_cifar10_folder(folder, "CIFAR-10")
    counts = len(dataset.x_train), len(dataset.x_test)
    if counts != COUNTS:
        raise UserError(
            f"{folder} holds {counts[0]:,} and {counts[1]:,} images, "
            f"not CIFAR-10's {COUNTS[0]:,} and {COUNTS[1]:,}: "
            f"use a part with --data {folder}, or remove it and run again"
        )
    return dataset


def _advice(folder):
    python = python_version(folder) if folder.is_dir() else ""
    has = f" ({python} is of the Python version, which is not read)" if python else ""
    return f"CIFAR-10 could not be downloaded: put {ARCHIVE} into {folder}{has}, or take {OFFLINE}"
