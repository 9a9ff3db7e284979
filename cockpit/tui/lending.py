"""The terminal lent to another program, such as an editor, while the cockpit goes on behind it.

The event loop isn't stopped: notes are delivered and services asked. Nothing reads the keyboard meanwhile (Textual ends
the thread that does), nothing is drawn, and what the program left unread isn't taken for keys of ours.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING

from cockpit.secret import environment_without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import App


async def lend(app: App[None], argv: Sequence[str]) -> int:
    """Give the terminal to that program until it ends; its exit code, minus the signal that ended it.

    Raises OSError where it can't be started, SuspendNotSupported where there is no terminal to lend.
    """
    ours = sys.stdout, sys.stderr  # Textual's, which keep what is printed off the screen
    failed: OSError | None = None
    code = 0
    with app.batch_update(), app.suspend(), ExitStack() as lent:
        lent.enter_context(redirect_stdout(ours[0]))
        lent.enter_context(redirect_stderr(ours[1]))
        lent.enter_context(_keys_are_the_programs())
        try:
            code = await _ended(_started(argv))
        except OSError as error:  # told only after the screen is ours again, which an exception would prevent
            failed = error
    if failed is not None:
        raise failed
    return code


def _started(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(list(argv), env=environment_without_secrets())


async def _ended(program: subprocess.Popen[bytes]) -> int:
    """Wait for it on a thread of its own, which keeps nobody from leaving.

    Not by asyncio's subprocess: that kills the program when the loop is closed.
    """
    loop = asyncio.get_running_loop()
    end: asyncio.Future[int] = loop.create_future()

    def settle(code: int) -> None:
        if not end.done():
            end.set_result(code)

    def wait() -> None:
        code = program.wait()
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, code)

    threading.Thread(target=wait, name="editor", daemon=True).start()
    try:
        return await end
    except asyncio.CancelledError:
        # The cockpit is asked to end, and the shell will take the terminal: as if its window were closed.
        with suppress(OSError):
            program.send_signal(signal.SIGHUP)
        raise


@contextmanager
def _keys_are_the_programs() -> Iterator[None]:
    """Both are in the terminal's foreground, so ctrl+c and ctrl+\\ reach both: they are the program's to answer.

    A handler and not SIG_IGN, which the program would inherit. Ctrl+z stops both, and the shell's `fg` lets both go on;
    where no shell waits for them, the system stops neither, but Textual's own handler would.
    """

    def nothing(number: int, frame: object) -> None:
        """The terminal has told the program as well."""

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGQUIT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, nothing)
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
