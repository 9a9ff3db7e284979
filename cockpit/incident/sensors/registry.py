"""What a sensor is: a named question to the facts, and the evidence that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from cockpit.incident.facts import LABELS, Freshness, Health, Snapshot, Source, TicketFacts
from cockpit.incident.history import (
    ChannelHistory,
    Memo,
    RecordHistory,
    TicketHistory,
    channel_history,
    record_history,
    ticket_history,
)
from cockpit.incident.incident_history import IncidentHistory, incident_history
from cockpit.incident.moments import ago, moment
from cockpit.incident.tickets import Link, links

if TYPE_CHECKING:
    from cockpit.incident.process import Process


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sensor's answer. `holds` None: it can't tell. `words` say what was read, from where, when; `at` is when it
    became so (the moment of the act) and `url` where to look."""

    holds: bool | None
    words: str
    source: Source | None = None
    at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Whom the config names. Addresses are lower-case; `placeholders` are users who hold a rota but are nobody."""

    placeholders: frozenset[str] = frozenset()
    tech_leads: frozenset[str] = frozenset()
    me: str = ""
    my_email: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """All that a sensor may look at. Build it with `context`, which works the histories out."""

    snapshot: Snapshot
    process: Process
    people: People
    now: datetime
    incident: IncidentHistory | None = None
    channel: ChannelHistory | None = None
    tickets: Mapping[int, TicketHistory] = field(default_factory=dict)
    records: RecordHistory = field(default_factory=lambda: record_history(()))
    links: tuple[Link, ...] = ()

    def health(self, source: Source) -> Health:
        """How the reading of that service goes."""
        return self.snapshot.health.get(source, Health())

    def down(self, source: Source) -> bool:
        """Whether what we know of that service is too old to prove anything."""
        return self.health(source).state is Freshness.DOWN

    def moment(self, at: datetime) -> str:
        """That moment in words, as seen from now."""
        return moment(at, self.now)

    @property
    def linked(self) -> tuple[int, ...]:
        """The tickets that are linked now, in order of linking; those that can't be found any more aren't."""
        return tuple(
            link.ticket
            for link in self.links
            if link.until is None and not ((facts := self.ticket(link.ticket)) and facts.ticket.deleted)
        )

    def ticket(self, ticket: int) -> TicketFacts | None:
        """What is known of a ticket."""
        return self.snapshot.ticket(ticket)

    def linked_since(self, ticket: int) -> datetime | None:
        """When the ticket was linked, or None."""
        return next((link.since for link in self.links if link.ticket == ticket and link.until is None), None)

    @property
    def opened_at(self) -> datetime | None:
        """T0: when the PagerDuty incident was created."""
        return self.snapshot.pagerduty.incident.created_at if self.snapshot.pagerduty else None

    @property
    def reopened_at(self) -> datetime | None:
        """When the incident was last reopened after a resolution."""
        return self.incident.reopened_at if self.incident else None


def context(
    process: Process,
    snapshot: Snapshot,
    people: People,
    now: datetime,
    freshdesk_url: str = "",
    memo: Memo | None = None,
) -> Context:
    """A context for these facts; `memo`, one per process and people, keeps what didn't change since the last time."""
    memo = memo or Memo()
    pagerduty, slack = snapshot.pagerduty, snapshot.slack
    incident = channel = None
    if pagerduty is not None:
        priority, placeholders = process.words.priority, people.placeholders
        incident = memo.get("incident", (pagerduty,), lambda: incident_history(pagerduty, priority, placeholders))
    if slack is not None:
        channel = memo.get("channel", (slack.messages, slack.replies), lambda: channel_history(slack))
    linked = memo.get("links", (snapshot.records, pagerduty), lambda: links(snapshot.records, pagerduty, freshdesk_url))
    return Context(
        snapshot=snapshot,
        process=process,
        people=people,
        now=now,
        incident=incident,
        channel=channel,
        tickets={
            facts.ticket.id: memo.get(("ticket", facts.ticket.id), (facts,), partial(ticket_history, facts))
            for facts in snapshot.tickets
        },
        records=memo.get("records", (snapshot.records,), lambda: record_history(snapshot.records)),
        links=linked + _unrecorded(snapshot, linked),
    )


def _unrecorded(snapshot: Snapshot, known: tuple[Link, ...]) -> tuple[Link, ...]:
    """A ticket that the session follows before anything recorded a link, as when the incident begins with one."""
    numbers = {link.ticket for link in known}
    return tuple(
        Link(facts.ticket.id, facts.ticket.created_at) for facts in snapshot.tickets if facts.ticket.id not in numbers
    )


Look = Callable[[Context, Mapping[str, Any]], Evidence]
"""A sensor's own reading of the facts, as last known."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A named predicate. `over`: the services whose word it takes; `needs`: the params that it can't do without."""

    name: str
    over: tuple[Source, ...]
    needs: tuple[str, ...]
    look: Look

    def __call__(self, ctx: Context, params: Mapping[str, Any]) -> Evidence:
        """Look; when a service that it needs is down, say that it can't tell, and what was last known.

        Which tickets there are is told in the channel: that there is none can't be told without Slack.
        """
        found = self.look(ctx, params)
        for source in self.over:
            if ctx.down(source):
                return cant_tell(ctx, source, found)
        if Source.FRESHDESK in self.over and not ctx.linked and not found.holds and ctx.down(Source.SLACK):
            return cant_tell(ctx, Source.SLACK, found)
        return found


def cant_tell(ctx: Context, source: Source, found: Evidence) -> Evidence:
    """The evidence turned into "can't tell" because `source` is down."""
    health = ctx.health(source)
    words = f"can't tell: {LABELS[source]} {'can’t be read' if health.error is None else f'says: {health.error}'}"
    if health.read_at is None:
        words = f"can't tell: {LABELS[source]} hasn't been read yet" if health.error is None else words
    else:
        words += f"; last read {ago(health.read_at, ctx.now)}: {found.words}"
    return Evidence(None, words, source, found.at, found.url)


REGISTRY: dict[str, Sensor] = {}


def sensor(name: str, *over: Source, needs: tuple[str, ...] = ()) -> Callable[[Look], Look]:
    """Enter a function into the registry under the name that process files use."""

    def enter(look: Look) -> Look:
        REGISTRY[name] = Sensor(name, over, needs, look)
        return look

    return enter
