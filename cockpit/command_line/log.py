"""`cockpit log`: what was done from this machine, and how each delivery of it ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from cockpit.command_line.arguments import add_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.deliveries import as_json, row
from cockpit.command_line.outcome import Exit, say
from cockpit.command_line.paper import Paper
from cockpit.config import load

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    add_incident(parser, "the one last worked on here, else the only open P1")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    return asyncio.run(_log(load(args.config, read_only=args.read_only), args.incident, args.json))


async def _log(settings: Settings, reference: str | None, as_data: bool) -> int:
    async with desk_for(settings) as desk:
        # What was done from here is known here: with no incident named, no service is asked.
        remembered = desk.remembered() if reference is None else None
        case = remembered or await choose(desk, reference)
        deliveries = desk.history(case)
        if as_data:
            print(json.dumps([as_json(delivery) for delivery in deliveries], indent=2, ensure_ascii=False))
            return Exit.YES
        say(f"{f'#{case.number}  ' if case.number else ''}{case.title}")
        if not deliveries:
            say("Nothing was done from this machine.")
        Paper().columns([row(delivery, settings.now()) for delivery in deliveries], indent="", faint=0)
        return Exit.YES
