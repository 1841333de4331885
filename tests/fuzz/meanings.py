"""What data files say, read strictly and without the program's readers: None where they are broken.

Two sets of files that mean the same are the same data; a run may go on with these only.
"""

import gzip
import io
import math
import tarfile

from dni_np.data.cifar10_records import TEST, TRAIN

RECORD = 3073


def idx_set(folder):
    """Of four idx files: the numbers and the shape of each."""
    found = [idx(path) for path in sorted(folder.iterdir())]
    if len(found) != 4 or None in found:
        return None
    (test, test_shape), (_, test_labels), (train, train_shape), (_, train_labels) = found
    pairs = test_shape[:1] == test_labels and train_shape[:1] == train_labels
    alike = len(test_shape) == len(train_shape) == 3 and test_shape[1:] == train_shape[1:]
    return found if pairs and alike and test and train else None


def idx(path):
    """(numbers as bytes, shape) of an idx file, gzipped or not."""
    data = unpacked(path)
    if data is None or data[:3] != b"\0\0\x08" or len(data) < 4 or len(data) < 4 + 4 * data[3]:
        return None
    axes = data[3]
    if axes != (3 if "images" in path.name else 1):
        return None
    shape = tuple(int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes))
    numbers = data[4 + 4 * axes :]
    return (numbers, shape) if len(numbers) == math.prod(shape) else None


def cifar_set(folder):
    """Of a folder of CIFAR-10's binary files: the records of each."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    names = [*(f"data_batch_{i}.bin" for i in range(1, len(paths))), TEST]
    found = [records(path.read_bytes()) for path in paths]
    whole = len(paths) > 1 and [path.name for path in paths] == names and None not in found
    return found if whole else None


def archive(folder):
    """Of CIFAR-10's archive: the records of each file in it."""
    try:
        data = unpacked(*folder.iterdir())
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            members = {m.name.split("/")[-1]: tar.extractfile(m) for m in tar if m.isfile()}
            found = [records(members[name].read()) for name in (*TRAIN, TEST)]
    except Exception:
        return None
    return None if None in found else found


def records(data):
    good = data and len(data) % RECORD == 0 and max(data[::RECORD]) < 10
    return data if good else None


def text_set(folder):
    """Of text files: what is in them."""
    found = []
    for path in sorted(folder.iterdir()):
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None
        found.append((path.name, text.replace("\r\n", "\n").replace("\r", "\n")))
    return found if len(found) in (1, 3) else None


def unpacked(path):
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except Exception:  # damaged packing
        return None
