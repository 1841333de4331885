"""CIFAR-10's file format: one record after another, without a header. A record is an image:

    byte  0           the label: 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer,
                      5 dog, 6 frog, 7 horse, 8 ship, 9 truck
    bytes 1-1024      its red plane, row by row
    bytes 1025-2048   green
    bytes 2049-3072   blue

The records become rows in the order (height, width, channel) that all layers for images expect.
"""

import gzip
import lzma
import tarfile
import zlib
from pathlib import PurePosixPath

import numpy as np

from dni_np.errors import UserError

TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = "test_batch.bin"
IMAGE = (32, 32, 3)
CLASSES = 10
RECORD = 1 + 32 * 32 * 3  # bytes
LARGEST = 2**29  # bytes that an archive may unpack to; CIFAR-10's are 184 million


def parse_records(data, where):
    """bytes -> images (N, 3072) bytes in the order (height, width, channel), labels (N,)."""
    if not data:
        raise UserError(f"{where} is empty; get it again")
    if len(data) % RECORD:
        raise UserError(
            f"{where} holds {len(data):,} bytes, which is no multiple of {RECORD:,}, "
            "a label and its image; get it again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    wrong = np.flatnonzero(labels >= CLASSES)
    if len(wrong):
        raise UserError(
            f"{where} has the label {labels[wrong[0]]} in record {wrong[0] + 1:,}, "
            f"where 0 to {CLASSES - 1} are allowed; get it again"
        )
    planes = records[:, 1:].reshape(-1, 3, 32, 32)  # (N, channel, height, width)
    return planes.transpose(0, 2, 3, 1).reshape(len(records), -1), labels


def read_records(path):
    """(images, labels) of a file."""
    try:
        return parse_records(path.read_bytes(), path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def read_archive(path):
    """{file: (images, labels)} of the files of records in a tar archive, however it is packed.

    Nothing is unpacked to the disk, and not more than LARGEST in memory.
    """
    parts = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.offset_data + member.size > LARGEST:
                    raise _too_large(path)
                name = PurePosixPath(member.name).name
                if member.isfile() and name in (*TRAIN, TEST):
                    data = archive.extractfile(member).read()
                    parts[name] = parse_records(data, f"{path}: {name}")
            archive.fileobj.seek(LARGEST)  # to its end, where gzip keeps its checksum
            if archive.fileobj.read(1):
                raise _too_large(path)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError):
        raise UserError(f"{path} is cut short or damaged; delete it and get it again") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    missing = [name for name in (*TRAIN, TEST) if name not in parts]
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; delete it and get it again")
    return {name: parts[name] for name in (*TRAIN, TEST)}


def _too_large(path):
    return UserError(
        f"{path} unpacks to more than {LARGEST:,} bytes: it is not CIFAR-10's archive"
    )
