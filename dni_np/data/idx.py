"""MNIST's file format: a short header, then the numbers.

    bytes 0-1   zero
    byte  2     the type of the numbers; 8 means unsigned bytes, the only one used here
    byte  3     how many dimensions d
    4 d bytes   the dimensions, big-endian
    the rest    the numbers, last dimension fastest

Files may be gzipped. Any set of four such files under MNIST's names can be used, for
instance Fashion-MNIST.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from dni_np.data.dataset import Dataset
from dni_np.errors import UserError

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def read_idx(path, dimensions):
    """The array (uint8, `dimensions` axes) in an idx file, gzipped or not."""
    path = Path(path)
    data = _read_bytes(path)
    if len(data) < 4:
        raise _broken(path, f"has only {len(data)} bytes")
    if data[0] or data[1] or data[2] != 8 or data[3] != dimensions:
        found = data[:4].hex(" ")
        raise _broken(
            path, f"begins with {found} where 00 00 08 0{dimensions} should be: it is not the idx file its name says"
        )
    header = 4 + 4 * dimensions
    if len(data) < header:
        raise _broken(path, "ends within its header")
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, header, 4))
    expected = header + math.prod(shape)
    if len(data) != expected:
        raise _broken(path, f"holds {len(data):,} bytes where its header {shape} asks for {expected:,}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def load_idx_folder(folder, name=None):
    """A Dataset from a folder of the four files: images flattened to (N, pixels) bytes, labels (N,)."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: give a folder that holds {FILES[0]}.gz and the other three idx files")
    paths = [_find(folder, file) for file in FILES]
    x_train, y_train, x_test, y_test = (read_idx(path, 3 if "images" in path.name else 1) for path in paths)
    for images, labels, image_path, label_path in (
        (x_train, y_train, paths[0], paths[1]),
        (x_test, y_test, paths[2], paths[3]),
    ):
        if len(images) != len(labels):
            raise UserError(
                f"{image_path} holds {len(images)} images but {label_path} {len(labels)} labels: they do not belong together"
            )
        if images.size == 0:
            raise UserError(f"{image_path} holds no images")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise UserError(
            f"{paths[0]} holds images of {x_train.shape[1:]} pixels, {paths[2]} of {x_test.shape[1:]}: they do not belong together"
        )
    classes = 1 + int(max(y_train.max(), y_test.max()))
    return Dataset(
        name or folder.resolve().name,
        x_train.reshape(len(x_train), -1),
        y_train.astype(np.int64),
        x_test.reshape(len(x_test), -1),
        y_test.astype(np.int64),
        max(classes, 2),
        image=(*x_train.shape[1:], 1),
    )


def _find(folder, file):
    for path in (folder / f"{file}.gz", folder / file):  # MNIST's checksums are of the former
        if path.exists():
            return path
    raise UserError(f"{folder} lacks {file} (or {file}.gz): four files are needed, {', '.join(FILES)}")


def _read_bytes(path):
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" and data else data
    except (EOFError, zlib.error):
        raise _broken(path, "is cut short or damaged") from None
    except gzip.BadGzipFile:
        raise _broken(path, "is not a whole gzip file") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def _broken(path, what):
    return UserError(f"{path} {what}; delete it and get it again")
