"""The mailbox between two processes: bytes in shared memory, a pipe that says where they lie.

The memory is a ring of slots, one message each. The sender copies the arrays into the next slot
and writes a line into the pipe; the reader copies them out and answers, by another pipe, with one
byte: the slot is free again. A pipe also ends when the process at its other end does, however that
came about.

The sender makes the memory when it knows how large a message is, and makes larger slots when one
does not fit. A name that nobody removes would keep the memory after both have gone. So the reader
is told the name before there is memory of that name, and takes it away as soon as it has the
memory, or when it ends; the sender does if the reader has gone. Either may be killed at any moment.
"""

import contextlib
import json
import os
import secrets
from multiprocessing import Pipe
from multiprocessing.shared_memory import SharedMemory

import numpy as np

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.parallel.layout import layout, view
from dni_np.parallel.looking import closed_if_it_ends, looking
from dni_np.parallel.mailbox import Message

DIRECT = ("state", "load")  # large and rare, while nothing else is on the way: through the pipe


class SharedMailbox:
    """One end of it, for the sender or the reader. Made in pairs, by `pair`.

    `lines` and `answers`: its ends of the two pipes.
    """

    def __init__(self, lines, answers, capacity):
        self.lines, self.answers, self.capacity = lines, answers, capacity
        self.block, self.made, self.slot_size = None, [], 0
        self.promised = set()  # names that the reader has heard of and not taken away
        self.count = self.free = 0  # messages so far; slots that may be written
        self.look = None  # made by the process that reads

    def put(self, message):
        """Hand on a message; wait while every slot is full."""
        arrays = {name: to_numpy(array) for name, array in message.arrays.items()}
        about = {name: (array.dtype.str, array.shape) for name, array in arrays.items()}
        header = json.dumps([message.kind, message.batch, message.text, about]).encode()
        places, size = layout(arrays.values(), len(header))
        with closed_if_it_ends():
            if message.kind in DIRECT:
                self._put_directly(header, arrays)
                return
            if size > self.slot_size:
                self._make(size)
            self.has_room()
            start = self.count % self.capacity * self.slot_size
            self.block.buf[start : start + len(header)] = header
            for array, place in zip(arrays.values(), places):
                view(self.block, array.dtype, array.shape, start + place)[...] = array
            self.free -= 1
            self.count += 1
            self.lines.send_bytes(f"slot {self.block.name} {start} {len(header)}".encode())

    def has_room(self, timeout=None):
        """Is there room for a message in `timeout` seconds (None: wait)?"""
        with closed_if_it_ends():
            while self.count and self.free == 0:  # before the first message there is no memory
                if timeout is not None and not self.answers.poll(timeout):
                    return False
                self.answers.recv_bytes()
                self.free += 1
        return True

    def get(self, timeout=None):
        """The oldest message; None if none has come in `timeout` seconds (None: wait)."""
        with closed_if_it_ends():
            line = b"memory"
            while line.startswith(b"memory"):
                self.look = self.look or looking(self.lines)
                if timeout is not None and not self.look(timeout):
                    return None
                line = self._read_line()
            if not line.startswith(b"slot "):
                return self._get_directly(line)
            start, length = self._attach(line)
            header = bytes(self.block.buf[start : start + length])
            kind, batch, text, about = json.loads(header)
            arrays = {name: np.empty(shape, dtype) for name, (dtype, shape) in about.items()}
            places, _ = layout(arrays.values(), length)
            for array, place in zip(arrays.values(), places):
                array[...] = view(self.block, array.dtype, array.shape, start + place)
            with contextlib.suppress(BrokenPipeError):  # the sender may have gone since
                self.answers.send_bytes(b".")
            return Message(kind, batch, arrays, text)

    def close(self):
        """Give back what this end holds; the other end's next call raises Closed."""
        if self.answers.writable:  # a sender that ends from now on takes the names away itself
            self.answers.close()
        with contextlib.suppress(EOFError, OSError):
            while self.lines.readable and self.lines.poll():
                self._read_line()  # of what was never read
        for name in self.promised:
            with contextlib.suppress(FileNotFoundError):
                block = SharedMemory(name)
                block.close()
                block.unlink()
        self.promised.clear()
        with contextlib.suppress(EOFError, OSError):
            while self.answers.readable and self.answers.poll():
                self.answers.recv_bytes()  # until EOFError: the reader has gone
            self.made = []  # it is there, and takes the names away
        for block in self.made:
            with contextlib.suppress(FileNotFoundError):
                block.unlink()
        self.look = None  # the file's number may soon be another's
        self.lines.close()
        self.answers.close()
        if self.block is not None:
            self.block.close()
            self.block = None

    def _put_directly(self, header, arrays):
        self.lines.send_bytes(header)
        for array in arrays.values():
            if array.nbytes:
                self.lines.send_bytes(np.ascontiguousarray(array).reshape(-1).view(np.uint8))

    def _get_directly(self, header):
        kind, batch, text, about = json.loads(header)
        arrays = {name: np.empty(shape, dtype) for name, (dtype, shape) in about.items()}
        for array in arrays.values():
            if array.nbytes:
                self.lines.recv_bytes_into(array.reshape(-1).view(np.uint8))
        return Message(kind, batch, arrays, text)

    def _make(self, size):
        """Slots of at least `size` bytes; those that wait to be read stay in the old memory."""
        check_room(size * self.capacity)
        if self.block is not None:
            self.block.close()
        name = f"psm_{secrets.token_hex(8)}"
        self.lines.send_bytes(f"memory {name}".encode())
        self.block = SharedMemory(name, create=True, size=size * self.capacity)
        self.made.append(self.block)
        self.slot_size = size
        if self.count == 0:
            self.free = self.capacity

    def _read_line(self):
        line = self.lines.recv_bytes()
        if line.startswith(b"memory "):
            self.promised.add(line.decode().split()[1])
        return line

    def _attach(self, line):
        """(where a message begins in the memory that the line names, how long its header is)."""
        _, name, start, length = line.decode().split()
        if self.block is None or self.block.name != name:
            if self.block is not None:
                self.block.close()
            self.block = SharedMemory(name)
            self.block.unlink()
            self.promised.discard(name)
        return int(start), int(length)


def pair(capacity):
    """(the sender's end, the reader's end), with room for `capacity` messages."""
    (read_lines, write_lines), (read_answers, write_answers) = Pipe(False), Pipe(False)
    sender = SharedMailbox(write_lines, read_answers, capacity)
    return sender, SharedMailbox(read_lines, write_answers, capacity)


def check_room(size):
    """Writing beyond what is free there would end the program, without a word."""
    if os.path.isdir("/dev/shm"):
        there = os.statvfs("/dev/shm")
        free = there.f_bavail * there.f_frsize
        if size > free:
            raise UserError(
                f"the workers need {size / 1e6:.0f} MB of shared memory and /dev/shm has "
                f"{free / 1e6:.0f} MB: take --engine threads, a smaller --batch-size, or make it "
                "larger (docker run --shm-size)"
            )
