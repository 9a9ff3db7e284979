"""Reaching communities: whom an alert concerns, whether a ticket belongs here, which prepared answers there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.engine.directory import FRESH
from cockpit.incident.communities import Community, Listed, Place, companies_at, listed, places, refusal, warnings
from cockpit.incident.facts import Person, Snapshot, Source, Ticket, TicketFacts
from cockpit.services.errors import NotFound, Refused

if TYPE_CHECKING:
    from cockpit.engine.connection import Connection
    from cockpit.incident.communities import Company
    from cockpit.services.freshdesk import Freshdesk
    from cockpit.services.freshdesk_wire import CannedResponse
    from cockpit.settings import Settings


@dataclass(frozen=True, slots=True)
class TicketCheck:
    """A ticket that somebody wants to link, looked at. `refusal`: why it can't be; `warnings`: what to know first."""

    ticket: Ticket | None
    refusal: str | None = None
    warnings: tuple[str, ...] = ()


class Outreach:
    """Asks Freshdesk about communities for one incident. `snapshot` gives its facts as they are known."""

    def __init__(self, settings: Settings, connection: Connection, snapshot: Callable[[], Snapshot]) -> None:
        self._settings = settings
        self._connection = connection
        self._snapshot = snapshot
        self._companies: tuple[Company, ...] | None = None
        self._canned: tuple[float, tuple[CannedResponse, ...]] | None = None

    async def communities(self) -> tuple[Community, ...]:
        """Whom the alerts concern, one entry a place; one without `representatives` says in `words` what to do.

        Raises a `ServiceError` if Freshdesk can't be asked and the config doesn't tell.
        """
        return tuple([await self._community(place) for place in places(self._snapshot())])

    async def _community(self, place: Place) -> Community:
        entry = listed(place, self._settings.communities)
        if entry is not None and entry.contacts:
            people = tuple([await self._contact(address) for address in entry.contacts])
            return Community(place, entry.company, people, "as [communities] in the config says")
        service = await self._freshdesk()
        if self._companies is None:
            self._companies = await service.companies()
        found = self._named(entry, place, self._companies)
        if not found:
            return Community(place, entry.company if entry else None, (), nothing(place, entry))
        if len(found) > 1:
            names = ", ".join(company.name for company in found)
            return Community(place, None, (), f"Several companies in Freshdesk bear that name: {names}. {ADVICE}")
        people = await service.contacts_of(found[0].id)
        words = "by its name among Freshdesk's companies" if people else f"{found[0].name} has no contacts. {ADVICE}"
        return Community(place, found[0].name, people, words)

    @staticmethod
    def _named(entry: Listed | None, place: Place, companies: tuple[Company, ...]) -> tuple[Company, ...]:
        if entry is None or entry.company is None:
            return companies_at(place, companies)
        wanted = entry.company.casefold()
        return tuple(company for company in companies if company.name.casefold() == wanted)

    async def _contact(self, address: str) -> Person:
        """Who has that address; one that Freshdesk doesn't know, or can't be asked of, goes by the address alone."""
        try:
            found = await (await self._freshdesk()).contact_by_email(address)
        except Refused:
            found = None
        return found or Person("", address, address)

    async def check(self, number: int) -> TicketCheck:
        """Look at a ticket before it is linked. Raises a `ServiceError` if Freshdesk can't be asked."""
        service = await self._freshdesk()
        try:
            facts = TicketFacts(await service.ticket(number), await service.conversations(number))
        except NotFound:
            return TicketCheck(None, f"Freshdesk has no ticket {number}, or hides it from this key.")
        reason = refusal(facts)
        if reason is not None:
            return TicketCheck(facts.ticket, reason)
        return TicketCheck(facts.ticket, None, self.warnings(facts))

    def warnings(self, facts: TicketFacts) -> tuple[str, ...]:
        """What to know of a ticket, linked or not; by what was read."""
        return warnings(facts, self._snapshot(), self._settings.communities)

    async def canned_responses(self) -> tuple[CannedResponse, ...]:
        """Freshdesk's prepared answers, kept for `FRESH`. Raises a `ServiceError` if Freshdesk can't be asked."""
        now = asyncio.get_running_loop().time()
        if self._canned is None or now - self._canned[0] > FRESH.total_seconds():
            service = await self._freshdesk()
            self._canned = now, await service.canned_responses()
        return self._canned[1]

    async def canned_response(self, response_id: int) -> CannedResponse | None:
        """One of them, as it is now; None: it is gone. Raises a `ServiceError` if Freshdesk can't be asked."""
        service = await self._freshdesk()
        try:
            return await service.canned_response(response_id)
        except NotFound:
            self._canned = None
            return None

    async def _freshdesk(self) -> Freshdesk:
        await self._connection.ensure(Source.FRESHDESK)
        assert self._connection.freshdesk is not None
        return self._connection.freshdesk


ADVICE = (
    "Find their address in Freshdesk and write there, or list the hub under [communities] in the config for next time."
)


def nothing(place: Place, entry: Listed | None) -> str:
    """What to say when nobody was found."""
    if entry is not None:
        return f"[communities] names “{entry.company}” for {place}, but Freshdesk has no company of that name. {ADVICE}"
    return f"Nobody was found for {place}: neither the config nor Freshdesk's companies know it. {ADVICE}"
