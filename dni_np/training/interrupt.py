"""Interrupts: Ctrl-C stops a run between two steps, not within one.

Python raises KeyboardInterrupt wherever it happens to be, perhaps between the updates of
two layers; saved then, the network would be in a state no run ever passes through.
"""

import contextlib
import signal
import threading


class StopRequest:
    """True, as a condition, once SIGINT (Ctrl-C) or SIGTERM has arrived."""

    def __init__(self):
        self.signal = None

    def __bool__(self):
        return self.signal is not None


@contextlib.contextmanager
def stop_on_signal():
    """Within the block the first SIGINT or SIGTERM only sets the flag; a second acts as usual."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may handle signals
        return
    before = {}

    def note(number, frame):
        request.signal = number
        signal.signal(number, before[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
