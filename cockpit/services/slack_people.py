"""Slack's people: the whole directory once, single users as they turn up, then from memory."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING

from cockpit.incident.facts import Person
from cockpit.services import slack_wire as wire
from cockpit.services.address import Secret, sealed
from cockpit.services.budget import polled
from cockpit.services.call import TIMEOUT
from cockpit.services.client import utc_now
from cockpit.services.errors import Forbidden, Refused
from cockpit.services.slack_line import SlackLine, slack_call
from cockpit.services.wire import items, obj, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

USERS_PAGE = 200
"""The most users that Slack recommends for a page."""

_READ = "the Slack scope users:read"


class SlackPeople(SlackLine):
    """Who a user id is."""

    def __init__(
        self,
        token: str | Secret,
        api_url: str = "https://slack.com/api/",
        *,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        token = sealed(token, "Slack token")
        super().__init__(token, api_url, timeout=timeout, now=now, read_only=read_only)
        self._known: dict[str, Person] = {}
        self._present: set[str] = set()
        """Who can be invited."""
        self._listed = False
        self._unlistable = False
        self._listing = {by_poll: asyncio.Lock() for by_poll in (False, True)}

    async def people(self) -> Mapping[str, Person]:
        """All users by id, deleted ones too; asked for once."""
        async with self._listing[polled()]:  # nobody waits for a poll that waits
            if not self._listed:
                call = slack_call("list the people in Slack", needs=_READ)
                async for body in self._pages(call, "users.list", {"limit": USERS_PAGE}):
                    readable(self._remembered, items(body.get("members")))
                self._listed = True
        return MappingProxyType(self._known)

    async def colleagues(self) -> tuple[Person, ...]:
        """The people who can be invited, by name: no bot, and nobody who has left."""
        known = await self.people()
        present = (one for one in known.values() if one.id in self._present)
        return tuple(sorted(present, key=lambda one: (one.name.casefold(), one.id)))

    async def person(self, user_id: str) -> Person:
        """That user; `NotFound` where Slack knows nobody by that id."""
        if user_id not in self._known:
            call = slack_call(f"read Slack user {user_id}", needs=_READ)
            body = await self._ask(call, "users.info", {"user": user_id})
            self._known[user_id] = call.read(self._remembered, body.get("user"))
        return self._known[user_id]

    async def _named(self, user_ids: Iterable[str]) -> Mapping[str, Person]:
        """At least these users by id.

        One that Slack won't tell of (a stranger, no scope) has its id for a name.
        """
        wanted = set(user_ids)
        if wanted - self._known.keys() and not self._listed and not self._unlistable:
            try:
                await self.people()
            except Forbidden:
                self._unlistable = True
        for user_id in sorted(wanted - self._known.keys()):
            try:
                await self.person(user_id)
            except Refused as refusal:
                if refusal.code == "missing_scope":  # nor is it told of the others
                    break
                self._known[user_id] = Person(user_id, user_id)
        self._known |= {user_id: Person(user_id, user_id) for user_id in wanted - self._known.keys()}
        return self._known

    def _remembered(self, value: object) -> Person:
        found = wire.person(value)
        self._known[found.id] = found
        if not wire.absent(obj(value)):
            self._present.add(found.id)
        return found
