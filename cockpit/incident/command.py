"""A command that was run, in words: how it ended, and the last lines of what it printed."""

from __future__ import annotations

import re
import signal

from cockpit.incident.masking import masked
from cockpit.incident.text import clean

LONGEST_TAIL = 2_000
"""Characters of a command's output that a note holds at most."""

MOST_LINES = 50
"""Lines of a command's output that a note holds at most."""

KEPT = 64 * 1024
"""Bytes of output from which the last lines are taken."""

# What a full-screen program drew while it had the terminal to itself.
_SCREEN = re.compile(rb"\x1b\[\?(?:1049|1047|47)h.*?(?:\x1b\[\?(?:1049|1047|47)l|\Z)", re.S)


def ending(code: int | None) -> str:
    """Such as "exit 0" or "exit 143 (SIGTERM)", as shells count signals; None: nobody saw how it ended."""
    if code is None:
        return "its end wasn't seen"
    if code > 128:
        try:
            return f"exit {code} ({signal.Signals(code - 128).name})"
        except ValueError:
            pass
    return f"exit {code}"


def last_lines(output: bytes, lines: int) -> str:
    """The last lines of a command's output, as a person would have seen them: cleaned, masked, at most `LONGEST_TAIL`.

    `output` may begin anywhere; a line that was drawn over (a progress bar) is told as it was at last.
    """
    text = _SCREEN.sub(b"", output).decode("utf-8", errors="replace")
    if len(output) >= KEPT:
        text = text.partition("\n")[2] or text
    seen = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    shown = [line for line in masked(clean("\n".join(seen))).rstrip().split("\n") if line.strip()][-lines:]
    kept: list[str] = []
    room = LONGEST_TAIL
    for line in reversed(shown):
        if room - len(line) < 0:
            kept += [line[: max(room - 1, 0)] + "…"] if not kept else []
            break
        kept.append(line.rstrip())
        room -= len(line) + 1
    return "\n".join(reversed(kept))
