"""The mailbox between two ranks of MPI: each message is one buffer, answered when it is read.

A buffer begins with its header's length and the header (what the message is, the type and shape of
each array); then the bytes of the arrays follow, as they are in memory. The reader answers each
with one byte: there is room for another. An empty buffer says that the sender has gone, a zero byte
that the reader has. Both ends of a mailbox say so and wait for the other's word (`finished`), so
that nothing of it is left for the next job, whose mailboxes have the same tags.

No call blocks within MPI: MPICH would keep a core busy while it waits, and two ranks that both send
large arrays would wait for each other. See `World.wait`.
"""

import json

import numpy as np

from dni_np.backend import to_numpy
from dni_np.parallel.layout import ALIGNED, layout
from dni_np.parallel.mailbox import Closed, Line, Message

LENGTH = 8  # bytes at the beginning, for the length of the header
CALLS, BORDERS, ANSWERS = 10, 20, 1  # tags: from and to the caller; between neighbors; + for bytes
START_AND_STOP = [3, 4]  # columns of `events.to_array`
ROOM, GONE = np.ones(1, np.uint8), np.zeros(1, np.uint8)


class Sender:
    """The end that puts, with room for `room` messages on their way to rank `other`."""

    def __init__(self, world, other, tag, room):
        self.world, self.other, self.tag, self.free = world, other, tag, room
        self.closed = self.ended = False  # has the reader gone? have we?
        self.on_the_way = []  # (request, its buffer, which must stay as it is)

    def put(self, message):
        """Hand on a message; wait while there is no room."""
        if "events" in message.arrays:  # of this machine's clock, for that of rank 0
            times = np.array(message.arrays["events"])
            times[:, START_AND_STOP] -= self.world.ahead
            message = message._replace(arrays={"events": times})
        buffer = packed(message)
        self.has_room()
        if self.closed or self.ended:
            raise Closed
        self.free -= 1
        self._send(buffer)

    def has_room(self, timeout=None):
        """Is there room for a message in `timeout` seconds (None: wait), or nobody to read it?"""
        return self.world.wait(self._may_send, timeout)

    def close(self):
        if not self.ended:
            self.ended = True
            self._send(np.empty(0, np.uint8))

    def finished(self):
        """Have both gone, and is nothing on the way?"""
        self._may_send()
        return self.ended and self.closed and not self.on_the_way

    def _may_send(self):
        self.on_the_way = [one for one in self.on_the_way if not one[0].Test()]
        comm, answer = self.world.comm, np.empty(1, np.uint8)
        while not self.closed and comm.Iprobe(self.other, self.tag + ANSWERS):
            comm.Recv(answer, self.other, self.tag + ANSWERS)
            self.free += int(answer[0])
            self.closed = not answer[0]
        return self.closed or self.ended or self.free > 0

    def _send(self, buffer):
        self.on_the_way.append((self.world.comm.Isend(buffer, self.other, self.tag), buffer))


class Reader:
    """The end that gets, from rank `other`."""

    def __init__(self, world, other, tag):
        self.world, self.other, self.tag = world, other, tag
        self.closed = self.ended = False  # has the sender gone? have we?
        self.request, self.buffer = None, None  # what is arriving
        self.answers = []

    def get(self, timeout=None):
        """The oldest message; None if none has come in `timeout` seconds (None: wait)."""
        if self.ended:
            raise Closed
        if not self.world.wait(self._arrived, timeout):
            return None
        if self.closed:
            raise Closed
        message, self.buffer = unpacked(self.buffer), None
        self._answer(ROOM)
        return message

    def close(self):
        if not self.ended:
            self.ended = True
            self._answer(GONE)

    def finished(self):
        """Have both gone? What was never read goes with them."""
        while not self.closed and self._arrived():
            self.buffer = None
        self.answers = [one for one in self.answers if not one.Test()]
        return self.ended and self.closed and not self.answers

    def _arrived(self):
        """Is a message there, or the word that none comes?"""
        if self.closed or (self.request is None and self.buffer is not None):
            return True
        if self.request is None:
            status = self.world.MPI.Status()
            found = self.world.comm.Improbe(self.other, self.tag, status)
            if found is None:
                return False
            self.buffer = np.empty(status.Get_count(), np.uint8)
            self.request = found.Irecv(self.buffer)
        if not self.request.Test():
            return False
        self.request = None
        if not self.buffer.size:
            self.closed, self.buffer = True, None
        return True

    def _answer(self, byte):
        self.answers = [one for one in self.answers if not one.Test()]
        self.answers.append(self.world.comm.Isend(byte, self.other, self.tag + ANSWERS))


def line(world, other, tag, room):
    """This rank's end of a Line to rank `other`, which makes its own."""
    return Line(Sender(world, other, tag, room), Reader(world, other, tag))


def packed(message):
    """A message as one array of bytes; arrays of a GPU are copied from it, when it is done."""
    arrays = {name: to_numpy(array) for name, array in message.arrays.items()}
    about = {name: (array.dtype.str, array.shape) for name, array in arrays.items()}
    header = json.dumps([message.kind, message.batch, message.text, about]).encode()
    places, size = layout(arrays.values(), LENGTH + len(header))
    buffer = np.empty(size, np.uint8)
    buffer[:LENGTH].view(np.int64)[0] = len(header)
    buffer[LENGTH : LENGTH + len(header)] = np.frombuffer(header, np.uint8)
    for array, place in zip(arrays.values(), places):
        np.ndarray(array.shape, array.dtype, buffer, place)[...] = array
    return buffer


def unpacked(buffer):
    """The message, whose arrays lie in the buffer."""
    length = int(buffer[:LENGTH].view(np.int64)[0])
    kind, batch, text, about = json.loads(buffer[LENGTH : LENGTH + length].tobytes())
    arrays, start = {}, LENGTH + length
    for name, (dtype, shape) in about.items():
        start = -(-start // ALIGNED) * ALIGNED
        arrays[name] = np.ndarray(shape, dtype, buffer, start)
        start += arrays[name].nbytes
    return Message(kind, batch, arrays, text)
