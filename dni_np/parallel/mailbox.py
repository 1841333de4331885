"""Mailbox: messages from one worker to another, in order, never more than it has room for.

    mailbox.put(Message("target", 7, {"target": array}))     waits while the mailbox is full
    message = mailbox.get()                                  waits until a message comes
    message = mailbox.get(timeout=0)                         or None
    mailbox.has_room(timeout=0)                              could the next put be done at once?

A message names its batch, so that no target can meet the guess of another one. What it holds are
arrays as they are in memory: nothing is pickled. When one side has gone the other one's next call
raises Closed, instead of waiting for ever; what had been put before can still be read.

This page is the mailbox between threads, which hands arrays on by reference: nothing in a message
is written to after it was put. The others (`shared_mailbox`, `mpi_mailbox`) have the same methods
and copy.
"""

import threading
from collections import deque
from typing import NamedTuple


class Message(NamedTuple):
    """`kind`: batch, output, target, guess, metrics, finish, state, load, events or error."""

    kind: str
    batch: int = 0
    arrays: dict = {}  # by name
    text: str = ""


class Closed(Exception):
    """The worker on the other side has gone."""


class Line(NamedTuple):
    """A worker's two mailboxes with one other."""

    send: object
    receive: object

    def put(self, message, log):
        """Hand on a message of a batch; `log` notes that, and waiting for room."""
        if not self.send.has_room(timeout=0):
            with log.noting("wait", batch=message.batch):
                self.send.has_room()
        with log.noting("send", batch=message.batch):
            self.send.put(message)


class Mailbox:
    """Between two threads, with room for `capacity` messages."""

    def __init__(self, capacity):
        self.capacity, self.messages = capacity, deque()
        self.changed, self.closed = threading.Condition(), False

    def put(self, message):
        """Hand on a message; wait while there is no room."""
        with self.changed:
            self.has_room()
            if self.closed:
                raise Closed
            self.messages.append(message)
            self.changed.notify_all()

    def has_room(self, timeout=None):
        """Is there room for a message in `timeout` seconds (None: wait), or nobody to read it?"""
        with self.changed:
            return self.changed.wait_for(
                lambda: self.closed or len(self.messages) < self.capacity, timeout
            )

    def get(self, timeout=None):
        """The oldest message; None if none has come in `timeout` seconds (None: wait)."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or self.messages, timeout)
            if self.messages:
                self.changed.notify_all()
                return self.messages.popleft()
            if self.closed:
                raise Closed
            return None

    def close(self):
        """End it for both sides."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
