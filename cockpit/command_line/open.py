"""`cockpit [INCIDENT]`: the cockpit itself."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.config import load
from cockpit.heap import keep_large_blocks_apart

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings


def run(args: argparse.Namespace) -> int:
    """Open the cockpit; the exit code. Raises ConfigError, Failure where there is no terminal."""
    settings = load(args.config, read_only=args.read_only)
    require_terminal()
    return open_cockpit(settings, args.incident)


def require_terminal() -> None:
    """Raise Failure unless there is a terminal to draw on and to be typed at."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        why = "The cockpit draws a full screen and needs a terminal; input or output here isn't one."
    elif os.environ.get("TERM") == "dumb":
        why = "The cockpit draws a full screen, which this terminal can't show (TERM is `dumb`)."
    else:
        return
    raise Failure(Exit.USAGE, f"{why} `cockpit status` prints the same as text.")


def open_cockpit(settings: Settings, reference: str | None) -> int:
    """Draw the cockpit until it is left; the exit code."""
    keep_large_blocks_apart()
    # What is imported stays: to look for garbage in it would delay the first paint, and each full collection later.
    gc.disable()
    from cockpit.engine.desk import Desk
    from cockpit.tui.app import CockpitApp

    gc.freeze()
    gc.enable()
    app = CockpitApp(Desk(settings), reference)
    app.run()
    for what in app.unkept:
        say(f"cockpit: Another program held the journal to the end, so this was not done: {what}.")
    # It all goes with the process: to look through it for garbage once more would take half of the time to quit.
    gc.freeze()
    return app.return_code or Exit.YES
