"""SIGTERM ends a command as Ctrl-C does: it says what is kept, and no child that it asked something outlives it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
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
