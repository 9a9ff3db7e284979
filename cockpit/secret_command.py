"""A command that prints a secret: asked, given up when it hangs, and ended with whoever asked it."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Final

COMMAND_TIMEOUT: Final = 60.0
"""Seconds that a secret's command may take; a password manager may be waiting for a fingerprint."""

_asked: Final[set[subprocess.Popen[bytes]]] = set()
"""The commands that are being asked for a secret."""


@atexit.register
def _ask_no_more() -> None:
    """A command that hangs, waiting for a fingerprint, doesn't outlive who asked it."""
    for child in tuple(_asked):
        child.kill()


def ask(argv: tuple[str, ...], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Run it; its exit code, and what it printed to stdout and stderr. Raises OSError, TimeoutExpired."""
    child = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        preexec_fn=_ends_with_us(),  # safe beside other threads: two system calls, and no lock is taken
    )  # fmt: skip
    _asked.add(child)
    try:
        out, err = child.communicate(timeout=COMMAND_TIMEOUT)
    except BaseException:
        child.kill()
        child.wait()
        raise
    finally:
        _asked.discard(child)
    return child.returncode, out, err


def _ends_with_us() -> Callable[[], None] | None:
    """What the child does before it becomes the command: on Linux it asks to be ended when we are, even by SIGKILL.

    It would be ended with the thread that starts it, too: that one waits for it. A program that runs with the rights of
    another user or group is let off by the system.
    """
    if sys.platform != "linux":
        return None
    from cockpit.prctl import PR_SET_PDEATHSIG, prctl

    us = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != us:  # ended before it was asked for
            os._exit(1)

    return tie


def complaint(stderr: bytes) -> str:
    """The last line that a failed command wrote to stderr, safe to print and short; "" for none."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    if not lines:
        return ""
    words = "".join(char if char.isprintable() else " " for char in lines[-1])[:200].rstrip(".")
    return f": {words}"
