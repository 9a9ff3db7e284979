"""What a Freshdesk account holds: companies, contacts, agents, tickets, conversations and canned responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
SOURCE_EMAIL, SOURCE_PORTAL, SOURCE_OUTBOUND = 1, 2, 10


@dataclass(frozen=True, slots=True)
class Company:
    """A community."""

    id: int
    name: str
    domains: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A community's representative."""

    id: int
    name: str
    email: str
    company_id: int | None


@dataclass(frozen=True, slots=True)
class FreshdeskAgent:
    """Somebody of the team who answers tickets."""

    id: int
    name: str
    email: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A support address, from which replies go out."""

    id: int
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Canned:
    """A canned response; its text holds Freshdesk's raw `{{ticket.…}}` placeholders."""

    id: int
    folder_id: int
    title: str
    html: str


@dataclass(frozen=True, slots=True)
class CannedFolder:
    """A folder of canned responses."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A reply or a note on a ticket. `source` is 0 for a reply and 2 for a note."""

    id: int
    ticket_id: int
    user_id: int
    body: str
    """HTML."""
    created_at: datetime
    incoming: bool
    private: bool
    source: int
    from_email: str | None
    to_emails: tuple[str, ...] = ()
    cc_emails: tuple[str, ...] = ()
    bcc_emails: tuple[str, ...] = ()


@dataclass(slots=True)
class Ticket:
    """A ticket; its description is the first message."""

    id: int
    subject: str
    description: str
    """HTML."""
    requester_id: int
    company_id: int | None
    created_at: datetime
    updated_at: datetime
    status: int = OPEN
    priority: int = 1
    source: int = SOURCE_EMAIL
    responder_id: int | None = None
    group_id: int | None = None
    kind: str | None = None
    """The ticket's `type`."""
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    to_emails: list[str] = field(default_factory=list)
    cc_emails: list[str] = field(default_factory=list)
    spam: bool = False
    deleted: bool = False
    conversations: list[Conversation] = field(default_factory=list)
    stats: dict[str, datetime | None] = field(default_factory=dict)
    versions: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    """What the search index will know of the ticket, from when on."""
