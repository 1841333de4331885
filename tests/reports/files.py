"""Folders of small images in MNIST's form, made up."""

import struct
from pathlib import Path

import numpy as np

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def raw(array):
    """The idx file of an array of bytes: magic number, dimensions, contents."""
    array = np.asarray(array, np.uint8)
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def four(folder, n=400, size=(28, 28), labels=range(10)):
    """Write `n` training and n / 4 test images of `size` (height, width) into `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, names = np.random.default_rng(0), iter(NAMES)
    for count in (n, n // 4):
        images = rng.integers(0, 256, (count, *size), np.uint8)
        (folder / next(names)).write_bytes(raw(images))
        (folder / next(names)).write_bytes(raw(rng.choice(list(labels), count)))
    return folder
