"""All ranks of MPI, as one of them sees them: how it waits, and what its clock is worth.

world = join()      the same one, each time; MPI is not imported before
"""

import functools
import time
from pathlib import Path

import numpy as np

from dni_np.errors import UserError

JOBS = 1  # the tag of jobs; an empty one is the end
AT_ONCE = 20  # looks before the first pause
MAPS = Path("/proc/self/maps")
SHORTEST, LONGEST, IDLE = 2e-5, 1e-3, 2e-2  # seconds of a pause; between two jobs


class World:
    """All ranks, as one of them sees them."""

    def __init__(self, MPI):
        self.MPI, self.comm = MPI, MPI.COMM_WORLD.Dup()
        self.rank, self.size = self.comm.rank, self.comm.size
        self.serving = False  # do the other ranks wait for jobs?
        self.lost = False  # did one not end its job?
        machines = set(self.comm.allgather(MPI.Get_processor_name()))
        self.comm.Barrier()
        remove_names()
        self.ahead = self.measured_ahead() if len(machines) > 1 else 0.0

    def measured_ahead(self, tries=20):
        """Seconds by which perf_counter is ahead of rank 0's: of the quickest answer to it."""
        ahead = 0.0
        for other in range(1, self.size):
            if self.rank == other:
                for _ in range(tries):
                    self.comm.recv(source=0)
                    self.comm.send(time.perf_counter(), 0)
                ahead = self.comm.recv(source=0)
            elif self.rank == 0:
                found = []
                for _ in range(tries):
                    start = time.perf_counter()
                    self.comm.send(None, other)
                    there, stop = self.comm.recv(source=other), time.perf_counter()
                    found.append((stop - start, there - (start + stop) / 2))
                self.comm.send(min(found)[1], other)
        return ahead

    def wait(self, ready, timeout=None, longest=LONGEST):
        """Until ready(); False if that takes longer than `timeout` seconds. Others may compute."""
        until = None if timeout is None else time.monotonic() + timeout
        looks, pause = 0, SHORTEST
        while not ready():
            if until is not None and time.monotonic() >= until:
                return False
            looks += 1
            if looks > AT_ONCE:
                time.sleep(pause)
                pause = min(1.5 * pause, longest)
        return True

    def send_job(self, content):
        """To all others."""
        buffer = np.frombuffer(content, np.uint8)
        sent = [self.comm.Isend(buffer, other, JOBS) for other in range(1, self.size)]
        self.wait(lambda: all([one.Test() for one in sent]))

    def next_job(self):
        """Its bytes, when it comes; none at the end."""
        status = self.MPI.Status()
        self.wait(lambda: self.comm.Iprobe(0, JOBS, status), longest=IDLE)
        buffer = np.empty(status.Get_count(), np.uint8)
        self.comm.Recv(buffer, 0, JOBS)
        return buffer.tobytes()

    def finish(self, lines, timeout=None):
        """Close them, and wait until the other ends are closed; False if that takes too long."""
        ends = [end for one in lines if one is not None for end in one]
        for end in ends:
            end.close()
        return self.wait(lambda: all([end.finished() for end in ends]), timeout)


def remove_names():
    """Of the memory that the ranks of a machine share, when all have it. MPICH removes them at the
    end, to which a killed rank does not come: the memory would be taken for ever.
    """
    try:
        lines = MAPS.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        *_, name = line.split(maxsplit=5)
        if name.startswith("/dev/shm/mpich_shm_") and not name.endswith(" (deleted)"):
            Path(name).unlink(missing_ok=True)  # another rank may have been faster


@functools.cache
def join():
    """The World of this process, alone in it if mpiexec did not start it."""
    try:
        import mpi4py

        mpi4py.rc.thread_level = "funneled"
        mpi4py.rc.finalize = False  # see `mpi.on_ranks`: where a rank hangs it would wait for ever
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        why = "is not installed" if isinstance(error, ImportError) else "finds no MPI"
        raise UserError(
            f'the engine mpi needs mpi4py, which {why}: pip install "dni_np[mpi]"'
        ) from None
    return World(MPI)
