"""idx folder: a set of images in four idx files, under the names that occur in practice.

    train-images-idx3-ubyte.gz            as they are published: MNIST, Fashion-MNIST, KMNIST
    train-images.idx3-ubyte               after 7-Zip, and on Kaggle
    train-images-idx3-ubyte (1).gz        after a second download
    emnist-letters-test-labels-idx1-ubyte.gz      EMNIST
    train-images-idx3-ubyte/train-images-idx3-ubyte, MNIST/raw/...      in folders within the folder

Labels may begin at 1, as EMNIST's letters do: class 0 is then one that never occurs.
"""

import re
from pathlib import Path

import numpy as np

from dni_np.data.dataset import Dataset
from dni_np.data.folders import files_below, listed, names
from dni_np.data.idx import read_idx
from dni_np.errors import UserError

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
NAME = re.compile(
    r"(.*?)(train|t10k|test)[-_. ](images|labels)[-_. ]idx[13][-_. ]ubyte(.*)", re.IGNORECASE
)
FEW = 10  # classes that need no second look


def find_idx(folder):
    """{one of FILES: its path} of the set in `folder` or in folders within it, be it incomplete.

    A set's files have the same beginning (emnist-letters-) and lie together, or each in a
    folder of its own name. Of several copies the one that is named as published is taken, and
    packed rather than not: gzip notices damage.
    """
    sets = {}
    for paths in files_below(folder):
        for path in paths:
            if match := NAME.fullmatch(path.name):
                home = path.parent.parent if NAME.fullmatch(path.parent.name) else path.parent
                copies = sets.setdefault((home, match[1].lower()), {})
                copies.setdefault(_published(match), []).append(path)
        whole = [key for key, copies in sets.items() if len(copies) == len(FILES)]
        if whole:
            break
    if not sets:
        return {}
    if len(whole) > 1 and (folder, "") not in whole:
        firsts = [min(sets[key][FILES[0]], key=_strangeness) for key in whole]
        raise UserError(
            f"{folder} holds several sets of images ({names(firsts, folder)}): "
            "give the folder that holds only one"
        )
    best = max(sets, key=lambda key: (len(sets[key]), key == (folder, "")))
    return {file: min(copies, key=_strangeness) for file, copies in sets[best].items()}


def load_idx_folder(folder, name=None):
    """A Dataset from a folder of the four files: images as rows of bytes (N, pixels), labels (N,).

    It is called `name`, or else as the folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}: "
            f"give one that holds {FILES[0]}.gz and the other three idx files"
        )
    found = find_idx(folder)
    missing = [f"{file}.gz" for file in FILES if file not in found]
    if missing:
        others = [path for path in next(files_below(folder)) if path not in found.values()]
        there = names([*others, *found.values()], folder)
        has = f"; it has {there}" if there else ""
        raise UserError(f"{folder} lacks {', '.join(missing)} (unpacked will do){has}")
    paths = [found[file] for file in FILES]
    arrays = [read_idx(path, 3 if "images" in file else 1) for path, file in zip(paths, FILES)]
    _check_pairs(paths, arrays)
    x_train, y_train, x_test, y_test = arrays
    classes, note = count_classes(y_train, y_test, paths[1])
    return Dataset(
        name or folder.resolve().name,
        x_train.reshape(len(x_train), -1),
        y_train.astype(np.int64),
        x_test.reshape(len(x_test), -1),
        y_test.astype(np.int64),
        classes,
        note,
        image=(*x_train.shape[1:], 1),
    )


def count_classes(train, test, path):
    """(classes, note) of the labels, uint8 (N,), (M,): one class more than the largest label.

    The note names the labels that no training image has. If those are most, the labels are refused.
    """
    classes = 1 + int(max(train.max(), test.max()))
    there = np.bincount(train, minlength=classes) > 0
    absent = np.flatnonzero(~there)
    if classes > FEW and 2 * there.sum() < classes:
        raise UserError(
            f"{path} has only {there.sum()} of the labels 0 to {classes - 1}: "
            "one of them is wrong, or they must be counted anew, from 0 and without gaps"
        )
    if absent.tolist() in ([], [0]):
        return max(classes, 2), ""
    note = f"no training image has the label {listed(absent)}"
    asked = np.intersect1d(absent, test)
    if len(asked):
        note += f"; test images have {listed(asked)}"
    return max(classes, 2), note


def _published(match):
    """The name in FILES that is meant."""
    part = "train" if match[2].lower() == "train" else "t10k"
    return next(file for file in FILES if file.startswith(f"{part}-{match[3].lower()}"))


def _strangeness(path):
    """Sorts copies of a file: the one to take first."""
    end = NAME.fullmatch(path.name)[4].lower()
    return end != ".gz", end != "", path


def _check_pairs(paths, arrays):
    for images, labels, image_path, label_path in (
        (*arrays[:2], *paths[:2]),
        (*arrays[2:], *paths[2:]),
    ):
        if len(images) != len(labels):
            raise UserError(
                f"{image_path} holds {len(images):,} images but {label_path} {len(labels):,} "
                "labels: they do not belong together"
            )
        if images.size == 0:
            raise UserError(f"{image_path} holds no images")
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise UserError(
            f"{paths[0]} holds images of {arrays[0].shape[1:]} pixels, "
            f"{paths[2]} of {arrays[2].shape[1:]}: they do not belong together"
        )
