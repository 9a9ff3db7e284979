"""What the facts say about the past, worked out once per reading, so that an assessment costs little.

A part of a snapshot that hasn't changed is the same object, so a `Memo` compares with `is`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from cockpit.incident.facts import (
    Conversation,
    LogEntry,
    LogKind,
    Message,
    PagerDutyFacts,
    Person,
    Record,
    SlackFacts,
    Status,
    TicketFacts,
)
from cockpit.incident.tickets import ticket_of

STANDING: frozenset[str] = frozenset({"attest", "override", "not_applicable", "defer", "retract"})
"""Kinds of record by which a person settles a step; the latest on a step counts."""

_SAID = frozenset({None, "me_message", "file_share", "thread_broadcast", "bot_message"})

_T = TypeVar("_T")


class Memo:
    """Results kept for as long as the very same objects come in; one result a name."""

    def __init__(self) -> None:
        self._held: dict[object, tuple[tuple[object, ...], Any]] = {}

    def get(self, name: object, parts: tuple[object, ...], build: Callable[[], _T]) -> _T:
        """What `build` returned for these `parts`, compared by identity."""
        held = self._held.get(name)
        if held is not None and all(a is b for a, b in zip(held[0], parts, strict=True)):
            result: _T = held[1]
            return result
        result = build()
        self._held[name] = (parts, result)
        return result


@dataclass(frozen=True, slots=True)
class PrioritySpan:
    """The process's priority was set from `since` until `until` (None: it still is).

    `certain` False: the incident may have been created with it, but nothing says so.
    """

    since: datetime
    until: datetime | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """Who leads the incident, and since when."""

    person: Person
    since: datetime


@dataclass(frozen=True, slots=True)
class IncidentHistory:
    """PagerDuty's log, read for what the process asks. `acknowledged` are a person's; placeholders are no persons."""

    priority: tuple[PrioritySpan, ...]
    acknowledged: tuple[LogEntry, ...]
    doubtful: tuple[LogEntry, ...]
    """Acknowledged by somebody whose e-mail address isn't known, so that it may be a placeholder."""
    lapsed_at: datetime | None
    """The last time that an acknowledgement ran out or was taken back."""
    resolved: tuple[LogEntry, ...]
    reopened: tuple[datetime, ...]
    """Every time that it was open again after a resolution."""
    assigned: tuple[LogEntry, ...]
    shift: Shift | None

    @property
    def reopened_at(self) -> datetime | None:
        """The last time that it was opened again."""
        return self.reopened[-1] if self.reopened else None

    @property
    def resolution(self) -> LogEntry | None:
        """The last resolution; it may have been undone since."""
        return self.resolved[-1] if self.resolved else None

    def was_resolved(self, moment: datetime) -> bool:
        """Whether the incident was resolved at that moment."""
        before = [entry.at for entry in self.resolved if entry.at <= moment]
        return bool(before) and not any(before[-1] < at <= moment for at in self.reopened)


def is_placeholder(person: Person, placeholders: frozenset[str], emails: Mapping[str, str]) -> bool | None:
    """Whether that user stands for nobody; None when the address that would tell isn't known."""
    if not placeholders:
        return False
    email = (person.email or emails.get(person.id) or "").lower()
    return email in placeholders if email else None


def incident_history(facts: PagerDutyFacts, priority: str, placeholders: frozenset[str]) -> IncidentHistory:
    """Read PagerDuty's log entries, in whatever order they come."""
    incident = facts.incident
    log = sorted(facts.log_entries, key=lambda entry: (entry.at, entry.id))
    emails = _emails(facts)
    acknowledged: list[LogEntry] = []
    doubtful: list[LogEntry] = []
    for entry in log:
        if entry.kind is LogKind.ACKNOWLEDGED and entry.by_person and entry.agent is not None:
            nobody = is_placeholder(entry.agent, placeholders, emails)
            if nobody is not True:
                (acknowledged if nobody is False else doubtful).append(entry)
    resolved = tuple(entry for entry in log if entry.kind is LogKind.RESOLVED)
    first = resolved[0].at if resolved else None
    # A log that lacks the reopening still shows it: PagerDuty triggers or acknowledges anew after a resolution.
    anew = (LogKind.TRIGGERED, LogKind.ACKNOWLEDGED)
    reopened = [
        entry.at
        for entry in log
        if entry.kind is LogKind.REOPENED or (entry.kind in anew and first is not None and entry.at > first)
    ]
    assigned = tuple(entry for entry in log if entry.kind in (LogKind.ASSIGNED, LogKind.ESCALATED) and entry.assignees)
    return IncidentHistory(
        priority=_priority_spans(facts, log, priority),
        acknowledged=tuple(acknowledged),
        doubtful=tuple(doubtful),
        lapsed_at=max((entry.at for entry in log if entry.kind is LogKind.UNACKNOWLEDGED), default=None),
        resolved=resolved,
        reopened=_reopened(reopened, resolved, incident.status),
        assigned=assigned,
        shift=_shift(assigned, acknowledged, lambda person: is_placeholder(person, placeholders, emails) is not False),
    )


def _emails(facts: PagerDutyFacts) -> Mapping[str, str]:
    """The addresses of everybody whom PagerDuty named anywhere with one: a log entry often names without."""
    people: list[Person] = [*facts.incident.assignees, *facts.incident.acknowledgers]
    people += (call.person for call in facts.on_call)
    people += (responder.person for responder in facts.responders)
    people += (note.author for note in facts.notes)
    for entry in facts.log_entries:
        people += (*entry.assignees, *((entry.agent,) if entry.agent else ()))
    return {person.id: person.email for person in people if person.email}


def _priority_spans(facts: PagerDutyFacts, log: Iterable[LogEntry], priority: str) -> tuple[PrioritySpan, ...]:
    incident = facts.incident
    changes = [entry for entry in log if entry.kind is LogKind.PRIORITY]
    spans: list[PrioritySpan] = []
    since: datetime | None = None
    certain = True
    if incident.priority == priority and not changes:  # created with it
        since = incident.created_at
    elif changes and changes[0].priority is None:  # removed, and nothing says which one it was
        since, certain = incident.created_at, False
    for entry in changes:
        if entry.priority == priority:
            since = entry.at if since is None else since
        elif since is not None:
            spans.append(PrioritySpan(since, entry.at, certain))
            since, certain = None, True
    if since is not None and incident.priority == priority:
        spans.append(PrioritySpan(since, None, certain))
    elif since is not None:  # the incident was read later than its log, and the priority is gone
        spans.append(PrioritySpan(since, max(since, incident.changed_at or since), certain))
    return tuple(spans)


def _reopened(moments: list[datetime], resolved: tuple[LogEntry, ...], status: Status) -> tuple[datetime, ...]:
    """The reopenings that count: while the incident is resolved, those before its last resolution."""
    if status is Status.RESOLVED and resolved:
        return tuple(at for at in moments if at <= resolved[-1].at)
    if status is not Status.RESOLVED and resolved and max(moments, default=resolved[0].at) <= resolved[-1].at:
        return (*moments, resolved[-1].at)  # open again, and the entry that tells isn't read yet
    return tuple(moments)


def _shift(
    assigned: Iterable[LogEntry], acknowledged: Iterable[LogEntry], nobody: Callable[[Person], bool]
) -> Shift | None:
    """Who leads since when: the newest assignment that changed the person; without any, the first acknowledgement."""
    shift: Shift | None = None
    for entry in assigned:
        people = [person for person in entry.assignees if not nobody(person)]
        if people and (shift is None or all(person.id != shift.person.id for person in people)):
            shift = Shift(people[0], entry.at)
    if shift is None:
        shift = next((Shift(entry.agent, entry.at) for entry in acknowledged if entry.agent), None)
    return shift


@dataclass(frozen=True, slots=True)
class ChannelHistory:
    """The channel's messages, read for what the process asks."""

    last_said: Message | None
    """The newest top-level message by a person or by a cockpit."""
    threaded: tuple[Message, ...]
    """Messages that are in a thread only."""
    unread: int
    """Thread replies that Slack counts and nobody has read for us yet."""
    carried: Mapping[str, Message]
    """The message that carries each record, by the record's id."""


def said(message: Message) -> bool:
    """Whether somebody said this to the channel, top-level: a person, or a cockpit for them."""
    return (
        not message.deleted
        and message.subtype in _SAID
        and (not message.bot or message.record is not None)
        and (message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast")
    )


def channel_history(facts: SlackFacts) -> ChannelHistory:
    """Read the channel's messages and threads, in whatever order they come."""
    last: Message | None = None
    parents: dict[str, int] = {}
    carried: dict[str, Message] = {}
    for message in facts.messages:
        if message.reply_count and not message.deleted:
            parents[message.ts] = message.reply_count
        if message.record is not None:
            carried.setdefault(message.record.id, message)
        if (last is None or message.at >= last.at) and said(message):
            last = message
    known: dict[str, int] = {}
    threaded = []
    # A reply that was also sent to the channel is top-level already.
    broadcast = {message.ts for message in facts.messages if message.subtype == "thread_broadcast"}
    for reply in facts.replies:
        if reply.deleted:
            continue
        known[reply.thread_ts or ""] = known.get(reply.thread_ts or "", 0) + 1
        if reply.subtype != "thread_broadcast" and reply.ts not in broadcast:
            threaded.append(reply)
    unread = sum(max(count - known.get(ts, 0), 0) for ts, count in parents.items())
    return ChannelHistory(last, tuple(sorted(threaded, key=lambda reply: (reply.at, reply.ts))), unread, carried)


@dataclass(frozen=True, slots=True)
class TicketHistory:
    """A ticket's conversation: what we told the community, and what it told us, oldest first."""

    told: tuple[datetime, ...]
    replies: tuple[Conversation, ...]
    incoming: tuple[Conversation, ...]

    def told_since(self, moment: datetime) -> datetime | None:
        """The first time at or after `moment` that we told the community something."""
        return next((at for at in self.told if at >= moment), None)

    @property
    def last_told(self) -> datetime | None:
        """The last time that we told the community something."""
        return self.told[-1] if self.told else None


def ticket_history(facts: TicketFacts) -> TicketHistory:
    """Read a ticket's conversation. A ticket that we opened by writing to the community told it by that."""
    ticket = facts.ticket
    talk = sorted(facts.conversations, key=lambda piece: (piece.at, piece.id))
    # The first piece (id 0) is the ticket itself: an agent may have typed it in for a caller, who was told nothing.
    replies = tuple(piece for piece in talk if piece.public_reply and (piece.id != 0 or ticket.outbound))
    told = {piece.at for piece in replies} | ({ticket.created_at} if ticket.outbound else set())
    return TicketHistory(tuple(sorted(told)), replies, tuple(p for p in talk if p.incoming and not p.private))


@dataclass(frozen=True, slots=True)
class Snooze:
    """A person put a clock's signal off until then, and said why."""

    until: datetime
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """The shared log, by what it settles."""

    standing: Mapping[str, Record]
    """The latest word of a person on each step; a retraction is one."""
    lifted: frozenset[str]
    replies: tuple[Record, ...]
    invited: tuple[Record, ...]
    drafted: tuple[Record, ...]
    handoff: Record | None
    snoozed: Mapping[tuple[str, int | None], Snooze]
    """The latest snooze of each clock, by the deadline's id and ticket."""


def record_history(records: Iterable[Record]) -> RecordHistory:
    """Read the shared log, in whatever order it comes."""
    ordered = sorted(records, key=lambda record: (record.at, record.id))
    return RecordHistory(
        standing={record.step: record for record in ordered if record.step and record.kind in STANDING},
        lifted=frozenset(str(record.data["ts"]) for record in ordered if record.kind == "lift" and "ts" in record.data),
        replies=tuple(record for record in ordered if record.kind == "reply"),
        invited=tuple(record for record in ordered if record.kind in ("invite", "request_responders")),
        drafted=tuple(record for record in ordered if record.kind == "report"),
        handoff=next((record for record in reversed(ordered) if record.kind == "handoff"), None),
        snoozed=dict(found for record in ordered if record.kind == "snooze" and (found := _snooze(record)) is not None),
    )


def _snooze(record: Record) -> tuple[tuple[str, int | None], Snooze] | None:
    """The clock that a record snoozes, and until when; None for a record that doesn't say it properly."""
    try:
        until = datetime.fromisoformat(str(record.data.get("until")))
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    clock = str(record.data.get("deadline") or ""), ticket_of(record)
    return clock, Snooze(until, str(record.data.get("reason") or ""), record.actor, record.at)
