"""What the doctor looks at on this machine: the config's mode, the state folder, the terminal."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from typing import TYPE_CHECKING, Final

from cockpit.command_line.finding import Finding, Level
from cockpit.private_file import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cockpit.config import Settings

LEAST: Final = (80, 24)
"""Columns and lines below which the panes no longer fit."""

ABOUT: Final = "This machine"


def examine_machine(settings: Settings) -> list[Finding]:
    """Everything that can be told without asking anybody."""
    return [*_config(settings), *_state(settings.state_dir), *_terminal()]


def _config(settings: Settings) -> Iterator[Finding]:
    if settings.path is None:
        return
    mode = stat.S_IMODE(settings.path.stat().st_mode)
    if mode & 0o077:
        # `load` has refused it already if a secret were written in it.
        words = f"{settings.path}, with no secret in it (mode {mode:o})"
    else:
        words = f"{settings.path}, for you alone (mode {mode:o})"
    yield Finding(ABOUT, "config", Level.OK, words)


def _state(folder: Path) -> Iterator[Finding]:
    try:
        private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        words = f"{folder} can't be written: {error.strerror}"
        yield Finding(ABOUT, "state folder", Level.FAULT, words, "make it writable, or set COCKPIT_STATE_DIR")
        return
    yield Finding(ABOUT, "state folder", Level.OK, f"{folder}, for you alone")


def _terminal() -> Iterator[Finding]:
    what = "terminal"
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        words = f"writes {sys.stdout.encoding or 'no known encoding'}: the signs become question marks"
        yield Finding(ABOUT, what, Level.WARNING, words, "set LANG to a UTF-8 locale such as C.UTF-8")
    if not sys.stdout.isatty():
        yield Finding(ABOUT, what, Level.NOTE, "the output isn't one, so its size and colours can't be told")
        return
    columns, lines = shutil.get_terminal_size()
    if (columns, lines) < LEAST or lines < LEAST[1]:
        words = f"{columns}×{lines} is small: the panes want {LEAST[0]}×{LEAST[1]}"
        yield Finding(ABOUT, what, Level.WARNING, words, "make it larger")
    term = os.environ.get("TERM", "")
    if term in ("", "dumb"):
        words = f"TERM is “{term}”: a full screen can't be drawn"
        yield Finding(ABOUT, what, Level.FAULT, words, "use a terminal, or set TERM, such as xterm-256color")
        return
    yield Finding(ABOUT, what, Level.OK, f"{columns}×{lines}, {_colours(term)}, {sys.stdout.encoding}")


def _colours(term: str) -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours, as NO_COLOR asks"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256" in term else "16 colours"
