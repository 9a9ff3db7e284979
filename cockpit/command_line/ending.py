"""How a command ends: by SIGTERM as by Ctrl-C, which says what is kept and lets no child of ours live on; and at once,
whatever threads still wait for a service."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ending:
    """Whether the command was asked to end; called as the signal's handler."""

    asked = False

    def __call__(self, number: int, frame: object) -> None:
        """Do as Ctrl-C would, which asyncio hears by a handler of its own; a shell may have it ignored."""
        self.asked = True
        ctrl_c = signal.getsignal(signal.SIGINT)
        if not callable(ctrl_c):
            raise KeyboardInterrupt
        ctrl_c(signal.SIGINT, None)


@contextmanager
def ended_in_order() -> Iterator[Ending]:
    """Take SIGTERM so, unless it is ignored."""
    ending = Ending()
    before = signal.getsignal(signal.SIGTERM)
    if before is signal.SIG_IGN:
        yield ending
        return
    signal.signal(signal.SIGTERM, ending)
    try:
        yield ending
    finally:
        signal.signal(signal.SIGTERM, before)


def leave(code: int) -> None:
    """End the process now if only threads are left that nobody waits for; otherwise return, to end as Python does.

    Python stops such a thread wherever it is: in the middle of importing a library, or of a call into one, the process
    sometimes ended with SIGSEGV instead of its exit code (Python 3.11; 6 of 216 times when left while it connected).
    """
    if (threading := sys.modules.get("threading")) is None:
        return
    others = [one for one in threading.enumerate() if one is not threading.main_thread()]
    if not others or not all(one.daemon for one in others):
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or by whoever started us
            stream.flush()
    os._exit(code)
