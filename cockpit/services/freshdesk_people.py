"""Freshdesk's people and companies.

A ticket names them by id; each is asked for once, then known from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.incident.facts import Person
from cockpit.services import freshdesk_wire as wire
from cockpit.services.address import Secret, sealed
from cockpit.services.call import TIMEOUT
from cockpit.services.client import utc_now
from cockpit.services.errors import NotFound, Refused
from cockpit.services.freshdesk_line import FreshdeskLine, freshdesk_call
from cockpit.services.wire import line, obj, readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cockpit.incident.communities import Company


class FreshdeskPeople(FreshdeskLine):
    """Who an id is.

    A contact's, an agent's and a requester's ids are of one series: no two people share one.
    """

    def __init__(
        self,
        url: str,
        api_key: str | Secret,
        *,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        api_key = sealed(api_key, "Freshdesk API key")
        super().__init__(url, api_key, timeout=timeout, now=now, read_only=read_only)
        self._people: dict[int, Person] = {}
        self._companies: dict[int, str | None] = {}

    async def me(self) -> Person:
        """The agent whose key it is."""
        call = freshdesk_call("read who the Freshdesk key belongs to")
        found = call.read(wire.person, await self._ask(call, "GET", "agents/me"))
        return self._remembered(found)

    async def agents(self) -> tuple[Person, ...]:
        """The agents, by name."""
        call = freshdesk_call("list the Freshdesk agents", needs="the right to see agents")
        found = readable(wire.person, await self._all(call, "agents"))
        return tuple(sorted(map(self._remembered, found), key=lambda one: (one.name.casefold(), one.id)))

    async def contact(self, contact_id: int) -> Person:
        """That contact; `NotFound` where there is none."""
        if contact_id not in self._people:
            call = freshdesk_call(f"read Freshdesk contact {contact_id}", needs="the right to see contacts")
            found = call.read(wire.person, await self._ask(call, "GET", f"contacts/{contact_id}"))
            self._people[contact_id] = found
        return self._people[contact_id]

    async def company(self, company_id: int) -> str | None:
        """The company's name; None where there is none, or this key may not see companies."""
        if company_id not in self._companies:
            call = freshdesk_call(f"read Freshdesk company {company_id}")
            try:
                body = await self._ask(call, "GET", f"companies/{company_id}")
            except Refused as refusal:
                if refusal.status not in (403, 404):
                    raise
                body = None
            self._companies[company_id] = line(obj(body).get("name")) or None
        return self._companies[company_id]

    async def companies(self) -> tuple[Company, ...]:
        """The companies, by name."""
        call = freshdesk_call("list the Freshdesk companies", needs="the right to see companies")
        found = readable(wire.company, await self._all(call, "companies"))
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    async def contacts_of(self, company_id: int) -> tuple[Person, ...]:
        """The contacts of that company, by name."""
        call = freshdesk_call("list the contacts of a Freshdesk company", needs="the right to see contacts")
        found = readable(wire.person, await self._all(call, "contacts", {"company_id": company_id}))
        return tuple(sorted(map(self._remembered, found), key=lambda one: (one.name.casefold(), one.id)))

    async def contact_by_email(self, email: str) -> Person | None:
        """The contact with that address, or None."""
        call = freshdesk_call(f"look for {email} in Freshdesk", needs="the right to see contacts")
        found = readable(wire.person, await self._all(call, "contacts", {"email": email}))
        return next(map(self._remembered, found), None)

    async def _agent(self, agent_id: int) -> Person:
        if agent_id not in self._people:
            call = freshdesk_call(f"read Freshdesk agent {agent_id}")
            self._people[agent_id] = call.read(wire.person, await self._ask(call, "GET", f"agents/{agent_id}"))
        return self._people[agent_id]

    async def _somebody(self, known: int, *, agent: bool) -> Person:
        """Who it is, in whichever list; one that this key can't see is named by id, for good."""
        for look in (self._agent, self.contact) if agent else (self.contact, self._agent):
            try:
                return await look(known)
            except Refused as refusal:
                # 405 is what Freshdesk answers to an id from the other list.
                if not isinstance(refusal, NotFound) and refusal.status not in (403, 405):
                    raise
        return self._people.setdefault(known, Person(str(known), f"{'agent' if agent else 'contact'} {known}"))

    def _remembered(self, found: Person) -> Person:
        self._people[int(found.id)] = found
        return found
