"""idx: MNIST's file format, a short header and then the numbers.

    bytes 0-1   zero
    byte  2     the type of the numbers; 8 means unsigned bytes, the only one used here
    byte  3     how many dimensions d
    4 d bytes   the dimensions, big-endian
    the rest    the numbers, last dimension fastest

A file may be gzipped. Its first bytes decide that, not its name: browsers unpack a .gz and keep
the name, or the other way round. idx_folder.py finds the files.
"""

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from dni_np.errors import UserError

GZIP = b"\x1f\x8b"  # a gzipped file begins so
SHORTEST = 1032  # gzip makes at best one byte of so many
LARGEST = 2**31  # bytes that a gzipped file may unpack to
CHUNK = 2**20  # bytes that are unpacked at a time
STRANGERS = {  # what else is found under the names of idx files, by its first bytes
    b"<": "a web page, perhaps an error message of the server: delete it and get it again",
    b"PK\x03\x04": "a zip archive, which must be unpacked first",
    b"7z\xbc\xaf": "a 7-Zip archive, which must be unpacked first",
}


def read_idx(path, dimensions):
    """The array (uint8, `dimensions` axes) in an idx file, gzipped or not.

    Never more is unpacked than the header promises, and never more than LARGEST.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            packed = file.read(2) == GZIP
            file.seek(0)
            if packed:
                return _read(gzip.GzipFile(fileobj=file), path, dimensions, SHORTEST * size)
            return _read(file, path, dimensions, size)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _broken(path, "is cut short or damaged") from None
    except MemoryError:
        raise UserError(f"{path} does not fit into memory: take fewer images") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def _read(file, path, dimensions, most):
    """The array in an open file, which holds at most `most` bytes."""
    length = 4 + 4 * dimensions  # of the header
    header = file.read(length)
    _check_beginning(header, path, dimensions)
    if len(header) < length:
        raise _broken(path, "ends within its header")
    shape = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(4, length, 4))
    count = math.prod(shape)
    promise = f"bytes than its header {shape} gives ({length + count:,})"
    if length + count > most:
        raise _broken(path, f"holds fewer {promise}")
    if isinstance(file, gzip.GzipFile) and count > LARGEST:
        raise UserError(f"{path} unpacks to {count:,} bytes: unpack it by hand, then run again")
    array = np.empty(count, np.uint8)
    if _fill(file, memoryview(array)) < count:
        raise _broken(path, f"holds fewer {promise}")
    if file.read(1):
        raise _broken(path, f"holds more {promise}")
    return array.reshape(shape)


def _fill(file, memory):
    """Read until `memory` is full or the file has ended; return the number of bytes."""
    filled = 0
    while n := file.readinto(memory[filled : filled + CHUNK]):
        filled += n
    return filled


def _check_beginning(header, path, dimensions):
    wanted = bytes([0, 0, 8, dimensions])
    if header[:4] == wanted:
        return
    for beginning, what in STRANGERS.items():
        if header.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(beginning):
            raise UserError(f"{path} is no idx file but {what}")
    if len(header) < 4:
        raise _broken(path, f"has only {len(header)} bytes")
    found, right = header[:4].hex(" "), wanted.hex(" ")
    raise _broken(
        path,
        f"begins with {found} where {right} should be: "
        "it is not the idx file its name stands for",
    )


def _broken(path, what):
    return UserError(f"{path} {what}; delete it and get it again")
