"""The window that the cockpit is drawn in: it may be closed at any moment."""

from __future__ import annotations

import sys
import termios
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.driver import Driver


class LastingFile:
    """A terminal to write to. Once its window is closed, what is written is for nobody.

    Textual's thread that writes ends at the first error, and then whoever writes next waits for it for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if there is somebody to read it."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """The same, now."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def lasting(driver: type[Driver]) -> type[Driver]:
    """The driver, for a window that may be closed.

    It writes to a `LastingFile`. And it goes on only after it was stopped: a system that closes a window tells the
    program to go on, too (SIGHUP with SIGCONT), and Textual's driver would begin a second time, with a thread that
    reads for ever and that nobody ends.

    Between the two the terminal is another program's. What is written then is dropped: Textual's driver would keep it
    in a queue that nobody empties, and wait for ever once that is full. What that program left unread is dropped too.
    """

    class Lasting(driver):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._stopped = self._lent = False
            if (file := getattr(self, "_file", None)) is not None:
                self._file = LastingFile(file)

        def write(self, data: str) -> None:
            """Write, unless the terminal is another's."""
            if not self._lent:
                super().write(data)

        def suspend_application_mode(self) -> None:
            """Leave the screen to the shell."""
            self._stopped = True
            super().suspend_application_mode()
            self._lent = True

        def resume_application_mode(self) -> None:
            """Take the screen back."""
            if self._stopped:
                self._stopped = self._lent = False
                with suppress(termios.error, OSError):
                    termios.tcflush(sys.__stdin__.fileno(), termios.TCIFLUSH)  # type: ignore[union-attr]
                super().resume_application_mode()

    return Lasting
