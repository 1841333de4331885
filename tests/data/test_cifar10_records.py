"""CIFAR-10's binary form: what is whole is read exactly, what is broken is named."""

import gzip
import tarfile

import numpy as np
import pytest

from dni_np.data import cifar10_records
from dni_np.data.cifar10_records import (
    RECORD,
    TEST,
    TRAIN,
    parse_records,
    read_archive,
    read_records,
)
from dni_np.errors import UserError
from tests.data.made_up import draw_cifar10, records, write_archive


def test_records_become_rows():
    images, labels = draw_cifar10(4, 0)
    rows, found = parse_records(records(images, labels), "it")
    assert np.array_equal(rows.reshape(4, 32, 32, 3), images) and np.array_equal(found, labels)
    assert rows.dtype == np.uint8 and found.dtype == np.int64


def test_the_place_of_a_pixel():
    """Row 2, column 5, green: byte 1 + 1024 + 2 * 32 + 5 of the record; next to it blue."""
    record = bytearray(RECORD)
    record[0], record[1 + 1024 + 2 * 32 + 5], record[1 + 2048 + 2 * 32 + 5] = 7, 200, 90
    images, labels = parse_records(bytes(record), "it")
    image = images.reshape(32, 32, 3)
    assert image[2, 5].tolist() == [0, 200, 90] and image.sum() == 290 and labels.tolist() == [7]
    assert images[0, (2 * 32 + 5) * 3 + 1] == 200


GOOD = records(*draw_cifar10(3, 0))
BROKEN = {
    "empty": (b"", "is empty"),
    "cut short": (GOOD[:-1], "holds 9,218 bytes, which is no multiple of 3,073"),
    "too long": (GOOD + b"x", "holds 9,220 bytes, which is no multiple of 3,073"),
    "a web page": (b"<html>404</html>", "holds 16 bytes, which is no multiple"),
    "packed": (gzip.compress(GOOD), "holds [0-9,]+ bytes, which is no multiple of 3,073"),
    "label": (
        GOOD[:RECORD] + b"\x0a" + GOOD[RECORD + 1 :],
        "has the label 10 in record 2, where 0 to 9 are allowed",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_named(tmp_path, case):
    content, message = BROKEN[case]
    path = tmp_path / "data_batch_2.bin"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"{path} {message}.*get it again"):
        read_records(path)


@pytest.mark.parametrize("mode", ["w:gz", "w", "w:xz"])
def test_an_archive(tmp_path, mode):
    drawn = write_archive(tmp_path / "a", mode=mode)
    parts = read_archive(tmp_path / "a")
    assert list(parts) == [*TRAIN, TEST]
    for file, (images, labels) in drawn.items():
        assert np.array_equal(parts[file][0].reshape(-1, 32, 32, 3), images)
        assert np.array_equal(parts[file][1], labels)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_archive_in_another_order(tmp_path):
    write_archive(tmp_path / "a.tar.gz", (TEST, *reversed(TRAIN)))
    assert list(read_archive(tmp_path / "a.tar.gz")) == [*TRAIN, TEST]


def test_an_archive_that_lacks_a_member(tmp_path):
    write_archive(tmp_path / "a.tar.gz", (*TRAIN[:2], *TRAIN[3:]))
    with pytest.raises(UserError, match=r"a.tar.gz lacks data_batch_3.bin, test_batch.bin; delete"):
        read_archive(tmp_path / "a.tar.gz")


def test_an_archive_with_a_broken_member(tmp_path, monkeypatch):
    write_archive(tmp_path / "a.tar.gz")
    monkeypatch.setattr(cifar10_records, "RECORD", 1000)
    with pytest.raises(UserError, match=r"a.tar.gz: data_batch_1.bin holds 9,219 bytes, which is"):
        read_archive(tmp_path / "a.tar.gz")


@pytest.mark.parametrize("keep", [0, 1, 9, 20, 500, -5000, -1000])
def test_truncated_archives_are_named(tmp_path, keep):
    path = tmp_path / "a.tar.gz"
    write_archive(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=rf"{path} .*delete it and get it again"):
        read_archive(path)


@pytest.mark.parametrize("content", [b"<html>404</html>", GOOD, gzip.compress(GOOD)])
def test_what_is_no_archive_is_named(tmp_path, content):
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.tar\.gz .*delete it and get it again"):
        read_archive(tmp_path / "a.tar.gz")


def test_a_damaged_archive_is_named(tmp_path):
    path = tmp_path / "a.tar.gz"
    write_archive(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"a\.tar\.gz .*(damaged|get it again)"):
        read_archive(path)


def test_damage_that_only_the_checksum_shows(tmp_path):
    path = tmp_path / "a.tar.gz"
    write_archive(path)
    data = bytearray(path.read_bytes())
    data[-8] ^= 1  # of the sum itself
    path.write_bytes(data)
    with pytest.raises(UserError, match="a.tar.gz is cut short or damaged; delete it and get it"):
        read_archive(path)


def test_what_follows_an_archive_has_a_bound(tmp_path, monkeypatch):
    path = tmp_path / "a.tar.gz"
    write_archive(path)
    monkeypatch.setattr(cifar10_records, "LARGEST", 200_000)
    assert read_archive(path)
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(200_000)))
    with pytest.raises(UserError, match="unpacks to more than 200,000 bytes"):
        read_archive(path)


@pytest.mark.parametrize("file", [TRAIN[0], "zeros"])
def test_a_bomb_stays_packed(tmp_path, file):
    """Eight gigabytes are promised; the file ends soon after, and nobody gets so far."""
    member = tarfile.TarInfo(file)
    member.size = 2**33
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(member.tobuf() + bytes(10_000_000)))
    with pytest.raises(UserError, match="unpacks to more than 536,870,912 bytes: it is not CIFAR"):
        read_archive(tmp_path / "a.tar.gz")


def test_an_absent_archive(tmp_path):
    with pytest.raises(UserError, match="cannot read .*: No such file"):
        read_archive(tmp_path / "a.tar.gz")
