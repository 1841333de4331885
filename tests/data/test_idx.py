"""The idx format: what is whole is read exactly, what is broken is named."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data import idx
from dni_np.data.idx import read_idx
from dni_np.errors import UserError
from tests.data.made_up import idx_bytes

ARRAY = np.arange(24).reshape(2, 3, 4)
GOOD = idx_bytes(ARRAY)
WHOLE = {
    "as its name says": ("images.gz", gzip.compress(GOOD)),
    "not packed": ("images", GOOD),
    "unpacked, and the name kept": ("images.gz", GOOD),
    "packed, and the name cut": ("images", gzip.compress(GOOD)),
    "in two parts": ("images.gz", gzip.compress(GOOD[:20]) + gzip.compress(GOOD[20:])),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_a_file_is_shows_in_its_content(tmp_path, case):
    name, content = WHOLE[case]
    (tmp_path / name).write_bytes(content)
    array = read_idx(tmp_path / name, 3)
    assert np.array_equal(array, ARRAY) and array.dtype == np.uint8


BROKEN = {
    "empty": (b"", "has only 0 bytes"),
    "two bytes": (GOOD[:2], "has only 2 bytes"),
    "within the header": (GOOD[:9], "ends within its header"),
    "payload too short": (GOOD[:-1], r"fewer bytes than its header \(2, 3, 4\) gives \(40\)"),
    "payload too long": (GOOD + b"x", r"more bytes than its header \(2, 3, 4\) gives \(40\)"),
    "twice": (GOOD + GOOD, "holds more bytes"),
    "nothing but a header": (GOOD[:16], "holds fewer bytes"),
    "wrong magic": (b"\x89PNG" + GOOD, "it is not the idx file its name stands for"),
    "floats": (b"\0\0\x0d\x03" + GOOD[4:], "begins with 00 00 0d 03 where 00 00 08 03 should"),
    "other byte order": (GOOD[3::-1] + GOOD[4:], "begins with 03 08 00 00 where 00 00 08 03"),
    "labels instead of images": (
        idx_bytes(np.arange(5)),
        "it is not the idx file its name stands for",
    ),
    "counts of two bytes": (GOOD[:4] + struct.pack(">3H", 2, 3, 4) + GOOD[16:], "fewer bytes"),
    "a count that lost its upper bytes": (GOOD[:7] + b"\1" + GOOD[8:], "holds more bytes"),
    "absurd dimensions": (GOOD[:4] + b"\xff" * 12 + GOOD[16:], "holds fewer bytes"),
    "packed twice": (gzip.compress(gzip.compress(GOOD)), "begins with 1f 8b 08 00"),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("case", BROKEN)
def test_broken_contents_are_named(tmp_path, case, packed):
    content, message = BROKEN[case]
    path = tmp_path / ("images" + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(UserError, match=rf"{path}.*{message}.*; delete it and get it again"):
        read_idx(path, 3)


STRANGERS = {
    "a web page": (b"\xef\xbb\xbf\n<!DOCTYPE html><p>Not found", "a web page, perhaps an error"),
    "a short web page": (b"<p>", "a web page"),
    "a zip archive": (b"PK\x03\x04\x14\0", "a zip archive, which must be unpacked first"),
    "a 7-Zip archive": (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("case", STRANGERS)
def test_what_is_no_idx_file_is_named(tmp_path, case, packed):
    content, what = STRANGERS[case]
    (tmp_path / "images.gz").write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(UserError, match=f"images.gz is no idx file but {what}"):
        read_idx(tmp_path / "images.gz", 3)


@pytest.mark.parametrize("keep", [1, 5, 12, 20, -9, -4, -1])
def test_truncated_gzip_is_named(tmp_path, keep):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(GOOD)[:keep])
    with pytest.raises(UserError, match=rf"{path} .*; delete it and get it again"):
        read_idx(path, 3)


def test_damage_that_only_the_checksum_shows(tmp_path):
    data = bytearray(gzip.compress(GOOD))
    data[-8] ^= 1  # of the sum itself
    (tmp_path / "images.gz").write_bytes(data)
    with pytest.raises(UserError, match="images.gz is cut short or damaged"):
        read_idx(tmp_path / "images.gz", 3)


@given(st.data())
def test_a_changed_byte_is_an_array_or_a_sentence(tmp_path, data):
    content = bytearray(data.draw(st.sampled_from([GOOD, gzip.compress(GOOD, mtime=0)])))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    (tmp_path / "images").write_bytes(content)
    try:
        assert read_idx(tmp_path / "images", 3).shape == (2, 3, 4)
    except UserError as error:
        assert str(tmp_path / "images") in str(error)


# Bombs: small files that unpack to far more.


class Counting(gzip.GzipFile):
    """Knows how much was unpacked in all."""

    unpacked = 0

    def read(self, size=-1):
        data = super().read(size)
        Counting.unpacked += len(data)
        return data


@pytest.fixture
def unpacked(monkeypatch):
    monkeypatch.setattr(idx.gzip, "GzipFile", Counting)
    monkeypatch.setattr(Counting, "unpacked", 0)
    return lambda: Counting.unpacked


def test_what_follows_the_promised_bytes_stays_packed(tmp_path, unpacked):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(GOOD + bytes(30_000_000)))
    with pytest.raises(UserError, match="holds more bytes than its header"):
        read_idx(path, 3)
    assert unpacked() <= len(GOOD) + 1


@pytest.mark.parametrize("count", [1_000_000, 2**32 - 1])
def test_more_is_promised_than_the_file_can_hold(tmp_path, unpacked, count):
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, count) + bytes(1000)))
    with pytest.raises(UserError, match="holds fewer bytes than its header"):
        read_idx(path, 1)
    assert unpacked() == 8


def test_what_is_promised_has_a_bound(tmp_path, unpacked, monkeypatch):
    monkeypatch.setattr(idx, "LARGEST", 1000)
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros(1001))))
    with pytest.raises(UserError, match="labels.gz unpacks to 1,001 bytes: unpack it by hand"):
        read_idx(path, 1)
    assert unpacked() == 8
    path.write_bytes(idx_bytes(np.zeros(1001)))
    assert len(read_idx(path, 1)) == 1001


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="cannot read .*none.gz: No such file"):
        read_idx(tmp_path / "none.gz", 3)
    with pytest.raises(UserError, match=f"cannot read {tmp_path}: Is a directory"):
        read_idx(tmp_path, 3)


def test_an_array_beyond_the_memory(tmp_path, monkeypatch):
    def empty(*arguments):
        raise MemoryError

    (tmp_path / "images").write_bytes(GOOD)
    monkeypatch.setattr(idx.np, "empty", empty)
    with pytest.raises(UserError, match="images does not fit into memory"):
        read_idx(tmp_path / "images", 3)
