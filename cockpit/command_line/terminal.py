"""Running a command as the shell would, and seeing what it prints without being in its way.

Untouched, it gets our own terminal, pipes and all. Where what it prints is wanted, it gets a terminal of its own in
place of ours (a pseudo-terminal, so that colours, full-screen programs, job control and the keys work as before), and
a pipe in place of a pipe.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from cockpit.command_line.own_terminal import copy_size, run_in_terminal, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Sink = Callable[[bytes], None]

CHUNK: Final = 65_536
"""The most bytes that are read at once."""

ROUNDS_AFTER: Final = 32
"""How many chunks are still read once the command has ended: more than a pipe holds. What a command left running in
the background may print for ever."""


class CannotRun(Exception):
    """The command wasn't started; `str()` says why, `code` is what shells exit with: 127 not found, 126 otherwise."""

    def __init__(self, program: str, number: int) -> None:
        missing = number == errno.ENOENT
        super().__init__(f"{program}: {'command not found' if missing else os.strerror(number)}")
        self.code = 127 if missing else 126


def run_untouched(argv: Sequence[str]) -> int:
    """Run it with our own input and output; its exit code, 128+n for signal n. Raises CannotRun."""
    with _deferring() as deferred:
        child = _start(argv, None, None)
        deferred(child)
        return shell_code(child.wait())


def run_watched(argv: Sequence[str], sink: Sink) -> int:
    """The same, and give what it prints to `sink` too, as it comes. Raises CannotRun."""
    if os.isatty(0) and os.isatty(1) and os.tcgetpgrp(0) == os.getpgrp():
        sys.stdout.flush()
        try:
            return run_in_terminal(argv, sink)
        except OSError as error:
            raise CannotRun(argv[0], error.errno or 0) from None
    return _through_pipes(argv, sink)


def shell_code(returncode: int) -> int:
    """An exit code as shells have it, from one of `subprocess`: 128+n for signal n."""
    return 128 - returncode if returncode < 0 else returncode


def _start(argv: Sequence[str], out: int | None, err: int | None) -> subprocess.Popen[bytes]:
    try:
        # Other files stay open for it: `<(…)` of a shell is one. Ours aren't handed on anyway.
        return subprocess.Popen(argv, stdout=out, stderr=err, close_fds=False)
    except OSError as error:
        raise CannotRun(argv[0], error.errno or 0) from None


@contextmanager
def _deferring() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Outlive what ends the command: Ctrl-C is the command's to answer, and what is sent to us is passed on to it."""
    children: list[subprocess.Popen[bytes]] = []

    def nothing(number: int, _: object) -> None:
        """The terminal has told the command as well."""

    def pass_on(number: int, _: object) -> None:
        for child in children:
            with suppress(ProcessLookupError):
                child.send_signal(number)

    wanted = {signal.SIGINT: nothing, signal.SIGQUIT: nothing, signal.SIGTERM: pass_on, signal.SIGHUP: pass_on}
    before = {}
    if threading.current_thread() is threading.main_thread():
        # Handlers and not SIG_IGN, which a command would inherit; what was ignored (nohup) stays so.
        for number, handler in wanted.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield children.append
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _through_pipes(argv: Sequence[str], sink: Sink) -> int:
    sources: dict[int, int] = {}
    shared: int | None = None
    ends: list[int] = []
    for ours in (1, 2):
        if not os.isatty(ours):
            read, write = os.pipe()
        elif shared is None:
            read, write = shared_terminal(ours)
            shared = write
        else:
            ends.append(shared)
            continue
        sources[read] = ours
        ends.append(write)
    with _deferring() as deferred:
        try:
            child = _start(argv, *ends)
            deferred(child)
        except CannotRun:
            for read in sources:
                os.close(read)
            raise
        finally:
            for write in set(ends):  # the two may share one terminal
                os.close(write)
        _pass_on(child, sources, sink)
        return shell_code(child.wait())


def shared_terminal(ours: int) -> tuple[int, int]:
    """A terminal that only shows: both its ends. Ours does the work on the output, so this one leaves it alone."""
    read, write = os.openpty()
    modes = termios.tcgetattr(write)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(write, termios.TCSANOW, modes)
    copy_size(ours, write)
    return read, write


def _pass_on(child: subprocess.Popen[bytes], sources: dict[int, int], sink: Sink) -> None:
    """Write what the command prints to where it belongs, until it ends.

    What it left running in the background isn't waited for.
    """
    ended, tell = os.pipe()

    def wait() -> None:
        child.wait()
        os.write(tell, b".")

    threading.Thread(target=wait, name="cockpit run", daemon=True).start()
    left = ROUNDS_AFTER
    try:
        with selectors.DefaultSelector() as selector:
            for source in (*sources, ended):
                selector.register(source, selectors.EVENT_READ)
            while left:
                over = ended not in selector.get_map()
                ready = [key.fd for key, _ in selector.select(0 if over else None)]
                if over:
                    left = left - 1 if ready else 0
                for source in ready:
                    if source == ended:
                        selector.unregister(ended)
                    elif not _pass(source, sources[source], sink):
                        # Closed, so that the command learns of a reader that went as it would have without us.
                        selector.unregister(source)
                        os.close(source)
                        del sources[source]
    finally:
        child.wait()
        for one in (*sources, ended, tell):
            os.close(one)


def _pass(source: int, ours: int, sink: Sink) -> bool:
    """Pass a chunk on; whether more may come and be wanted."""
    try:
        data = os.read(source, CHUNK)
    except OSError as error:
        if error.errno != errno.EIO:  # a terminal whose other end is closed
            raise
        data = b""
    if not data:
        return False
    sink(data)
    try:
        write_all(ours, data)
    except BrokenPipeError:
        return False
    return True
