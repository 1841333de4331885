"""What the strict stand-in writes down, for tests to read afterwards."""


class Record:
    """`synchronizations`:

    how often the host waited for the device; `calls`: which functions, with which keywords.
    """

    def __init__(self):
        self.synchronizations = 0
        self.calls = set()  # (name of a function or "ndarray.method", its keywords)

    def wait(self):
        self.synchronizations += 1

    def call(self, name, keywords):
        self.calls.add((name, tuple(sorted(keywords))))


record = Record()
