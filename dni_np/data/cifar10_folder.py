"""CIFAR-10 folder: a set of images in CIFAR-10's binary form, under the names that occur.

    data_batch_1.bin ... test_batch.bin      in the folder, or in folders within it
    data_batch_1 (1).bin                     after a second download
    cifar-10-binary.tar.gz                   the archive, also as .tar or under a browser's name
"""

import re
from pathlib import Path

import numpy as np

from dni_np.data.cifar10_records import CLASSES, IMAGE, TEST, TRAIN, read_archive, read_records
from dni_np.data.dataset import Dataset
from dni_np.data.folders import files_below, listed, names
from dni_np.errors import UserError

ARCHIVE = "cifar-10-binary.tar.gz"
ARCHIVES = re.compile(r"cifar-10-binary.*\.(tar|tgz)\b.*", re.IGNORECASE)
RECORDS = re.compile(r"(data_batch_(\d+)|test_batch).*\.bin.*")
PYTHON = re.compile(r"data_batch_1|cifar-10-python.*")  # the version that is pickled


def find_cifar10(folder):
    """{file: path} of the batches in `folder` or in folders within it, test_batch.bin first.

    Where no whole set is found, but its archive: {ARCHIVE: path}; else what is there of a set.
    """
    sets, archives = {}, []
    for path in _all_files(folder):
        if match := RECORDS.fullmatch(path.name):
            file = int(match[2] or 0), f"{match[1]}.bin"  # sorts 10 after 9
            copies = sets.setdefault(path.parent, {}).setdefault(file, [])
            copies.append((path.name != file[1], path))
        elif ARCHIVES.fullmatch(path.name):
            archives.append((path.name != ARCHIVE, path))
    whole = [home for home, files in sets.items() if (0, TEST) in files and len(files) > 1]
    if len(whole) > 1 and folder not in whole:
        raise UserError(
            f"{folder} holds several sets of images ({names(whole, folder)}): "
            "give the folder that holds only one"
        )
    if archives and not whole:
        return {ARCHIVE: min(archives)[1]}
    home = folder if folder in whole else next(iter([*whole, *sets]), None)
    return {file: min(copies)[1] for (_, file), copies in sorted(sets.get(home, {}).items())}


def python_version(folder):
    """The name of what is of the Python version in `folder`, or ""."""
    return names([path for path in _all_files(folder) if PYTHON.fullmatch(path.name)][:1], folder)


def load_cifar10_folder(folder, name=None):
    """A Dataset from data_batch_*.bin (one or more) and test_batch.bin, or from the archive.

    It is called `name`, or else as the folder: files in CIFAR-10's form need not be CIFAR-10.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: give one that holds {TRAIN[0]} and {TEST}")
    name = name or folder.resolve().name
    found = find_cifar10(folder)
    if ARCHIVE in found:
        return cifar10_dataset(name, read_archive(found[ARCHIVE]))
    batches = len(set(found) - {TEST}) or 1
    wanted = [*(f"data_batch_{i}.bin" for i in range(1, batches + 1)), TEST]
    missing = [file for file in wanted if file not in found]
    if missing:
        python = python_version(folder)
        has = f" ({python} is of the Python version, which is not read)" if python else ""
        raise UserError(
            f"{folder} lacks {listed(missing)}: one or more batches, numbered from 1, "
            f"and {TEST} are needed, or {ARCHIVE}{has}"
        )
    return cifar10_dataset(name, {file: read_records(path) for file, path in found.items()})


def cifar10_dataset(name, parts):
    """The Dataset of {file: (images, labels)}: all but TEST, in their order, are for training."""
    train = [part for file, part in parts.items() if file != TEST]
    x, y = (np.concatenate(arrays) for arrays in zip(*train))
    return Dataset(name, x, y, *parts[TEST], classes=CLASSES, image=IMAGE)


def _all_files(folder):
    return [path for paths in files_below(folder) for path in paths]
