"""Folders of images that the tests make up, written without the readers' help."""

import gzip
import io
import struct
import tarfile

import numpy as np

from dni_np.data.cifar10_records import TEST, TRAIN
from dni_np.data.idx_folder import FILES


def idx_bytes(array):
    array = np.asarray(array, np.uint8)
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def draw_idx(n=7, m=3, size=(4, 5), labels=range(10), seed=0):
    """The arrays of the four idx files."""
    rng = np.random.default_rng(seed)
    sets = [(rng.integers(0, 256, (k, *size)), rng.choice(list(labels), k)) for k in (n, m)]
    return [array for pair in sets for array in pair]


def write_idx(folder, packed=True, name=lambda file: file, arrays=None, **how):
    """Four idx files, each called `name(file)`; returns what was written."""
    arrays = draw_idx(**how) if arrays is None else arrays
    for file, array in zip(FILES, arrays):
        path = folder / name(file + (".gz" if packed else ""))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    return arrays


def records(images, labels):
    """images (N, 32, 32, 3), labels (N,) in CIFAR-10's binary form."""
    data = bytearray()
    for image, label in zip(images, labels):
        data.append(label)
        for channel in range(3):
            for row in range(32):
                data += bytes(image[row, :, channel].tolist())
    return bytes(data)


def draw_cifar10(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 32, 32, 3)), rng.integers(0, 10, n)


def write_cifar10(folder, batches=2, n=4, name=lambda file: file):
    """A folder of so many training files and a test file; returns the (images, labels) of each."""
    drawn = [draw_cifar10(n, seed) for seed in range(batches + 1)]
    files = [*(f"data_batch_{i + 1}.bin" for i in range(batches)), TEST]
    for file, part in zip(files, drawn):
        path = folder / name(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(records(*part))
    return drawn


def write_archive(path, files=(*TRAIN, TEST), n=3, mode="w:gz"):
    """An archive laid out as the original; returns the (images, labels) of each file by name."""
    drawn = {file: draw_cifar10(n, seed) for seed, file in enumerate(files)}
    contents = {"batches.meta.txt": b"airplane\n"}
    contents.update({file: records(*part) for file, part in drawn.items()})
    with tarfile.open(path, mode) as archive:
        for file, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{file}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return drawn
