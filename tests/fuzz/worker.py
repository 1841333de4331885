"""A process that calls one function after another, and is replaced when a call takes too long.

It is forked from one that has imported the program, so that a new one begins at once. What it
starts belongs to its process group, and ends with it.
"""

import multiprocessing
import os
import signal
import tempfile
import traceback
from unittest import mock

LIMIT = 20  # seconds
MEMORY = 8 << 30  # bytes
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.fuzz.scene"])


class Worker:
    """Call it within a with statement."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._start()
        return self

    def __exit__(self, *error):
        self._kill()
        self.folder.cleanup()

    def __call__(self, function, *arguments, limit=LIMIT):
        """("returned", value), ("traceback", text) where it raised, or ("hang", text)."""
        self.pipe.send((function, arguments))
        try:
            if self.pipe.poll(limit):
                return self.pipe.recv()
            answer = "hang", f"no end after {limit} seconds"
        except EOFError:
            self.process.join()
            answer = "traceback", f"the process died with status {self.process.exitcode}"
        self._kill()
        self._start()
        return answer

    def _start(self):
        self.pipe, other = CONTEXT.Pipe()
        home = tempfile.mkdtemp(dir=self.folder.name)
        self.process = CONTEXT.Process(target=_work, args=(other, home))
        with mock.patch.dict(os.environ, ONE_THREAD):
            self.process.start()
        other.close()
        self.pipe.recv()  # it is ready

    def _kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:  # all have ended
            pass
        self.process.join()


def _work(pipe, folder):
    import resource

    from tests.fuzz.scene import enter

    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    enter(folder)
    pipe.send("ready")
    while True:
        function, arguments = pipe.recv()
        try:
            answer = "returned", function(*arguments)
        except BaseException:
            answer = "traceback", traceback.format_exc()
        pipe.send(answer)
