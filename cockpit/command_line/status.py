"""`cockpit status`: the checklist and its deadlines as text, or as JSON."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from cockpit.command_line.arguments import add_incident
from cockpit.command_line.choosing import choose, desk_for
from cockpit.command_line.outcome import Exit, say
from cockpit.config import load
from cockpit.incident.facts import LABELS, Freshness, Source

if TYPE_CHECKING:
    import argparse

    from cockpit.config import Settings
    from cockpit.engine.view import View


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    add_incident(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code: 3 where a configured service couldn't be read."""
    return asyncio.run(_status(load(args.config, read_only=args.read_only), args.incident, args.json))


async def _status(settings: Settings, reference: str | None, as_data: bool) -> int:
    async with desk_for(settings) as desk:
        session = desk.session(await choose(desk, reference))
        try:
            await session.read_once()
            view = session.view
        finally:
            await session.close()
    if as_data:
        from cockpit.command_line.status_json import document

        print(json.dumps(document(view, settings), indent=2, ensure_ascii=False))
    else:
        from cockpit.command_line.paper import Paper
        from cockpit.command_line.status_text import write

        write(view, settings, Paper())
    return _told(view, settings)


def _told(view: View, settings: Settings) -> Exit:
    """Say which service couldn't be read, and why; how the command exits."""
    code = Exit.YES
    for source in configured(settings):
        health = view.snapshot.health[source]
        if health.state is not Freshness.OK:
            say(f"cockpit: {health.error or f'{LABELS[source]} was not read.'}")
            code = max(code, Exit.REFUSED if health.refused else Exit.UNREACHABLE)
    return code


def configured(settings: Settings) -> tuple[Source, ...]:
    """The services that the config has."""
    return tuple(source for source in Source if getattr(settings, source.value) is not None)
