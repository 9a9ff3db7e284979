"""Freshdesk's canned responses as the start of a reply: their placeholders filled in, or marked as missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.incident.facts import Ticket, TicketStatus
from cockpit.incident.markup import from_html
from cockpit.incident.replies import FIELDS, Purpose, first_name, mark, plain

_PLACEHOLDER = re.compile(r"\{\{([^{}|]*)(?:\|[^{}]*)?\}\}")
# A writer's own blank, such as `[what we tried]`; not a link's label, which is followed by its address.
_BLANK = re.compile(r"\[([^\W\d_][^\[\]\n]{0,60})\](?!\()")
_BULLET = re.compile(r"^(\s*)• ", re.MULTILINE)

_PURPOSES: tuple[tuple[re.Pattern[str], Purpose], ...] = (
    (re.compile(r"\breport\b", re.IGNORECASE), Purpose.REPORT_LINK),
    (re.compile(r"\bresol(?:ved|ution)\b|\bfixed\b|\bworks again\b", re.IGNORECASE), Purpose.RESOLUTION),
    (re.compile(r"\bupdate\b", re.IGNORECASE), Purpose.UPDATE),
    (re.compile(r"\bmore info|\bneed more\b|\breproduce\b", re.IGNORECASE), Purpose.NEED_MORE),
    (re.compile(r"\bfirst\b|\backnowledg", re.IGNORECASE), Purpose.FIRST_RESPONSE),
)


def purpose_of(title: str) -> Purpose | None:
    """What a canned response is for, as far as its title tells."""
    return next((purpose for pattern, purpose in _PURPOSES if pattern.search(title)), None)


def fill(html: str, ticket: Ticket, fields: Mapping[str, str]) -> str:
    """The response as Markdown for that ticket.

    `{{placeholders}}` are Freshdesk's own names of what a ticket holds; a blank in `[brackets]` that is named like one
    of our `fields` (`starting_fields`) is filled in from there. What can't be filled in stays as a mark, which blocks
    sending. Values aren't read again.
    """
    known = _values(ticket)
    text = _BULLET.sub(r"\1- ", from_html(html))
    parts = re.compile(f"{_PLACEHOLDER.pattern}|{_BLANK.pattern}")

    def filled(found: re.Match[str]) -> str:
        if found[1] is not None:
            name = re.sub(r"\s+", "", found[1]).lower()
            return known.get(name, "") or mark(_unmarked(found[1]) or "placeholder")
        name = _field(found[2])
        return fields.get(name, "").strip() or mark(name if name in FIELDS else _unmarked(found[2]))

    return parts.sub(filled, text).strip() + "\n"


def _values(ticket: Ticket) -> Mapping[str, str]:
    """What Freshdesk's placeholders stand for, by name; empty where the ticket doesn't tell.

    The names: support.freshdesk.com, "Understanding placeholders".
    """
    who, agent = ticket.requester, ticket.agent
    found = {
        "ticket.id": str(ticket.id),
        "ticket.subject": plain(ticket.subject),
        "ticket.url": ticket.url,
        "ticket.status": TicketStatus.NAMES.get(ticket.status, ""),
        "ticket.requester.name": plain(who.name),
        "ticket.requester.firstname": plain(first_name(who.name)),
        "ticket.requester.lastname": plain(who.name.split()[-1]) if who.name.split() else "",
        "ticket.requester.email": plain(who.email or ""),
        "ticket.requester.company_name": plain(ticket.company or ""),
        "ticket.company.name": plain(ticket.company or ""),
        "ticket.agent.name": plain(agent.name) if agent else "",
        "ticket.agent.email": plain(agent.email or "") if agent else "",
    }
    # Freshdesk writes the requester's without the ticket as well.
    return found | {name.removeprefix("ticket."): value for name, value in found.items() if ".requester." in name}


def _field(blank: str) -> str:
    """The name of our field that a blank is for: `[next update at]` is `next_update`."""
    words = re.findall(r"\w+", blank.lower())
    names = ["_".join(words[:length]) for length in range(len(words), 0, -1)]
    return next((name for name in names if name in FIELDS), "")


def _unmarked(words: str) -> str:
    return re.sub(r"[⟦⟧{}\[\]]", "", words).strip()
