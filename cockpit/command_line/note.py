"""`cockpit note`: a note in the incident's timeline."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from cockpit.command_line.acting import Act, must_write, perform
from cockpit.command_line.arguments import INCIDENT_FORMS, split_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.outcome import Exit, Failure
from cockpit.config import load

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.usage = "cockpit note [INCIDENT] TEXT"
    parser.add_argument(
        "words",
        nargs="+",
        metavar="[INCIDENT] TEXT",
        help=f"the note, in quotes, or - to read it from stdin; before it, which incident: {INCIDENT_FORMS}; "
        "without one, the only open P1",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    reference, text = split_incident(args.words, "TEXT", quote=True)
    settings = load(args.config, read_only=args.read_only)
    must_write(settings)
    text = (sys.stdin.read() if text == "-" else text).strip()
    if not text:
        raise Failure(Exit.USAGE, "The note is empty.")
    return asyncio.run(_note(settings, reference, text))


async def _note(settings: Settings, reference: str | None, text: str) -> int:
    async with desk_for(settings) as desk:
        case = await choose(desk, reference)
        return await perform(desk, case, Act("note", data={"text": text}))
