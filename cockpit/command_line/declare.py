"""`cockpit declare`: create the incident in PagerDuty with its priority, its channel, and a note of each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.command_line.acting import Act, must_write, perform
from cockpit.command_line.choosing import desk_for
from cockpit.command_line.outcome import Exit, Failure
from cockpit.config import load
from cockpit.config_table import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cockpit.config import Settings
    from cockpit.engine.desk import Desk
    from cockpit.services.pagerduty_wire import ServiceRef


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.add_argument("--title", metavar="TEXT", help="what is wrong, and where; without it, the ticket's subject")
    parser.add_argument(
        "--service",
        metavar="NAME",
        help="the impacted PagerDuty service, by name or id; without it, the process's catch-all",
    )
    parser.add_argument(
        "--ticket",
        metavar="ID",
        type=int,
        action="append",
        default=[],
        help="a Freshdesk ticket that belongs to it; may be given several times",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    title = (args.title or "").strip()
    if not title and not args.ticket:
        raise Failure(Exit.USAGE, "A new incident needs a --title, or a --ticket to take it from.")
    settings = load(args.config, read_only=args.read_only)
    must_write(settings)
    if settings.pagerduty is None:
        raise Failure(Exit.USAGE, f"An incident is declared in PagerDuty, and {settings.path} has no [pagerduty].")
    return asyncio.run(_declare(settings, title, args.service, args.ticket))


async def _declare(settings: Settings, title: str, wanted: str | None, tickets: Sequence[int]) -> int:
    numbers = list(dict.fromkeys(tickets))
    async with desk_for(settings) as desk:
        service = await _service(desk, wanted)
        await desk.learn_secrets()
        cases = [await desk.find(f"ticket:{number}") for number in numbers]
        case = cases[0] if cases else await desk.begin(title)
        links = [f"{settings.freshdesk.url}/a/tickets/{number}" for number in numbers if settings.freshdesk]
        data = {
            "title": title or case.title,
            "service_id": service.id,
            "service_name": service.name,
            "body": "\n".join(links),
            "tickets": numbers,
        }
        return await perform(desk, case, Act("declare", data=data), Act("open_channel"))


async def _service(desk: Desk, wanted: str | None) -> ServiceRef:
    """The PagerDuty service of that name or id. Raises Failure with the nearest where there is none."""
    name = wanted or desk.process.words.catch_all_service
    if not name:
        raise Failure(Exit.USAGE, "Say which service is impacted with --service: the process has no catch-all.")
    services = await desk.pd_services()
    for service in services:
        if service.id == name or service.name.casefold() == name.casefold():
            return service
    names = [service.name for service in services]
    guess = nearest(name, names)
    hint = f"Did you mean “{guess}”?" if guess else f"It has: {', '.join(names) or 'none'}."
    raise Failure(Exit.USAGE if wanted else Exit.REFUSED, f"PagerDuty has no service “{name}”. {hint}")
