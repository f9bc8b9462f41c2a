"""What a process that reads or prints for strangers goes without."""

from __future__ import annotations

import ctypes
import os
import sys

# What finds the system's libraries; the second, Homebrew's pango on a Mac.
_PASSED_ON = ("PATH", "DYLD_FALLBACK_LIBRARY_PATH")
# Linux: leave the network behind, as an unprivileged user and as root.
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def bare_environment() -> dict[str, str]:
    """Return what such a process is started with: no secret is worth a leak."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, "LC_ALL": "C.UTF-8"}


def leave_network() -> None:
    """Enter an empty network where the system lets us; nothing asks it anyway."""
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
