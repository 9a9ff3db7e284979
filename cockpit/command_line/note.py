"""`cockpit note`: a note in the incident's timeline."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from cockpit.command_line.acting import Act, must_write, perform
from cockpit.command_line.arguments import INCIDENT_FORMS, split_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.outcome import Exit, Failure
from cockpit.config import load
from cockpit.engine.actions.log import LONGEST_NOTE
from cockpit.incident.text import clean

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings

HELD: Final = 64 * 1024
"""Characters of a pipe that are looked at; the rest is counted."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.usage = "cockpit note [INCIDENT] TEXT"
    parser.add_argument(
        "words",
        nargs="+",
        metavar="[INCIDENT] TEXT",
        help=f"the note, in quotes, or - to read it from stdin; before it, which incident: {INCIDENT_FORMS}; "
        "without one, the only open incident of the process",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    reference, text = split_incident(args.words, "TEXT", quote=True)
    settings = load(args.config, read_only=args.read_only)
    must_write(settings)
    text = (piped() if text == "-" else clean(text)).strip()
    if not text:
        raise Failure(Exit.USAGE, "The note is empty.")
    return asyncio.run(_note(settings, reference, text))


def piped() -> str:
    """What comes down the pipe, to its end: cleaned, cut to what a note holds, with a count of what was left out.

    However much comes, little is held. Bytes that aren't UTF-8 become U+FFFD.
    """
    if sys.stdin is None:  # started with its input closed
        return ""
    getattr(sys.stdin, "reconfigure", lambda **_: None)(encoding="utf-8", errors="replace")
    text = clean(sys.stdin.read(HELD)).strip("\n")
    beyond = sum(map(len, iter(lambda: sys.stdin.read(HELD), "")))
    if not beyond and len(text) <= LONGEST_NOTE:
        return text
    room = LONGEST_NOTE - len(left_out(len(text) + beyond))
    near = text.rfind("\n", room * 3 // 4, room + 1)
    kept = text[: near if near >= 0 else room].rstrip()
    return kept + left_out(len(text) - len(kept) + beyond)


def left_out(characters: int) -> str:
    """The line that stands for what was cut off."""
    return f"\n… ({characters:,} more characters)"


async def _note(settings: Settings, reference: str | None, text: str) -> int:
    async with desk_for(settings) as desk:
        case = await choose(desk, reference)
        return await perform(desk, case, Act("note", data={"text": text}))
