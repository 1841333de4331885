"""Shared memory that has a name, and would stay when all its programs have ended."""

import time
from pathlib import Path

FOLDER = Path("/dev/shm")


def names():
    """All that Python and MPICH gave, now; none where the system does not list them."""
    found = [*FOLDER.glob("psm_*"), *FOLDER.glob("mpich_shm_*")] if FOLDER.is_dir() else []
    return set(found)


def assert_none_stays(before):
    """No new name. Other programs may have one for a moment: a name of ours would stay."""
    until = time.monotonic() + 5
    while new := names() - before:
        assert time.monotonic() < until, new
        time.sleep(0.01)
