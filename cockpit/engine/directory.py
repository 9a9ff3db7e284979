"""Who can be pulled in: the people of PagerDuty, Slack and Freshdesk as one list, joined by e-mail address."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.incident.facts import Source
from cockpit.services.errors import ServiceError

if TYPE_CHECKING:
    from cockpit.engine.connection import Connection
    from cockpit.incident.facts import Person

FRESH = timedelta(minutes=15)
"""How long a service's list is taken as it is. Real people join rarely; a search must not wait."""

MOST = 20
"""How many people a search gives at most."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody, as the three services know them; an id is None where that service doesn't.

    `pagerduty` is for `assign` and `request_responders`, `slack` for `invite`, `freshdesk` (an agent) for
    `assign_ticket`.
    """

    name: str
    email: str | None = None
    pagerduty: str | None = None
    slack: str | None = None
    freshdesk: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """The best matches first. `errors`: the services whose people couldn't be read, with the reason."""

    found: tuple[Colleague, ...] = ()
    errors: Mapping[Source, str] = field(default_factory=dict)


class Directory:
    """The people of the three services, read when first asked for and kept for `FRESH`.

    `nobody` are addresses of users who hold a rota but stand for no person.
    """

    def __init__(self, connection: Connection, nobody: frozenset[str]) -> None:
        self._connection = connection
        self._nobody = nobody
        self._lists: dict[Source, tuple[float, tuple[Person, ...]]] = {}
        self._reading = {source: asyncio.Lock() for source in Source}

    async def search(self, query: str, source: Source | None = None) -> Search:
        """The people whose name or address fits, best first; all by name for an empty query.

        With `source` only those whom that service knows. Never raises for a service: `errors` tells.
        """
        errors: dict[Source, str] = {}
        configured = [one for one in Source if self._connection.configured(one)]
        lists = await asyncio.gather(*(self._people(one, errors) for one in configured))
        joined = join(dict(zip(configured, lists, strict=True)), self._nobody)
        if source is not None:
            joined = tuple(one for one in joined if getattr(one, source.value) is not None)
        return Search(ranked(joined, query)[:MOST], errors)

    async def of_email(self, email: str) -> Colleague | None:
        """The person with that address, or None."""
        wanted = email.strip().casefold()
        everyone = await self.search(email)
        return next((one for one in everyone.found if (one.email or "").casefold() == wanted), None)

    async def _people(self, source: Source, errors: dict[Source, str]) -> tuple[Person, ...]:
        async with self._reading[source]:
            now = asyncio.get_running_loop().time()
            read_at, people = self._lists.get(source, (0.0, ()))
            if people and now - read_at < FRESH.total_seconds():
                return people
            try:
                await self._connection.ensure(source)
                people = await self._ask(source)
            except ServiceError as error:
                errors[source] = str(error)
            else:
                self._lists[source] = (now, people)
            return people

    async def _ask(self, source: Source) -> tuple[Person, ...]:
        if source is Source.PAGERDUTY:
            assert self._connection.pagerduty is not None
            return await self._connection.pagerduty.users()
        if source is Source.SLACK:
            assert self._connection.slack is not None
            return await self._connection.slack.colleagues()
        assert self._connection.freshdesk is not None
        return await self._connection.freshdesk.agents()


def join(lists: Mapping[Source, Iterable[Person]], nobody: frozenset[str] = frozenset()) -> tuple[Colleague, ...]:
    """One entry a person, by name. Where a service gives no address, the same name is taken for the same person."""
    found: list[Colleague] = []
    emails: dict[str, int] = {}
    names: dict[str, int] = {}
    for source, people in lists.items():
        for one in people:
            email, name = (one.email or "").casefold(), one.name.casefold()
            if email in nobody:
                continue
            place = emails.get(email) if email else None
            if place is None and (known := names.get(name)) is not None and not (email and found[known].email):
                place = known
            if place is None or getattr(found[place], source.value) is not None:
                place = len(found)
                found.append(Colleague(one.name, one.email))
            entry = found[place]
            found[place] = replace(entry, email=entry.email or one.email, **{source.value: one.id})
            if email:
                emails.setdefault(email, place)
            names.setdefault(name, place)
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.email or "")))


def ranked(people: Iterable[Colleague], query: str) -> tuple[Colleague, ...]:
    """Those who fit, best first: the whole name, its beginning, the beginning of its words, a part, the address."""
    wanted = _plain(query)
    scored = [(_score(one, wanted), one) for one in people]
    return tuple(one for score, one in sorted(((s, o) for s, o in scored if s is not None), key=lambda pair: pair[0]))


def _score(one: Colleague, wanted: str) -> int | None:
    name, email = _plain(one.name), (one.email or "").casefold()
    tests: tuple[Callable[[], bool], ...] = (
        lambda: name == wanted or email == wanted,
        lambda: name.startswith(wanted),
        lambda: all(any(word.startswith(part) for word in name.split()) for part in wanted.split()),
        lambda: "".join(word[0] for word in name.split()) == wanted,
        lambda: wanted in name,
        lambda: wanted in email.partition("@")[0],
    )
    return next((score for score, fits in enumerate(tests) if fits()), None)


def _plain(text: str) -> str:
    """Without accents and case, so that whoever can't type a name finds it all the same."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in spread if not unicodedata.combining(letter)).split())
