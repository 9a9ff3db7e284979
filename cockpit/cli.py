"""The command line: what was asked, the room that does it, and how every failure is told.

Nothing here imports the terminal interface; the rooms of the commands that draw do, when they draw.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cockpit.command_line.arguments import parse
from cockpit.command_line.ending import ended_in_order, leave
from cockpit.command_line.outcome import Exit, failure_of, say
from cockpit.core_dumps import prevent

if TYPE_CHECKING:
    from collections.abc import Sequence


def program() -> int:
    """The program: `main` on what was typed; the process's exit code."""
    code = main()
    leave(code)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code. Raises nothing that a person can cause."""
    prevent()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a sign gets a question mark for it, not a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    with ended_in_order() as ending:
        code = _run(sys.argv[1:] if argv is None else argv)
    return Exit.TERMINATED if ending.asked and code == Exit.INTERRUPTED else code


def _run(argv: Sequence[str]) -> int:
    """Run it, and tell how it failed."""
    try:
        command, args = parse(argv)
        code = command.run(args)
        if sys.stdout is not None:  # closed by whoever started us
            sys.stdout.flush()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _let_go_of_output()
        return Exit.PIPE_CLOSED
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        say(f"cockpit: {failure}")
        _finish_output()
        return failure.code
    return code


def _finish_output() -> None:
    """Print what isn't printed yet, if that can be."""
    try:
        if sys.stdout is not None:  # closed by whoever started us
            sys.stdout.flush()
    except OSError:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Python flushes stdout once more at its end; let that go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
