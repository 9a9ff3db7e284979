"""Freshdesk's JSON (API version 2) as facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.incident.communities import Company
from cockpit.incident.facts import Conversation, Person, Ticket, TicketStatus
from cockpit.incident.markup import from_html
from cockpit.incident.text import clean
from cockpit.services.call import Unreadable
from cockpit.services.client import Said
from cockpit.services.wire import Json, certain_moment, items, line, moment, number, obj, text

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTBOUND_EMAIL = 10
"""A ticket's `source` when we opened it, by writing to the requester."""


@dataclass(frozen=True, slots=True)
class CannedResponse:
    """A prepared answer.

    `html` is as written, `{{placeholders}}` and all; only what could command a terminal is out.
    """

    id: int
    title: str
    folder: str
    html: str


def whole_id(value: object, what: str) -> int:
    """An id, which Freshdesk writes as a number; `Unreadable` where there is none."""
    found = number(value)
    if found is None:
        raise Unreadable(f"{what} without an id")
    return found


def person(value: object) -> Person:
    """A contact, a requester or an agent; an agent's name is in its `contact`."""
    one = obj(value)
    known = whole_id(one.get("id"), "somebody")
    contact = obj(one.get("contact"))
    name = line(one.get("name")) or line(contact.get("name"))
    email = line(one.get("email")) or line(contact.get("email")) or None
    return Person(str(known), name or email or f"contact {known}", email)


def company(value: object) -> Company:
    """A company."""
    one = obj(value)
    known = whole_id(one.get("id"), "a company")
    domains = filter(None, map(line, items(one.get("domains"))))
    return Company(known, line(one.get("name")) or f"company {known}", tuple(domains))


def ticket(
    value: object, web: str, requester: Person, company: str | None = None, agent: Person | None = None
) -> Ticket:
    """A ticket; `web` is the address of the helpdesk. It names the people by id only, so they are given."""
    one = obj(value)
    known = whole_id(one.get("id"), "a ticket")
    created = certain_moment(one.get("created_at"), "a ticket")
    status = number(one.get("status"))
    return Ticket(
        id=known,
        subject=line(one.get("subject")) or f"ticket {known}",
        status=TicketStatus.OPEN if status is None else status,
        url=f"{web}/a/tickets/{known}",
        created_at=created,
        updated_at=moment(one.get("updated_at")) or created,
        requester=requester,
        company=company,
        agent=agent,
        outbound=number(one.get("source")) == OUTBOUND_EMAIL,
        deleted=bool(one.get("deleted")) or bool(one.get("spam")),
        tags=tuple(filter(None, map(line, items(one.get("tags"))))),
    )


def description(value: Json, found: Ticket) -> Conversation:
    """The ticket's own text, its first message: the requester's, or ours where the ticket is outbound."""
    ours = found.agent or Person("", "an agent")
    return Conversation(
        id=0,
        at=found.created_at,
        author=ours if found.outbound else found.requester,
        text=_words(value.get("description"), value.get("description_text")),
        incoming=not found.outbound,
    )


def conversation(value: object, people: Mapping[int, Person]) -> Conversation:
    """A reply or a note; who isn't among `people` is named by the address it was sent from, or by id."""
    one = obj(value)
    user = number(one.get("user_id"))
    address = line(one.get("from_email")) or None
    incoming = bool(one.get("incoming"))
    stranger = Person(str(user or ""), (address if incoming else None) or f"user {user or 'unknown'}", address)
    return Conversation(
        id=whole_id(one.get("id"), "a reply or note"),
        at=certain_moment(one.get("created_at"), "a reply or note"),
        author=people.get(user, stranger) if user is not None else stranger,
        text=_words(one.get("body"), one.get("body_text")),
        incoming=incoming,
        # What isn't marked may be private: saying too rarely that the community was told is the safe side.
        private=one.get("private") is not False,
    )


def _words(html: object, plain: object) -> str:
    """The text of the HTML; of the plain form that Freshdesk makes where there is no HTML."""
    return from_html(html) if isinstance(html, str) and html else text(plain)


def canned_response(value: object, folder: str) -> CannedResponse:
    """A canned response with its content."""
    one = obj(value)
    known = whole_id(one.get("id"), "a canned response")
    html = one.get("content_html") or one.get("content")
    return CannedResponse(
        known,
        line(one.get("title")) or f"canned response {known}",
        folder,
        clean(html) if isinstance(html, str) else "",
    )


def explain(body: object) -> Said:
    """The reason in `{"description", "errors": [{"field", "message", "code"}]}` or `{"code", "message"}`."""
    one = obj(body)
    faults = [
        ": ".join(filter(None, (line(fault.get("field")), line(fault.get("message")))))
        for fault in map(obj, items(one.get("errors")))
    ]
    said = line(one.get("description")) or line(one.get("message"))
    first = next((line(fault.get("code")) for fault in map(obj, items(one.get("errors")))), "")
    return Said(": ".join(filter(None, (said, "; ".join(faults)))), line(one.get("code")) or first or None)
