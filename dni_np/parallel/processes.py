"""Processes: each worker beside the caller is a process of its own, on one machine.

They are started anew ("spawn"), not forked: that works on every system, and a forked child would
have the locks of the parent's threads without the threads. A worker ends when its pipes do, so
none outlives the caller. Ctrl-C and SIGTERM go to all of a terminal's processes; workers leave them
to the caller, who finishes the step and saves.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
import types

from dni_np import backend
from dni_np.errors import UserError
from dni_np.parallel.blas import one_thread, one_thread_in_children
from dni_np.parallel.mailbox import Line
from dni_np.parallel.serve import serve, wiring
from dni_np.parallel.shared_mailbox import pair
from dni_np.training.allocator import keep_freed_memory

PATIENCE = 5.0  # seconds for a worker to end by itself


class Processes:
    """An engine, as Threads is; what a Job holds must be known to another process by its name."""

    def __init__(self, job):
        spawn = multiprocessing.get_context("spawn")
        self.lines, self.above, others = wiring(job, line)
        self.processes, name = [], backend.current().__name__
        try:
            with importable(job), one_thread_in_children():
                for number, lines in enumerate(others, 2):
                    arguments = (number, job, lines, name)
                    process = spawn.Process(target=run, args=arguments, daemon=True)
                    process.start()
                    self.processes.append(process)
        except BaseException:
            self.stop()
            raise
        finally:
            for lines in others:  # here only the ends of the caller are wanted
                close(lines)

    def killed(self):
        """(number, what happened) of a worker that was ended from outside, or None."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for number, process in enumerate(self.processes, 2):
                if code := process.exitcode:
                    return number, how_it_ended(code)
            time.sleep(0.01)  # the others may live, and wait for the caller
        return None

    def stop(self):
        """End all workers; nothing of them is left."""
        close((*self.lines, self.above))
        until = time.monotonic() + PATIENCE
        for process in self.processes:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def run(number, job, lines, backend_name):
    """The whole life of a worker's process."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    one_thread()
    keep_freed_memory()
    backend.use(backend_name)
    serve(number, job, lines)


def line(room):
    """The two ends of a Line between processes."""
    (send, its_receive), (its_send, receive) = pair(room), pair(room)
    return Line(send, receive), Line(its_send, its_receive)


def close(lines):
    for one in lines:
        if one is not None:
            one.send.close()
            one.receive.close()


def how_it_ended(code):
    """In words, from a process's exit code."""
    if code > 0:
        return f"ended with status {code}"
    with contextlib.suppress(ValueError):
        return f"was killed ({signal.Signals(-code).name})"
    return f"was killed (signal {-code})"


@contextlib.contextmanager
def importable(job):
    """A new process imports the program's main module only if the job has something of it.

    (Of a notebook, python -c or standard input there is none that could be imported.)
    """
    main = sys.modules["__main__"]
    try:
        needs_main = b"__main__" in pickle.dumps(job)
        file = getattr(main, "__file__", None)
        known = not needs_main or getattr(main, "__spec__", None) or file and os.path.exists(file)
    except (AttributeError, TypeError, pickle.PicklingError):  # within a function, for instance
        known = False
    if not known:
        raise UserError(
            "another process can only know a function that it can import: write `build` at the top "
            "of a file and import it (from a notebook, too), or take the engine threads"
        )
    if needs_main:
        yield
        return
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
