"""Freshdesk's state: tickets and what is written on them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from cockpit.sandbox.clock import Present, stamp
from cockpit.sandbox.freshdesk_values import (
    CLOSED,
    OPEN,
    PENDING,
    RESOLVED,
    SOURCE_EMAIL,
    SOURCE_OUTBOUND,
    Canned,
    CannedFolder,
    Company,
    Contact,
    Conversation,
    FreshdeskAgent,
    Mailbox,
    Ticket,
)
from cockpit.sandbox.ids import long_number

_STATS = (
    "agent_responded_at", "requester_responded_at", "first_responded_at", "status_updated_at", "reopened_at",
    "resolved_at", "closed_at", "pending_since",
)  # fmt: skip


@dataclass(slots=True)
class Freshdesk:
    """The account."""

    present: Present
    domain: str
    companies: dict[int, Company]
    contacts: dict[int, Contact]
    agents: dict[int, FreshdeskAgent]
    mailboxes: dict[int, Mailbox]
    folders: dict[int, CannedFolder]
    canned: dict[int, Canned]
    statuses: dict[int, str]
    """The numbers a ticket's status may have, with their names; custom ones are 6 and above."""
    keys: dict[str, int]
    """API key to the agent's id."""
    limit_per_minute: int = 100
    list_limit_per_minute: int = 40
    search_lag_seconds: float = 180.0
    """How far the search index is behind."""
    next_number: int = 1
    tickets: dict[int, Ticket] = field(default_factory=dict)

    def address(self) -> str:
        """The first support mailbox's address."""
        return next(iter(self.mailboxes.values())).address

    def touch(self, ticket: Ticket) -> None:
        """Note that a ticket changed, for the count of changes and for the search index."""
        now = self.present.now()
        ticket.updated_at = now
        known = {
            "status": ticket.status, "priority": ticket.priority, "agent_id": ticket.responder_id,
            "group_id": ticket.group_id, "type": ticket.kind, "tag": list(ticket.tags),
            "created_at": stamp(ticket.created_at), "updated_at": stamp(now),
            **ticket.custom_fields,
        }  # fmt: skip
        ticket.versions.append((now, known))
        self.present.changed()

    def open_ticket(
        self, requester_id: int, subject: str, text: str, *, number: int | None = None, status: int = OPEN,
        source: int = SOURCE_EMAIL, responder_id: int | None = None, **details: Any,
    ) -> Ticket:  # fmt: skip
        """A ticket comes in, or goes out where `source` says so."""
        now = self.present.now()
        number = self.next_number if number is None else number
        self.next_number = max(self.next_number, number + 1)
        ticket = Ticket(
            number, subject, wrapped(text), requester_id, self.contacts[requester_id].company_id, now, now,
            status, source=source, responder_id=responder_id, **details,
        )  # fmt: skip
        ticket.stats = dict.fromkeys(_STATS)
        if source == SOURCE_OUTBOUND:
            ticket.to_emails = [self.contacts[requester_id].email]
            ticket.stats["agent_responded_at"] = now
        else:
            ticket.to_emails = [self.address()]
        self._mark_status(ticket)
        self.tickets[number] = ticket
        self.touch(ticket)
        return ticket

    def _mark_status(self, ticket: Ticket) -> None:
        now = self.present.now()
        ticket.stats["status_updated_at"] = now
        ticket.stats["pending_since"] = now if ticket.status == PENDING else None
        if ticket.status in (RESOLVED, CLOSED):
            ticket.stats["resolved_at"] = ticket.stats["resolved_at"] or now
        else:
            ticket.stats["resolved_at"] = None
        ticket.stats["closed_at"] = now if ticket.status == CLOSED else None

    def set_status(self, ticket: Ticket, status: int) -> None:
        """Give a ticket another status."""
        if status == ticket.status:
            return
        was_over = ticket.status in (RESOLVED, CLOSED)
        ticket.status = status
        self._mark_status(ticket)
        if was_over and status not in (RESOLVED, CLOSED):
            ticket.stats["reopened_at"] = self.present.now()
        self.touch(ticket)

    def _converse(self, ticket: Ticket, conversation: Conversation) -> Conversation:
        ticket.conversations.append(conversation)
        self.touch(ticket)
        return conversation

    def _number(self) -> int:
        """The next piece's: an account's are numbered in order."""
        return long_number("conversation") + sum(len(ticket.conversations) for ticket in self.tickets.values())

    def reply(
        self, ticket: Ticket, agent_id: int, body: str, *, from_email: str | None = None,
        cc_emails: tuple[str, ...] = (), bcc_emails: tuple[str, ...] = (),
    ) -> Conversation:  # fmt: skip
        """An agent answers the community."""
        now = self.present.now()
        ticket.stats["agent_responded_at"] = now
        ticket.stats["first_responded_at"] = ticket.stats["first_responded_at"] or now
        conversation = Conversation(
            self._number(), ticket.id, agent_id, wrapped(body), now, False, False, 0,
            from_email or self.address(), (self.contacts[ticket.requester_id].email,), cc_emails, bcc_emails,
        )  # fmt: skip
        return self._converse(ticket, conversation)

    def note(
        self, ticket: Ticket, user_id: int, body: str, *, private: bool, incoming: bool = False,
        notify: tuple[str, ...] = (),
    ) -> Conversation:  # fmt: skip
        """A note, private or public."""
        conversation = Conversation(
            self._number(), ticket.id, user_id, wrapped(body), self.present.now(), incoming, private, 2,
            None, notify,
        )  # fmt: skip
        return self._converse(ticket, conversation)

    def hear(self, ticket: Ticket, contact_id: int, body: str) -> Conversation:
        """The community writes; a ticket that was pending, resolved or closed opens again."""
        now = self.present.now()
        ticket.stats["requester_responded_at"] = now
        conversation = Conversation(
            self._number(), ticket.id, contact_id, wrapped(body), now, True, False, 0,
            self.contacts[contact_id].email, (self.address(),),
        )  # fmt: skip
        self._converse(ticket, conversation)
        if ticket.status != OPEN:
            self.set_status(ticket, OPEN)
        return conversation

    def merge(self, ticket: Ticket, into: Ticket, agent_id: int) -> None:
        """Close a ticket in favour of another; each gets a note that says so."""
        self.note(ticket, agent_id, f"This ticket is closed and merged into ticket {into.id}", private=True)
        self.set_status(ticket, CLOSED)
        text = f"Ticket with ID {ticket.id} is merged into this ticket. {ticket.description}"
        self.note(into, agent_id, text, private=True)

    def discard(self, ticket: Ticket, *, spam: bool) -> None:
        """Mark as spam or delete: it can still be looked at, and nothing more."""
        if spam:
            ticket.spam = True
        else:
            ticket.deleted = True
        self.touch(ticket)


def wrapped(body: str) -> str:
    """Text as Freshdesk keeps it: HTML inside a `div`."""
    return body if body.startswith("<div") else f"<div>{body}</div>"


def plain(body: str) -> str:
    """HTML as Freshdesk's `body_text` gives it."""
    text = re.sub(r"<(?:br\s*/?|/p|/div|/li)>", " ", body, flags=re.IGNORECASE)
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"[ \t]+", " ", text).strip()
