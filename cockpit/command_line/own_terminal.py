"""A command in a terminal of its own: a pseudo-terminal between it and ours, with job control.

Three processes: we copy between the two terminals; a *monitor*, which leads the new terminal's session, starts the
command there, and tells how it fares; the command, in the foreground. The monitor is needed for Ctrl-Z: a command
whose parent is in another session can't be stopped from its terminal (POSIX: its process group would be orphaned).
"""

from __future__ import annotations

import errno
import fcntl
import os
import selectors
import signal
import socket
import termios
import tty
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHUNK: Final = 65_536
LAST_WORDS: Final = 0.1
"""Seconds of silence after which a terminal whose command has ended has nothing more to say."""


def copy_size(source: int, target: int) -> None:
    """Give the target terminal the source's rows and columns."""
    with suppress(OSError):
        fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8)))


def write_all(target: int, data: bytes) -> None:
    """Write all of it, whoever has made the target non-blocking. Raises BrokenPipeError."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(target, rest) :]
        except BlockingIOError:
            with selectors.DefaultSelector() as selector:
                selector.register(target, selectors.EVENT_WRITE)
                selector.select()


def run_in_terminal(argv: Sequence[str], sink: Callable[[bytes], None]) -> int:
    """Run it in a terminal like ours, which must be at 0 and 1; its exit code, 128+n for signal n.

    Raises `OSError` where it can't be started.
    """
    modes = termios.tcgetattr(0)
    master, slave = os.openpty()
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    copy_size(0, slave)
    ours, theirs = socket.socketpair()
    monitor = os.fork()
    if monitor == 0:
        _monitor(argv, slave, theirs)
    os.close(slave)
    theirs.close()
    try:
        return _Between(master, ours, modes, sink).run()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, modes)
        os.close(master)
        ours.close()
        os.waitpid(monitor, 0)


class _Between:
    """Copies between the two terminals until the command ends."""

    def __init__(self, master: int, link: socket.socket, modes: list[Any], sink: Callable[[bytes], None]) -> None:
        self._master = master
        self._link = link
        self._modes = modes
        self._sink = sink
        self._typed = bytearray()
        self._group = 0
        self._code: int | None = None

    def run(self) -> int:
        """Copy; the command's exit code."""
        handlers = {signal.SIGWINCH: self._resized, signal.SIGTERM: self._pass_on, signal.SIGHUP: self._pass_on}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        os.set_blocking(self._master, False)
        tty.setraw(0, termios.TCSADRAIN)
        try:
            with selectors.DefaultSelector() as selector:
                for source in (0, self._master, self._link.fileno()):
                    selector.register(source, selectors.EVENT_READ)
                while self._code is None:
                    self._turn(selector)
            self._last_words()
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)
        return self._code

    def _turn(self, selector: selectors.BaseSelector) -> None:
        if self._master in selector.get_map():
            # A command that doesn't read mustn't keep us from showing what it prints.
            selector.modify(self._master, selectors.EVENT_READ | (selectors.EVENT_WRITE if self._typed else 0))
        for key, events in selector.select():
            if key.fd == 0:
                typed = _read(0)
                self._typed += typed
                if not typed:
                    selector.unregister(0)
            elif key.fd == self._master:
                if events & selectors.EVENT_WRITE:
                    with suppress(OSError):
                        del self._typed[: os.write(self._master, self._typed[:4096])]
                if events & selectors.EVENT_READ and not self._show():
                    selector.unregister(self._master)
            else:
                self._hear(self._link.recv(CHUNK))

    def _show(self) -> bool:
        """Show what the command printed; False when its terminal is closed."""
        try:
            data = _read(self._master)
        except BlockingIOError:
            return True
        if data:
            self._sink(data)
            with suppress(OSError):  # a window that was closed: the command is told by its own signal
                write_all(1, data)
        return bool(data)

    def _last_words(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            while selector.select(LAST_WORDS) and self._show():
                pass

    def _hear(self, said: bytes) -> None:
        """What the monitor tells: begun, failed, stopped, ended."""
        if not said:
            self._code = 128 + signal.SIGKILL  # somebody killed the monitor, and the command's terminal with it
        for word in said.decode().split():
            value = int(word[1:] or 0)
            match word[0]:
                case "B":
                    self._group = value
                case "F":
                    raise OSError(value, os.strerror(value))
                case "S":
                    self._stop()
                case _:
                    self._code = value

    def _stop(self) -> None:
        """Stop as the command did, so that the shell takes over; go on with it when the shell lets us."""
        termios.tcsetattr(0, termios.TCSADRAIN, self._modes)
        os.kill(0, signal.SIGTSTP)
        tty.setraw(0, termios.TCSADRAIN)
        copy_size(0, self._master)
        self._link.send(b"C")

    def _resized(self, number: int, _: object = None) -> None:
        copy_size(0, self._master)

    def _pass_on(self, number: int, _: object = None) -> None:
        if self._group:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, number)


def _read(source: int) -> bytes:
    """What is there; empty at its end, which a terminal tells as an input/output error."""
    try:
        return os.read(source, CHUNK)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise


def _monitor(argv: Sequence[str], slave: int, link: socket.socket) -> NoReturn:
    """Lead the terminal's session: start the command, follow it, tell of it. Never returns into the program."""
    code = 1
    try:
        _close_ours(slave, link.fileno())
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        # It changes who is in the foreground while it isn't itself, for which it would be stopped.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _become(argv, slave, write)
        os.close(write)
        failure = os.read(read, 16)
        if failure:
            os.waitpid(child, 0)
            link.send(b"F" + failure)
        else:
            link.send(b"B%d " % child)
            _follow(child, slave, link)
        code = 0
    finally:
        os._exit(code)


def _follow(child: int, slave: int, link: socket.socket) -> None:
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            link.send(b"X%d " % (128 - code if code < 0 else code))
            return
        front = os.tcgetpgrp(slave)
        link.send(b"S ")
        if not link.recv(1):
            return
        os.tcsetpgrp(slave, front)
        os.killpg(front, signal.SIGCONT)


def _become(argv: Sequence[str], slave: int, failed: int) -> NoReturn:
    """Turn into the command, in the terminal's foreground."""
    try:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        for number in (signal.SIGTTOU, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the latter two
            signal.signal(number, signal.SIG_DFL)
        for target in (0, 1, 2):
            if target < 2 or os.isatty(2):
                os.dup2(slave, target)
        os.execvp(argv[0], list(argv))  # noqa: S606  (the responder's own command)
    except OSError as error:
        os.write(failed, b"%d" % (error.errno or errno.ENOEXEC))
    finally:
        os._exit(127)


def _close_ours(*kept: int) -> None:
    """Close what is ours alone: an end of a pipe that is held open here would hide our death from who waits for it."""
    for name in os.listdir("/dev/fd"):
        number = int(name)
        with suppress(OSError):
            if number not in kept and not os.get_inheritable(number):
                os.close(number)
