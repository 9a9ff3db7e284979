"""`cockpit log`: what was done from this machine, and how each delivery of it ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from cockpit.command_line.arguments import add_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.deliveries import row
from cockpit.command_line.outcome import Exit, say
from cockpit.command_line.paper import Paper
from cockpit.config import load

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings
    from cockpit.engine.desk import Desk
    from cockpit.engine.view import Case

OWN: Final = object()
"""Stands for `--check` without a file: this machine's own audit."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    add_incident(parser, "the one last worked on here, else the only open incident of the process")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON, with the audit's lines, chained by hash")
    how.add_argument(
        "--check", nargs="?", const=OWN, metavar="FILE",
        help="check that no line was altered and none is missing; of FILE (- is stdin), which `--json` wrote",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    if args.check is not None and args.check is not OWN:
        from cockpit.command_line.audit import check_file

        settings = None if args.incident is None else load(args.config, read_only=True)
        return asyncio.run(check_file(args.check, settings, args.incident))
    settings = load(args.config, read_only=args.read_only)
    return asyncio.run(_log(settings, args.incident, args.json, args.check is OWN))


async def _log(settings: Settings, reference: str | None, as_data: bool, checked: bool) -> int:
    async with desk_for(settings) as desk:
        # What was done from here is known here: with no incident named, no service is asked.
        remembered = desk.remembered() if reference is None else None
        case = remembered or await choose(desk, reference)
        if checked:
            from cockpit.command_line.audit import check_case

            return await check_case(desk, case)
        if as_data:
            from cockpit.engine.auditor import audit_of

            print(json.dumps(audit_of(desk.journal, case.key), indent=2, ensure_ascii=False))
            return Exit.YES
        return _print(desk, case, settings)


def _print(desk: Desk, case: Case, settings: Settings) -> int:
    deliveries = desk.history(case)
    say(f"{f'#{case.number}  ' if case.number else ''}{case.title}")
    if not deliveries:
        say("Nothing was done from this machine.")
    Paper().columns([row(delivery, settings.now()) for delivery in deliveries], indent="", faint=0)
    return Exit.YES
