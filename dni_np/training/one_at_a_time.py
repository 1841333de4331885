"""A lock on a run's folder: two runs at once would write over each other's files.

The system keeps the lock and frees it when its owner ends, however it ends. Windows has no such
lock; there a file that a live program has open cannot be deleted anyway.
"""

import contextlib
from pathlib import Path

from dni_np.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def alone_with(path):
    """Hold a lock on the file `path`, or refuse where another program has it.

    Yields whether we are alone for sure: some network file systems have no locks.
    """
    if fcntl is None:
        yield True
        return
    with Path(path).open("rb") as file:
        alone = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            folder = Path(path).parent
            raise UserError(
                f"another run is at work in {folder}: wait for it, or choose another --out"
            ) from None
        except OSError:
            alone = False
        yield alone
