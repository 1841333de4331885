"""The command line: python -m dni_np COMMAND."""

import os
import sys

from dni_np import backend
from dni_np.errors import UserError
from dni_np.experiments import ranks
from dni_np.experiments.commands import COMMANDS, run
from dni_np.experiments.parser import OVERVIEW, parser


def main(arguments=None):
    """Run one command; return the exit status (0 done, 2 a user's mistake, 130 interrupted)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if not ranks.asked(arguments):
            return _run(arguments)
        from dni_np.parallel.mpi import on_ranks
        from dni_np.parallel.mpi_world import join

        join()
    except UserError as error:
        return _complain(error) if ranks.is_first() else 2
    return on_ranks(lambda: _run(arguments, of_ranks=True))


def _run(arguments, of_ranks=False):
    try:
        status = _main(arguments, of_ranks)
        sys.stdout.flush()
        return status
    except UserError as error:
        return _complain(error)
    except (MemoryError, OverflowError):
        sizes = "--width, --hidden, --units, --look-ahead or --batch-size"
        return _complain(f"this does not fit into memory: take a smaller {sizes}")
    except BrokenPipeError:  # whoever read our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}")
    except KeyboardInterrupt:
        print("dni_np: interrupted", file=sys.stderr)
        return 130


def _main(arguments, of_ranks):
    options = parser().parse_args(arguments)
    if of_ranks:
        ranks.fill(options, arguments)
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal may lack the sign of a standard deviation.
        sys.stdout.reconfigure(errors="replace")
    if options.command is None:
        print(OVERVIEW)
        return 0
    if options.backend:
        backend.use(options.backend)
    backend.current()  # a backend that cannot be used is reported before anything is loaded
    return COMMANDS.get(options.command, run)(options)


def _complain(error):
    print(f"dni_np: {error}", file=sys.stderr)
    return 2
