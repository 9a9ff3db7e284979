"""What the services told us, as frozen values; a `Snapshot` holds all that is known at one moment.

Every `datetime` is timezone-aware UTC. Every `str` that a person or a service wrote has passed `text.clean` on its
way in (the services' modules see to it), so that a pane can draw it as it is. Tuples of events run oldest first.
A part that hasn't changed since the last reading is the *same object*, so that "did it change?" is `is`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Source(StrEnum):
    """The outside system a fact was read from."""

    PAGERDUTY = "pagerduty"
    SLACK = "slack"
    FRESHDESK = "freshdesk"


LABELS: Mapping[Source, str] = {
    Source.PAGERDUTY: "PagerDuty",
    Source.SLACK: "Slack",
    Source.FRESHDESK: "Freshdesk",
}
"""The services' names as people write them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as one service knows them. `id` is that service's own; `email` joins a person across services."""

    id: str
    name: str
    email: str | None = None


# --- PagerDuty -------------------------------------------------------------------------------------------------


class Status(StrEnum):
    """A PagerDuty incident's status."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """A PagerDuty incident. It is an incident of the process only when its `priority` is the process's (P1).

    `description` is the incident's body or, where it has none, its description. `priority` is the priority's name.
    PagerDuty empties `assignees` and `acknowledgers` when the incident is resolved: the log entries remember.
    """

    id: str
    number: int
    title: str
    status: Status
    priority: str | None
    url: str
    created_at: datetime
    service_id: str | None = None
    service_name: str | None = None
    description: str = ""
    incident_key: str | None = None
    assignees: tuple[Person, ...] = ()
    acknowledgers: tuple[Person, ...] = ()
    escalation_policy: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert grouped under the incident. `body` is all of its text; `labels` are the monitoring system's."""

    id: str
    title: str
    status: str
    created_at: datetime
    body: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


class LogKind(StrEnum):
    """What a PagerDuty log entry says, from its `type`; a type that we don't know is `OTHER`."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    PRIORITY = "priority"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    NOTE = "note"
    RESPONDER = "responder"
    STATUS_UPDATE = "status_update"
    SNOOZED = "snoozed"
    SERVICE = "service"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the incident's history in PagerDuty.

    `agent` is who did it and `by_person` whether that is a user rather than a service or an integration.
    `assignees` is filled on assignments, `priority` on priority changes (None there: the priority was removed).
    `slack_channel` is the channel's id when the entry came through PagerDuty's Slack integration.
    """

    id: str
    kind: LogKind
    at: datetime
    summary: str
    agent: Person | None = None
    by_person: bool = False
    assignees: tuple[Person, ...] = ()
    priority: str | None = None
    slack_channel: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentNote:
    """A note on the PagerDuty incident."""

    id: str
    at: datetime
    author: Person
    content: str


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call for the incident's escalation policy; level 1 is called first. `until` None: always."""

    person: Person
    level: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody asked to respond in PagerDuty; `state` is PagerDuty's word (pending, joined, declined)."""

    person: Person
    state: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PagerDutyFacts:
    """All that PagerDuty told us of one incident."""

    incident: Incident
    alerts: tuple[Alert, ...] = ()
    log_entries: tuple[LogEntry, ...] = ()
    notes: tuple[IncidentNote, ...] = ()
    responders: tuple[Responder, ...] = ()
    on_call: tuple[OnCall, ...] = ()


# --- Slack -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Channel:
    """A Slack channel. `member` says whether our bot is in it (else it can't read the history)."""

    id: str
    name: str
    url: str
    created_at: datetime
    private: bool = False
    archived: bool = False
    member: bool = True
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest line of a machine's audit when it posted a note: which log's, the line's number and its hash."""

    log: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Record:
    """One action as the shared log tells it: what was done, by whom, when (of the act, not of the posting).

    `kind` is the action's kind, `step` the step it served, `data` small plain values (no secret, no customer text).
    `ts` is the Slack timestamp of the message that carries it, None while it is only in this machine's journal.
    `audit` proves in the channel what that machine's audit held.
    """

    id: str
    kind: str
    step: str | None
    actor: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    ts: str | None = None
    audit: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the channel. `ts` is Slack's id of it, its order, and its time; `text` is decoded and safe to draw.

    `thread_ts` is None at top level; on a thread's reply it is the parent's `ts`. `reply_count` and `latest_reply`
    (a ts) are the parent's. `record` is there only when the message was posted by an app whose word we take.
    """

    ts: str
    author: Person
    text: str
    subtype: str | None = None
    thread_ts: str | None = None
    reply_count: int = 0
    latest_reply: str | None = None
    edited: bool = False
    deleted: bool = False
    bot: bool = False
    record: Record | None = None
    card: bool = False
    """Whether it is a status card of ours, which is kept current in place and tells nothing of its own."""

    @property
    def at(self) -> datetime:
        """When it was posted. Made anew each time: an incident has thousands of messages, and few of their times count.

        Raises `ValueError` where `ts` isn't a time; the services let no such message in.
        """
        return datetime.fromtimestamp(float(self.ts), UTC)


@dataclass(frozen=True, slots=True)
class SlackFacts:
    """All that Slack told us of the incident's channel. `replies` are the messages inside threads."""

    channel: Channel
    messages: tuple[Message, ...] = ()
    replies: tuple[Message, ...] = ()
    members: tuple[Person, ...] = ()


# --- Freshdesk -------------------------------------------------------------------------------------------------


class TicketStatus:
    """Freshdesk's built-in ticket statuses; an account may have more, so a status stays a plain int."""

    OPEN = 2
    PENDING = 3
    RESOLVED = 4
    CLOSED = 5
    NAMES: Mapping[int, str] = {2: "open", 3: "pending", 4: "resolved", 5: "closed"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A Freshdesk ticket. `company` is the community. `outbound`: we opened it, by writing to the requester."""

    id: int
    subject: str
    status: int
    url: str
    created_at: datetime
    updated_at: datetime
    requester: Person
    company: str | None = None
    agent: Person | None = None
    outbound: bool = False
    deleted: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One piece of a ticket's conversation. The ticket's own description is its first, with id 0.

    `incoming`: the community wrote it. `private`: a note that the community doesn't see.
    """

    id: int
    at: datetime
    author: Person
    text: str
    incoming: bool
    private: bool = False

    @property
    def public_reply(self) -> bool:
        """Whether we said this and the community can read it."""
        return not self.incoming and not self.private


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket with its conversation."""

    ticket: Ticket
    conversations: tuple[Conversation, ...] = ()


# --- all of it ---------------------------------------------------------------------------------------------------


class Freshness(StrEnum):
    """How far a service's facts can be trusted now."""

    OK = "ok"
    """The last reading succeeded."""
    STALE = "stale"
    """The last reading failed, a recent one succeeded."""
    DOWN = "down"
    """Never read, refused, or failing for longer than the grace."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one service's polling goes. `read_at` is the last success; the rest tells of the failure since.

    `refused`: the service answered and said no (to a credential, a permission), rather than not answering. `limited`:
    it gets too many requests, and `retry_at` is what it asked for.
    """

    state: Freshness = Freshness.DOWN
    read_at: datetime | None = None
    error: str | None = None
    retry_at: datetime | None = None
    refused: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known at one moment. Panes, `status` and the report are functions of it.

    `records` is the shared log: the records in the channel's messages and, behind them, those of this machine's
    journal that aren't posted yet; one entry an id, ordered by (`at`, `id`).
    """

    pagerduty: PagerDutyFacts | None = None
    slack: SlackFacts | None = None
    tickets: tuple[TicketFacts, ...] = ()
    records: tuple[Record, ...] = ()
    health: Mapping[Source, Health] = field(default_factory=lambda: {source: Health() for source in Source})

    def ticket(self, ticket_id: int) -> TicketFacts | None:
        """The linked ticket with that number, or None."""
        return next((facts for facts in self.tickets if facts.ticket.id == ticket_id), None)
