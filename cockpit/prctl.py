"""What a process can ask of Linux for itself, by `prctl`. Nowhere else is there such a call."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1
"""The signal that the process gets when the thread that made it has ended. These are Linux's own numbers."""
PR_SET_DUMPABLE: Final = 4
"""Whether its memory may be dumped, and looked into by others."""


@cache
def _libc() -> Any:
    return ctypes.CDLL(None)


def prctl(what: int, value: int) -> None:
    """Ask for it, for this process."""
    _libc().prctl(what, value, 0, 0, 0)
