"""What the strict stand-in writes down, for tests and the bench to read afterwards."""

import numpy as np


class Record:
    """`synchronizations`:

    how often the host waited for the device; `calls`: which functions, with which keywords;
    `bytes`: how many were read and written, each array counted as often as an operation used it.
    """

    def __init__(self):
        self.synchronizations = self.bytes = 0
        self.calls = set()  # (name of a function or "ndarray.method", its keywords)

    def wait(self):
        self.synchronizations += 1

    def call(self, name, keywords):
        self.calls.add((name, tuple(sorted(keywords))))

    def move(self, inputs, result=None, out=None):
        """An operation read `inputs` and wrote `result`, or into `out`.

        A result that is a view of an input moved nothing.
        """
        read, written = list(arrays_in(inputs)), list(arrays_in(result if out is None else out))
        if out is None and any(np.may_share_memory(a, b) for a in read for b in written):
            return
        self.bytes += sum(array.nbytes for array in read + written)


def arrays_in(value):
    """The NumPy arrays in nested lists, tuples and dicts."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from arrays_in(one)


record = Record()
