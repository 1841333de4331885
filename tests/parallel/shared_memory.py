"""Shared memory that has a name, and would stay when all its programs have ended."""

import time
from pathlib import Path

FOLDER = Path("/dev/shm")


def names():
    """All that Python gave, now; none where the system does not list them. (MPI has its own.)"""
    return set(FOLDER.glob("psm_*")) if FOLDER.is_dir() else set()


def assert_none_stays(before):
    """No new name. Other programs may have one for a moment: a name of ours would stay."""
    until = time.monotonic() + 5
    while new := names() - before:
        assert time.monotonic() < until, new
        time.sleep(0.01)
