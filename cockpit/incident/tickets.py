"""Which Freshdesk tickets belong to the incident: link and unlink records, and links in PagerDuty's description.

A ticket that we opened for the incident, by writing to the community first, is linked by that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cockpit.incident.facts import PagerDutyFacts, Record, TicketFacts, TicketStatus

LINKING = ("link_ticket", "open_ticket")
"""The kinds of record that make a ticket belong to the incident."""

_PATH = r"/(?:a|helpdesk|support)/tickets/(\d{1,18})(?![\w-])"


@dataclass(frozen=True, slots=True)
class Link:
    """A ticket belonged to the incident from `since` until `until` (None: it still does)."""

    ticket: int
    since: datetime
    until: datetime | None = None

    def at(self, moment: datetime) -> bool:
        """Whether the ticket belonged to the incident at that moment."""
        return self.since <= moment and (self.until is None or moment < self.until)


def ticket_ids_in(text: str, freshdesk_url: str) -> tuple[int, ...]:
    """The tickets that `text` links to, in order, once each. Without a Freshdesk URL any freshdesk.com one will do."""
    host = re.escape(re.sub(r"^https?://", "", freshdesk_url).rstrip("/")) or r"[\w-]+\.freshdesk\.com"
    found = re.findall(rf"https?://{host}{_PATH}", text, re.IGNORECASE)
    return tuple(dict.fromkeys(int(number) for number in found))


LONGEST_NUMBER = 18
"""Digits of a ticket's number; what is longer is none."""


def ticket_of(record: Record) -> int | None:
    """The ticket that a record is about, or None."""
    value = record.data.get("ticket")
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER:
        return int(value)
    return value if isinstance(value, int) and 0 <= value < 10**LONGEST_NUMBER else None


def links(records: Iterable[Record], pagerduty: PagerDutyFacts | None, freshdesk_url: str) -> tuple[Link, ...]:
    """Every span of time in which a ticket was linked, in order of linking."""
    spans: list[Link] = []
    if pagerduty is not None:  # when a link came into the description isn't told: as old as the incident
        created = pagerduty.incident.created_at
        described = ticket_ids_in(pagerduty.incident.description, freshdesk_url)
        spans = [Link(ticket, created) for ticket in described]
    told = (record for record in records if record.kind in (*LINKING, "unlink_ticket"))
    for record in sorted(told, key=lambda record: (record.at, record.id)):
        ticket = ticket_of(record)
        if ticket is None:
            continue
        held = next((n for n, link in enumerate(spans) if link.ticket == ticket and link.until is None), None)
        if record.kind in LINKING and held is None:
            spans.append(Link(ticket, record.at))
        elif record.kind in LINKING and held is not None:
            spans[held] = Link(ticket, min(spans[held].since, record.at))
        elif held is not None:
            spans[held] = Link(ticket, spans[held].since, max(record.at, spans[held].since))
    return tuple(sorted(spans, key=lambda link: link.since))


def linked(records: Iterable[Record], pagerduty: PagerDutyFacts | None, freshdesk_url: str) -> tuple[int, ...]:
    """The numbers of the tickets that are linked now, in order of linking."""
    return tuple(link.ticket for link in links(records, pagerduty, freshdesk_url) if link.until is None)


def merged_into(facts: TicketFacts) -> int | None:
    """The ticket that this one was merged into; None: it wasn't.

    Freshdesk closes a merged ticket and says where it went in a private note; no field tells.
    """
    if facts.ticket.status != TicketStatus.CLOSED:
        return None
    for piece in reversed(facts.conversations):
        found = re.search(r"\bmerged into ticket (?:with ID )?#?(\d{1,18})\b", piece.text) if piece.private else None
        if found:
            return int(found[1])
    return None
