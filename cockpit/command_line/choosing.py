"""Which incident a command is about."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.incident.facts import Source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cockpit.config import Settings
    from cockpit.engine.desk import Desk, Offer
    from cockpit.engine.view import Case

LISTED: Final = 5
"""How many incidents and how many tickets are listed to choose from."""


@asynccontextmanager
async def desk_for(settings: Settings) -> AsyncIterator[Desk]:
    """A desk, closed at the end whatever happens. What became of a damaged journal is said."""
    from cockpit.engine.desk import Desk

    desk = Desk(settings)
    if desk.journal.notice is not None:
        say(f"cockpit: {desk.journal.notice}")
    try:
        yield desk
    finally:
        await desk.close()


async def choose(desk: Desk, reference: str | None) -> Case:
    """The case that the person means: the one they name, else the only open incident of the process.

    While PagerDuty can't be asked, the case last worked on stands in. Raises Failure.
    """
    if reference is not None:
        return await desk.find(reference)
    offer = await desk.offer()
    if len(offer.p1) == 1:
        return await desk.case_of(offer.p1[0])
    priority = desk.process.words.priority
    if offer.p1:
        listed = "".join(f"\n  {one.number}  {one.title}" for one in offer.p1)
        raise Failure(Exit.USAGE, f"{len(offer.p1)} {priority} incidents are open; say which:{listed}")
    error = offer.errors.get(Source.PAGERDUTY)
    if error is not None:
        case = desk.remembered()
        if case is None:
            raise Failure(Exit.UNREACHABLE, f"Can't tell which incident is open. {error}")
        return case
    raise Failure(Exit.USAGE, f"No {priority} is open; say which incident you mean.{_listed(desk, offer)}")


def _listed(desk: Desk, offer: Offer) -> str:
    """The newest alerts and tickets, as lines to choose from."""
    lines = [f"\n  {one.number}  {one.priority or 'no priority'}  {one.title}" for one in offer.incidents[:LISTED]]
    lines += [f"\n  ticket:{one.id}  {one.subject}" for one in offer.tickets[:LISTED]]
    if desk.settings.pagerduty is None:
        lines.append("\nPagerDuty isn't configured.")
    return "".join(lines)
