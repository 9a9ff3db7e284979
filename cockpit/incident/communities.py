"""Which community an alert is about: from its cluster and hub to a company and its representatives. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from unicodedata import normalize

from cockpit.incident.facts import Person, Snapshot, TicketFacts
from cockpit.incident.text import squash
from cockpit.incident.tickets import merged_into

_HUBS = ("hub", "namespace")
_IN_TITLE = re.compile(r":\s+([\w.-]+)/([\w.-]+)\s*$")


@dataclass(frozen=True, slots=True)
class Listed:
    """A community as the config lists it: its company in Freshdesk, its representatives' e-mail addresses."""

    company: str | None = None
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """A company in Freshdesk; `domains` are those of its people's addresses."""

    id: int
    name: str
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is broken: the hub and the cluster that it runs on; one of them may be empty."""

    cluster: str
    hub: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.cluster, self.hub)))

    @property
    def names(self) -> tuple[str, ...]:
        """What the place may be called in the config, the most exact first, in lower case."""
        found = (str(self), self.hub, self.cluster)
        return tuple(dict.fromkeys(name.casefold() for name in found if name))


@dataclass(frozen=True, slots=True)
class Community:
    """Whom an alert concerns. `representatives` may be empty: then `words` say that nobody was found, or who might.

    `words` tell how it was found, or what to do.
    """

    place: Place
    company: str | None
    representatives: tuple[Person, ...]
    words: str


def places(snapshot: Snapshot) -> tuple[Place, ...]:
    """The places that the alerts name, oldest first, each once; where no alert does, the one in the title."""
    facts = snapshot.pagerduty
    if facts is None:
        return ()
    found: list[Place | None] = []
    for alert in facts.alerts:
        hub = next((alert.labels[name] for name in _HUBS if alert.labels.get(name)), "")
        cluster = alert.labels.get("cluster", "")
        found.append(Place(cluster, hub) if cluster or hub else _titled(alert.title))
    if not any(found):
        found = [_titled(facts.incident.title)]
    return tuple(dict.fromkeys(place for place in found if place is not None))


def _titled(title: str) -> Place | None:
    found = _IN_TITLE.search(title)
    return Place(found[1], found[2]) if found else None


def listed(place: Place, table: Mapping[str, Listed]) -> Listed | None:
    """What the config says of the place; keys are compared without regard to case."""
    keys = {key.casefold(): entry for key, entry in table.items()}
    return next((keys[name] for name in place.names if name in keys), None)


def companies_at(place: Place, companies: Iterable[Company]) -> tuple[Company, ...]:
    """The companies that bear the hub's name, else the cluster's: as a word of their name, or in a domain."""
    known = tuple(companies)
    for name in (place.hub, place.cluster):
        if found := tuple(company for company in known if _bears(company.name, company.domains, name)):
            return found
    return ()


def _bears(company: str, domains: Iterable[str], name: str) -> bool:
    words = {_plain(word) for word in company.split()} | {_plain(company)}
    words |= {_plain(label) for domain in domains for label in domain.split(".")[:-1]}
    return _plain(name) in words - {""}


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", normalize("NFKD", word).casefold())


def refusal(facts: TicketFacts) -> str | None:
    """Why that ticket can't be linked; None: it can."""
    number = facts.ticket.id
    if facts.ticket.deleted:
        return f"Ticket {number} was deleted or is spam: link the one that the community writes in now."
    if (into := merged_into(facts)) is not None:
        return f"Ticket {number} was merged into ticket {into}: link {into} instead."
    return None


def warnings(facts: TicketFacts, snapshot: Snapshot, table: Mapping[str, Listed]) -> tuple[str, ...]:
    """What a person should know before, and after, that ticket is linked. Nothing of it forbids anything."""
    found = []
    if (reason := refusal(facts)) is not None:
        found.append(reason)
    company, where = facts.ticket.company, places(snapshot)
    if company is not None and where and not any(fits(company, place, table) for place in where):
        about = ", ".join(str(place) for place in where)
        found.append(f"Ticket {facts.ticket.id} is {company}'s, but the alert is about {about}: is it the same outage?")
    return tuple(found)


def fits(company: str, place: Place, table: Mapping[str, Listed]) -> bool:
    """Whether the place is that company's, by the config's table or else by their names."""
    entry = listed(place, table)
    if entry is not None and entry.company is not None:
        return squash(entry.company).casefold() == squash(company).casefold()
    return any(_bears(company, (), name) for name in (place.hub, place.cluster))
