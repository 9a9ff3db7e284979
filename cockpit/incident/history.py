"""What the channel, the tickets and the shared log say about the past, worked out once per reading.

What PagerDuty says of it is next door, in `incident_history`. A part of a snapshot that hasn't changed is the same
object, so a `Memo` compares with `is`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from cockpit.incident.facts import Conversation, Message, Record, SlackFacts, TicketFacts
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
        if (last is None or message.ts >= last.ts) and said(message):
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
    return ChannelHistory(last, tuple(sorted(threaded, key=lambda reply: reply.ts)), unread, carried)


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
