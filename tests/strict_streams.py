"""Streams of the strict stand-in: an array of another stream is refused until it was waited for.

The stand-in computes at once. What it checks is the order that a GPU would be free to change: every
array knows its stream and its place there, and every stream knows how far it has waited for others.
An array of another device is refused, too.
"""

import threading

from tests.strict_record import record


class Stream:
    """As cupy.cuda.Stream; `knows` = {another stream: how many of its arrays are there}."""

    def __init__(self, null=False, non_blocking=False, ptds=False):
        self.made, self.knows, self.before = 0, {}, []

    def __enter__(self):
        self.before.append(streams.current)
        streams.local.stream = self
        return self

    def __exit__(self, *error):
        streams.local.stream = self.before.pop()

    def synchronize(self):
        record.wait()

    def wait_event(self, event):
        for stream, made in event.done.items():
            self.knows[stream] = max(made, self.knows.get(stream, 0))


class Event:
    """As cupy.cuda.Event: `done` is what is there when the GPU has come to it."""

    def __init__(self, block=False, disable_timing=False, interprocess=False):
        self.done = {}

    def record(self, stream=None):
        stream = streams.current if stream is None else stream
        self.done = {**stream.knows, stream: stream.made}


class Device:
    """As cupy.cuda.Device; each thread begins with device 0."""

    def __init__(self, device=None):
        self.id, self.before = streams.device if device is None else device, []

    def __enter__(self):
        self.before.append(streams.device)
        streams.local.device = self.id
        return self

    def __exit__(self, *error):
        streams.local.device = self.before.pop()


class Streams:
    """The current stream of each thread; at first that is one for all, as on a GPU."""

    def __init__(self):
        self.local, self.null = threading.local(), Stream()

    @property
    def current(self):
        return getattr(self.local, "stream", self.null)

    @property
    def device(self):
        return getattr(self.local, "device", 0)

    def tick(self):
        """(stream, place, device) of an array that is made now."""
        stream = self.current
        stream.made += 1
        return stream, stream.made, self.device

    def check(self, place):
        stream, made, device = place
        if device != self.device:
            raise RuntimeError(f"an array of device {device} is used on device {self.device}")
        if stream is not self.current and self.current.knows.get(stream, 0) < made:
            raise RuntimeError(
                "an array of another stream is used, which may not be computed yet: "
                "let the stream wait for an event behind it"
            )


streams = Streams()
