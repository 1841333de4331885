"""The idx format: what is whole is read exactly, what is broken is named."""

import gzip
import struct

import numpy as np
import pytest

from dni_np.data.idx import FILES, load_idx_folder, read_idx
from dni_np.errors import UserError


def idx_bytes(array):
    array = np.asarray(array, np.uint8)
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_set(folder, packed=True, n=7, m=3, size=(4, 5)):
    """Four files; returns what was written."""
    rng = np.random.default_rng(0)
    arrays = [
        rng.integers(0, 256, (n, *size)),
        rng.integers(0, 10, n),
        rng.integers(0, 256, (m, *size)),
        rng.integers(0, 10, m),
    ]
    for name, array in zip(FILES, arrays):
        path = folder / (name + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    return arrays


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_of_four_files(tmp_path, packed):
    images, labels, test_images, test_labels = write_set(tmp_path, packed)
    dataset = load_idx_folder(tmp_path)
    assert dataset.name == tmp_path.name
    assert np.array_equal(dataset.x_train, images.reshape(7, 20)) and dataset.x_train.dtype == np.uint8
    assert np.array_equal(dataset.y_train, labels) and dataset.y_train.dtype == np.int64
    assert np.array_equal(dataset.x_test, test_images.reshape(3, 20))
    assert np.array_equal(dataset.y_test, test_labels)
    assert dataset.scale == 1 / 255


GOOD = idx_bytes(np.arange(24).reshape(2, 3, 4))
BROKEN = {
    "empty": (b"", "has only 0 bytes"),
    "two bytes": (GOOD[:2], "has only 2 bytes"),
    "within the header": (GOOD[:9], "ends within its header"),
    "payload too short": (GOOD[:-1], "holds 39 bytes where its header .* asks for 40"),
    "payload too long": (GOOD + b"x", "holds 41 bytes where its header .* asks for 40"),
    "wrong magic": (b"\x89PNG" + GOOD, "it is not the idx file its name says"),
    "floats": (b"\x00\x00\x0d\x03" + GOOD[4:], "it is not the idx file its name says"),
    "labels instead of images": (idx_bytes(np.arange(5)), "it is not the idx file its name says"),
    "absurd dimensions": (GOOD[:4] + b"\xff" * 12 + GOOD[16:], "asks for"),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("case", BROKEN)
def test_broken_contents_are_named(tmp_path, case, packed):
    content, message = BROKEN[case]
    path = tmp_path / ("images" + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(UserError, match=rf"{path}.*{message}.*; delete it and get it again"):
        read_idx(path, 3)


@pytest.mark.parametrize("keep", [0, 1, 5, 12, 20, -9, -4, -1])
def test_truncated_gzip_is_named(tmp_path, keep):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(GOOD)[:keep])
    with pytest.raises(UserError, match=rf"{path} .*delete it"):
        read_idx(path, 3)


def test_damaged_gzip_is_named(tmp_path):
    data = bytearray(gzip.compress(GOOD))
    data[15] ^= 0xFF
    path = tmp_path / "images.gz"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"{path}"):
        read_idx(path, 3)


def test_plain_file_named_gz(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(GOOD)
    with pytest.raises(UserError, match="not a whole gzip file"):
        read_idx(path, 3)


def test_missing_folder_and_files(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        load_idx_folder(tmp_path / "none")
    write_set(tmp_path)
    (tmp_path / f"{FILES[3]}.gz").unlink()
    with pytest.raises(UserError, match=f"lacks {FILES[3]}"):
        load_idx_folder(tmp_path)


def test_files_that_do_not_belong_together(tmp_path):
    write_set(tmp_path)
    (tmp_path / f"{FILES[1]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(6))))
    with pytest.raises(UserError, match=f"7 images but .*{FILES[1]}.* 6 labels"):
        load_idx_folder(tmp_path)
    write_set(tmp_path)
    (tmp_path / f"{FILES[2]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros((3, 2, 2)))))
    with pytest.raises(UserError, match="do not belong together"):
        load_idx_folder(tmp_path)


def test_empty_sets(tmp_path):
    write_set(tmp_path, n=0)
    with pytest.raises(UserError, match=f"{FILES[0]}.gz holds no images"):
        load_idx_folder(tmp_path)
