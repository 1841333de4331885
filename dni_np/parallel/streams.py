"""Streams: each worker is a thread with a CUDA stream of its own, all on one GPU.

A GPU does what is put into one stream in order, and the work of different streams at the same time
where there is room. The host does not wait for results, and neither does it for messages: an array
is handed on before it is computed, with an event that says when it will be. So what "waiting for a
message" costs is decided on the GPU. Three rules keep the arrays right:

    sender     records an event behind what makes the array      `made`
    reader     its stream waits for `made`, copies the array, and records an event     `read`
    sender     keeps the array until its own stream waits for `read`

Without the last, the memory could be given to a new array of the sender's stream while the reader
still copies from it: CuPy's memory pool looks at one stream at a time. For the same reason a worker
waits for its stream before it ends: a later one may have its name, and would be given its memory.

Of CuPy's rules three more concern us. A new thread begins with device 0, so workers enter the
caller's. Each thread has a cuBLAS handle of its own, and so each stream: several streams of one
handle need not give the same bits each time. And what a worker notes of its work (`events`) is when
it was begun, not how long the GPU took: there is no share of waiting to be read from it.
"""

from collections import deque
from typing import Any, NamedTuple

from dni_np import backend
from dni_np.errors import UserError
from dni_np.parallel.mailbox import Mailbox, Message
from dni_np.parallel.serve import serve
from dni_np.parallel.threads import Threads


class Sent(NamedTuple):
    """A message on its way, the event `made` behind it, and [the event `read`] when it was read."""

    message: Message
    made: Any
    read: list


class StreamMailbox(Mailbox):
    """Between two threads, each with a current stream."""

    def __init__(self, capacity):
        super().__init__(capacity)
        self.kept = deque()  # by the sender

    def put(self, message):
        """Hand on a message, whose arrays may not be computed yet; wait while there is no room."""
        while self.kept and self.kept[0].read:
            current_stream().wait_event(self.kept.popleft().read[0])
        sent = Sent(message, recorded(), [])
        self.kept.append(sent)
        super().put(sent)

    def get(self, timeout=None):
        """The oldest message; None if none has come in `timeout` seconds (None: wait)."""
        sent = super().get(timeout)
        if sent is None:
            return None
        current_stream().wait_event(sent.made)
        arrays = {name: array.copy() for name, array in sent.message.arrays.items()}
        sent.read.append(recorded())
        return sent.message._replace(arrays=arrays)


class Streams(Threads):
    """An engine, as Threads is; the caller works in the stream that is current there."""

    mailbox = StreamMailbox

    def __init__(self, job):
        check()
        self.device = backend.current().cuda.Device().id
        super().__init__(job)

    def work(self, number, job, lines):
        cuda = backend.current().cuda
        with cuda.Device(self.device), cuda.Stream(non_blocking=True) as stream:
            try:
                serve(number, job, lines)
            finally:
                stream.synchronize()

    def stop(self):
        super().stop()
        backend.synchronize()  # the caller may still copy what a worker has sent


def check():
    """There must be a GPU."""
    if getattr(backend.current(), "cuda", None) is None:
        raise UserError("the engine streams needs a GPU: take --backend cupy, or engine threads")


def current_stream():
    return backend.current().cuda.get_current_stream()


def recorded():
    """An event behind all that the current stream was given."""
    event = backend.current().cuda.Event(disable_timing=True)
    event.record()
    return event
