"""MPI: each worker is a rank, on one machine or on several.

    pip install "dni_np[mpi]"
    mpiexec -n 4 python -m dni_np mnist --rule cdni --layers 7 --engine mpi
    mpiexec -f hosts -n 4 python -m dni_np mnist ...       `hosts`: a machine's name in each line

Rank 0 is the caller, worker 1: it alone reads the command line, prints and writes files. The others
wait for a job, serve it, and wait for the next one, until rank 0 ends. A program of one's own:

    def main():                        what rank 0 does
        rule = Pipeline(build, workers=4, engine="mpi")
        ...
    raise SystemExit(on_ranks(main))

On several machines the same environment must be at the same place on each; only the first one
needs the data. Ctrl-C and SIGTERM reach all ranks; only rank 0 heeds them, finishes the step and
saves. An error in a rank ends the run with its sentence, as with every engine. But when a rank is
killed, mpiexec kills all others at once, before any of them could say so: it writes which signal it
was, its exit status is not 0, and the last checkpoint remains, to go on from with --resume.
"""

import functools
import os
import pickle
import signal
import sys
import traceback

from dni_np import backend
from dni_np.errors import UserError
from dni_np.parallel.blas import one_thread
from dni_np.parallel.mpi_mailbox import BORDERS, CALLS, line
from dni_np.parallel.mpi_world import join
from dni_np.parallel.serve import Job, Lines, serve
from dni_np.training.allocator import keep_freed_memory

PATIENCE = 20.0  # seconds for all ranks to end a job


class Ranks:
    """An engine, as Processes is, on ranks that wait for jobs."""

    def __init__(self, job):
        check(len(job.shares))
        self.world = join()
        if self.world.lost:
            raise UserError("a rank did not end what it did before: start all of them anew")
        try:
            sizes = job.room, job.border, len(job.shares)
            content = pickle.dumps((*sizes, backend.current().__name__, pickle.dumps(job)))
        except (AttributeError, TypeError, pickle.PicklingError):
            raise UserError(
                "another rank can only know a function that it can import: write `build` at the "
                "top of a file"
            ) from None
        self.world.send_job(content)
        others = range(1, self.world.size)
        self.lines = [line(self.world, other, CALLS, job.room) for other in others]
        self.above = line(self.world, 1, BORDERS, job.border)

    def killed(self):
        """None: nobody lives to say that a rank was killed."""
        return None

    def stop(self):
        """End the job on all ranks, which wait for the next one then."""
        self.world.lost |= not self.world.finish((*self.lines, self.above), PATIENCE)


def serve_jobs(world):
    """What all ranks but 0 do."""
    one_thread()
    keep_freed_memory()
    number = world.rank + 1
    while content := world.next_job():
        room, border, workers, backend_name, job = pickle.loads(content)
        below, above = world.rank - 1, world.rank + 1
        lines = Lines(
            line(world, 0, CALLS, room),
            line(world, below, BORDERS, border),
            line(world, above, BORDERS, border) if number < workers else None,
        )
        try:
            backend.use(backend_name)
            job = pickle.loads(job)
        except Exception as error:  # said to the caller as any other
            job = Job(functools.partial(fail, error), ((),) * workers, 0, room, border)
        serve(number, job, lines)
        world.finish(lines)


def fail(error, clock):
    raise error


def on_ranks(main):
    """The exit status of main(), which rank 0 runs while the others serve it."""
    world = join()
    if world.rank > 0:
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.SIG_IGN)
        serve_jobs(world)
        world.MPI.Finalize()
        return 0
    world.serving, status = True, 1
    try:
        status = main()
        return status
    except Exception:
        if world.lost:
            traceback.print_exc()
        raise
    finally:
        if world.lost:  # it would wait for ever; mpiexec ends who hangs when this rank fails
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status or 1)
        world.send_job(b"")
        world.MPI.Finalize()
        world.serving = False


def check(workers):
    """There must be a rank for each worker, and the others must serve this one."""
    world = join()
    if world.size != workers or not world.serving:
        ranks = "one rank" if world.size == 1 else f"{world.size} ranks"
        raise UserError(
            f"the engine mpi has {ranks} for {workers} workers: start the command with --engine "
            f"mpi and mpiexec, as mpiexec -n {workers} python -m dni_np mnist --engine mpi, or "
            "take another engine"
        )
