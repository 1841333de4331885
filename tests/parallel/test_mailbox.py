"""Mailboxes of both kinds: in order, bounded, arrays as they were, and no waiting for the dead."""

import os
import struct
import threading
import time
from multiprocessing import Pipe

import numpy as np
import pytest

from dni_np.errors import UserError
from dni_np.parallel.looking import closed_if_it_ends, looking
from dni_np.parallel.mailbox import Closed, Mailbox, Message
from dni_np.parallel.shared_mailbox import check_room, pair
from tests.parallel.shared_memory import FOLDER, assert_none_stays, names


def between_threads(capacity):
    mailbox = Mailbox(capacity)
    return mailbox, mailbox


@pytest.fixture(params=[between_threads, pair], ids=["threads", "processes"])
def ends(request):
    """Makes (the sender's end, the reader's end); closes them afterwards."""
    made = []

    def make(capacity):
        made.append(request.param(capacity))
        return made[-1]

    yield make
    for sender, reader in made:
        reader.close()
        sender.close()


def message(n, size=4):
    return Message("target", n, {"target": np.full((2, size), n, np.float32)})


def test_messages_come_in_order_and_as_they_were(ends):
    sender, reader = ends(3)
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "number": np.float32(2.5),
        "none": np.zeros((0, 4), np.int64),
        "turned": np.arange(12, dtype=np.int32).reshape(3, 4).T,
        "one": np.array(7),
    }
    sent = [
        Message("batch", 1, arrays),
        Message("metrics", 2, {}, "ü\n"),
        Message("state", 3, arrays),
    ]
    for _ in range(3):
        for one in sent:
            sender.put(one)
            found = reader.get()
            assert (found.kind, found.batch, found.text) == (one.kind, one.batch, one.text)
            assert list(found.arrays) == list(one.arrays)
            for name, array in one.arrays.items():
                np.testing.assert_array_equal(found.arrays[name], array)
                assert found.arrays[name].dtype == array.dtype
                assert found.arrays[name].shape == array.shape


def test_what_was_read_is_not_written_over(ends):
    sender, reader = ends(2)
    read = []
    for n in range(7):
        sender.put(message(n))
        read.append(reader.get())
    assert [one.arrays["target"][0, 0] for one in read] == list(range(7))


def test_larger_messages_while_smaller_ones_wait(ends):
    sender, reader = ends(4)
    sizes = [3, 500, 20_000, 5]
    for _ in range(3):
        for n, size in enumerate(sizes):
            sender.put(message(n, size))
        for n, size in enumerate(sizes):
            np.testing.assert_array_equal(
                reader.get().arrays["target"], message(n, size).arrays["target"]
            )


def test_a_full_mailbox_waits_until_one_is_read(ends):
    sender, reader = ends(2)
    put = []

    def fill():
        for n in range(5):
            sender.put(message(n))
            put.append(n)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while len(put) < 2 and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(0.05)
    assert put == [0, 1]
    assert [reader.get().batch for _ in range(5)] == list(range(5))
    thread.join(10)
    assert put == list(range(5)) and reader.get(timeout=0) is None


def test_it_says_if_it_has_room(ends):
    sender, reader = ends(2)
    for n in range(2):
        assert sender.has_room(timeout=0) and sender.has_room()
        sender.put(message(n))
    assert not sender.has_room(timeout=0) and not sender.has_room(timeout=0.01)
    reader.get()
    assert sender.has_room(timeout=1)


def test_nothing_has_come(ends):
    _, reader = ends(2)
    assert reader.get(timeout=0) is None
    assert reader.get(timeout=0.01) is None


def test_the_other_side_has_gone(ends):
    sender, reader = ends(3)
    sender.put(message(1))
    sender.close()
    assert reader.get().batch == 1  # it was put before
    with pytest.raises(Closed):
        reader.get()
    with pytest.raises(Closed):
        reader.get(timeout=0)
    sender, reader = ends(3)
    sender.put(message(1))
    reader.close()
    with pytest.raises(Closed):
        for n in range(5):
            sender.put(message(n))


@pytest.mark.skipif(os.name == "nt", reason="its pipes are of another kind")
@pytest.mark.parametrize("header", [b"", b'["state", 0, "", {"w": ["<f4", [10]]}]'])
@pytest.mark.parametrize("timeout", [1, None])
def test_the_other_side_was_killed_in_the_middle_of_a_message(header, timeout):
    """A pipe then ends with an OSError, which is of no file."""
    sender, reader = pair(2)
    if header:
        sender.lines.send_bytes(header)
    os.write(sender.lines.fileno(), struct.pack("!i", 40) + b"the beginning")
    sender.lines.close()
    with pytest.raises(Closed):
        reader.get(timeout)
    reader.close()
    sender.close()


def test_an_error_of_a_file_is_not_that_the_other_side_has_gone():
    with pytest.raises(FileNotFoundError), closed_if_it_ends():
        open("there is none")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no /dev/shm here")
def test_shared_memory_has_no_name_that_could_stay():
    before = names()
    sender, reader = pair(2)
    sender.put(message(1))
    reader.get()
    assert_none_stays(before)
    sender.put(message(2, 10_000))  # new memory, which is never read
    reader.close()
    sender.close()
    assert_none_stays(before)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no /dev/shm here")
@pytest.mark.parametrize("line", range(5))
def test_a_sender_that_is_killed_before_a_line_leaves_no_name(line, monkeypatch):
    """Lines: a name, a place, a place, a new name, a place."""
    before, sent = names(), []
    sender, reader = pair(2)
    send = sender.lines.send_bytes

    def killed_before(content):
        if len(sent) == line:
            raise KeyboardInterrupt
        sent.append(content)
        send(content)

    monkeypatch.setattr(sender.lines, "send_bytes", killed_before)
    with pytest.raises(KeyboardInterrupt):
        for n in (1, 1, 10_000):
            sender.put(message(n, n))
            reader.get()
    sender.lines.close()  # as the system does
    sender.answers.close()
    reader.close()
    assert_none_stays(before)
    sender.block and sender.block.close()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no /dev/shm here")
def test_too_little_shared_memory_is_said_before_it_is_used():
    with pytest.raises(UserError, match="shared memory"):
        check_room(1 << 60)


def test_looking_into_a_pipe():
    read, write = Pipe(False)
    look = looking(read)
    assert not look(0) and not look(0.01)
    write.send_bytes(b"a line")
    assert look(0) and read.recv_bytes() == b"a line" and not look(0)
    write.close()
    assert look(0)  # who reads now learns that nobody writes any more
    with pytest.raises(EOFError):
        read.recv_bytes()
