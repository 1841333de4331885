"""Freed memory is kept where the C library is glibc; elsewhere nothing happens."""

import platform
import sys

from dni_np.training.allocator import keep_freed_memory


def test_glibc_accepts_the_setting():
    assert keep_freed_memory() == (
        sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc"
    )


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
