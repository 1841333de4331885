"""The command line on ranks of MPI: is it asked for, by how many, and what to type instead.

mpiexec starts the same command several times. Rank 0 runs it, and the others serve it without
reading it (see `parallel.mpi`); so each of them must know that from the words alone.
"""

import os
import shlex

from dni_np.errors import UserError

# What MPICH and Open MPI leave in the environment: (number of this rank, how many there are).
LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
)
ENGINE = "--engine"


def launched():
    """(rank, size), as far as the launcher says so; (0, 1) without one."""
    for names in LAUNCHERS:
        if all(os.environ.get(name, "").isdigit() for name in names):
            return tuple(int(os.environ[name]) for name in names)
    return 0, 1


def is_first():
    """Is this the rank that prints?"""
    return launched()[0] == 0


def asked(arguments):
    """--engine mpi; or several ranks and no other engine: else each would make the same run."""
    engines = [b for a, b in zip(arguments, arguments[1:]) if a == ENGINE]
    engines += [word.partition("=")[2] for word in arguments if word.startswith(ENGINE + "=")]
    if launched()[1] > 1 and set(engines) - {"mpi"}:
        raise UserError(
            f"mpiexec started {launched()[1]} ranks, which are the workers of the engine mpi: "
            f"leave {ENGINE} {engines[-1]} out, or mpiexec"
        )
    return "mpi" in engines or launched()[1] > 1


def fill(options, arguments):
    """As many workers as there are ranks."""
    from dni_np.parallel.mpi_world import join

    size, given = join().size, getattr(options, "workers", None)
    if not hasattr(options, "engine"):
        return  # a command that trains nothing
    if size == 1:
        words = shlex.join(["python", "-m", "dni_np", *arguments])
        raise UserError(
            f"the engine mpi needs several ranks, and there is one: mpiexec -n {given or 2} {words}"
        )
    if given not in (None, str(size)):
        raise UserError(
            f"--workers is {given}, but mpiexec started {size} ranks, and each is a worker: "
            "leave --workers out, or change mpiexec -n"
        )
    options.engine, options.workers = "mpi", str(size)


def command(plan, words):
    """What to type for `words` to go on with as many workers as the plan's runs have."""
    workers = {one.workers for one in plan if getattr(one, "engine", None) == "mpi"}
    return f"mpiexec -n {max(workers)} {words} {ENGINE} mpi" if workers else words
