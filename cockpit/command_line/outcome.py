"""How a command ends: its exit code, and the sentence on stderr when it couldn't do what was asked."""

from __future__ import annotations

import errno
import sys
from enum import IntEnum
from typing import Final

from cockpit.incident.text import clean


class Exit(IntEnum):
    """The exit codes, a contract with scripts."""

    YES = 0
    """Done; the thing asked about is so."""
    NOT_SO = 1
    """The thing asked about is not so: the doctor found a fault."""
    USAGE = 2
    """The command or the configuration is wrong."""
    UNREACHABLE = 3
    """A service can't be reached; what can wait is queued."""
    REFUSED = 4
    """A service refused, or has no such thing."""
    UNKNOWN = 5
    """Delivered, but nobody can tell whether it arrived."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""
    PIPE_CLOSED = 141
    """Whoever read our output stopped reading, as shells count it."""
    TERMINATED = 143
    """SIGTERM, as shells count it."""


_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Failure(Exception):
    """A command can't go on; `str()` is the sentence for the person, `code` how it exits."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def say(message: str) -> None:
    """Talk to the person: on stderr, so that stdout stays data. Cleaned: what was asked for is quoted in it."""
    if sys.stderr is not None:  # closed by whoever started us; Python would print it to stdout
        print(clean(message), file=sys.stderr, flush=True)


def failure_of(error: Exception) -> Failure | None:
    """The failure that an error raised by a floor below means, or None where it is a fault of the program."""
    if isinstance(error, Failure):
        return error
    import sqlite3

    from cockpit.config_table import ConfigError
    from cockpit.engine.actions import Impossible
    from cockpit.engine.desk import NoSuchIncident, UnknownReference
    from cockpit.incident.process import ProcessError
    from cockpit.services.errors import OutcomeUnknown, ServiceError

    if isinstance(error, (ConfigError, ProcessError, UnknownReference, Impossible)):
        return Failure(Exit.USAGE, str(error))
    if isinstance(error, NoSuchIncident):
        return Failure(Exit.REFUSED, str(error))
    if isinstance(error, OutcomeUnknown):
        return Failure(Exit.UNKNOWN, str(error))
    if isinstance(error, ServiceError):
        return Failure(code_of(error), str(error))
    if isinstance(error, OSError) and error.filename is not None:
        return Failure(Exit.USAGE, f"{error.filename}: {error.strerror}")
    if isinstance(error, OSError) and error.errno in _FULL:  # of what is printed Python doesn't say where it goes
        words = f"What it prints or keeps can't be written: {error.strerror}. Make room there."
        return Failure(Exit.USAGE, f"{words} `cockpit log` shows what was done.")
    if isinstance(error, sqlite3.OperationalError):
        return Failure(Exit.USAGE, f"The journal in the state folder can't be used: {error}. See `cockpit doctor`.")
    return None


def code_of(error: Exception) -> Exit:
    """How a command exits after a service failed at a reading: refused, or not reached."""
    from cockpit.services.errors import Refused

    return Exit.REFUSED if isinstance(error, Refused) else Exit.UNREACHABLE
