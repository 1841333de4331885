"""Allocator settings: keep freed memory for the next step.

Every step allocates the same arrays and frees them again. glibc hands large ones back to the
system each time, and the system then clears every page anew: up to half of a small network's
step. With the settings here it requests nothing from the system directly, and keeps up to half a
gigabyte of what is free, so it does not.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # from glibc's malloc.h


def keep_freed_memory():
    """Set the C library's options; return True where it accepts them (Linux with glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, 512 << 20))
