"""One ordered timeline out of everything: PagerDuty's log, the channel, the tickets and the shared log of actions.

What one act left in several places is one event. The record of an action wins over the service's own trace of it, since
it tells who did it and when; a thread's reply wins over the message that lifted it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.incident.facts import (
    LogEntry,
    LogKind,
    Message,
    PagerDutyFacts,
    Record,
    SlackFacts,
    Snapshot,
    Source,
    TicketFacts,
)
from cockpit.incident.history import said
from cockpit.incident.text import one_line
from cockpit.incident.tickets import ticket_of

NEAR = timedelta(minutes=2)
"""How far apart two services' clocks may put one act."""


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened. `source` None: it's known from this machine's journal only.

    `kind` is a record's kind ("note", "run", "acknowledge", …), a `LogKind`, or one of "opened", "alert",
    "incident_note", "message", "thread", "ticket", "told" (our public reply), "heard" (the community's words).
    """

    at: datetime
    source: Source | None
    actor: str
    text: str
    kind: str
    url: str | None = None


def timeline(snapshot: Snapshot) -> tuple[TimelineEvent, ...]:
    """Everything that happened, oldest first, each act once."""
    events = [
        *_recorded(snapshot),
        *(_pagerduty(snapshot.pagerduty, snapshot.records) if snapshot.pagerduty else ()),
        *(_slack(snapshot.slack, {record.id for record in snapshot.records}) if snapshot.slack else ()),
        *(event for facts in snapshot.tickets for event in _ticket(facts, snapshot.records)),
    ]
    return tuple(sorted(dict.fromkeys(events), key=_place))


def _place(event: TimelineEvent) -> tuple[datetime, int, bool, str, str]:
    return event.at, _ORDER[event.source], event.kind != "opened", event.kind, event.text


_ORDER = {Source.FRESHDESK: 0, Source.PAGERDUTY: 1, Source.SLACK: 2, None: 3}
"""Among events of one moment: first what the community knew, last what we wrote of it."""


def act_words(message: Message) -> str:
    """What a message that carries a record says, without the author and the time at its end."""
    if message.record is None:
        return message.text
    ending = rf"\s+— {re.escape(message.record.actor)}(?:\s+\([^()]*UTC\))?\s*$"
    return re.sub(ending, "", message.text)


def _recorded(snapshot: Snapshot) -> Iterator[TimelineEvent]:
    slack = snapshot.slack
    # Of two messages with one id the first is the record's; so the others see it too.
    carried = {m.record.id: m for m in reversed(slack.messages) if m.record is not None} if slack else {}
    known = {reply.ts for reply in slack.replies if not reply.deleted} if slack else set()
    for record in {record.id: record for record in snapshot.records}.values():
        if record.kind == "lift" and str(record.data.get("ts")) in known:
            continue
        message = carried.get(record.id)
        text = act_words(message) if message else _spelled(record)
        source = Source.SLACK if record.ts or message else None
        yield TimelineEvent(record.at, source, record.actor, text, record.kind, slack.channel.url if slack else None)


def _spelled(record: Record) -> str:
    """A record whose message isn't there: its kind and what small data it has."""
    data = ", ".join(f"{key} {value}" for key, value in record.data.items() if isinstance(value, (str, int, float)))
    return one_line(
        record.kind.replace("_", " ") + (f" {record.step}" if record.step else "") + (f": {data}" if data else "")
    )


_TRACES = {
    LogKind.ACKNOWLEDGED: ("acknowledge",),
    LogKind.PRIORITY: ("set_priority", "false_alarm", "declare"),
    LogKind.RESOLVED: ("resolve_incident", "false_alarm"),
    LogKind.REOPENED: ("reopen_incident",),
    LogKind.TRIGGERED: ("reopen_incident", "declare"),
    LogKind.NOTE: ("incident_note", "add_incident_note"),
    LogKind.ASSIGNED: ("handoff", "assign"),
    LogKind.RESPONDER: ("request_responders",),
}
"""What each kind of log entry is the trace of, when a cockpit did it."""


def _acted(at: datetime, kinds: Iterable[str], records: Iterable[Record]) -> bool:
    """Whether a record tells of that act already."""
    return any(record.kind in kinds and abs(record.at - at) <= NEAR for record in records)


def _pagerduty(facts: PagerDutyFacts, records: tuple[Record, ...]) -> Iterator[TimelineEvent]:
    incident, url = facts.incident, facts.incident.url
    if not _acted(incident.created_at, ("declare",), records):
        opened = f"PagerDuty incident #{incident.number} opened: {incident.title}"
        yield TimelineEvent(incident.created_at, Source.PAGERDUTY, "PagerDuty", opened, "opened", url)
    for alert in facts.alerts:
        if alert.title != incident.title or abs(alert.created_at - incident.created_at) > NEAR:
            yield TimelineEvent(alert.created_at, Source.PAGERDUTY, "PagerDuty", f"Alert: {alert.title}", "alert", url)
    for note in facts.notes:
        if not _acted(note.at, _TRACES[LogKind.NOTE], records):
            yield TimelineEvent(note.at, Source.PAGERDUTY, note.author.name, note.content, "incident_note", url)
    for entry in facts.log_entries:
        if _worth_telling(entry, facts) and not _acted(entry.at, _TRACES.get(entry.kind, ()), records):
            actor = entry.agent.name if entry.agent else "PagerDuty"
            yield TimelineEvent(entry.at, Source.PAGERDUTY, actor, entry.summary, entry.kind.value, url)


def _worth_telling(entry: LogEntry, facts: PagerDutyFacts) -> bool:
    """Whether the entry says more than the incident, its notes and its other entries do."""
    if entry.kind is LogKind.TRIGGERED:
        return abs(entry.at - facts.incident.created_at) > NEAR
    if entry.kind is LogKind.NOTE:
        return not any(abs(note.at - entry.at) <= NEAR for note in facts.notes)
    return entry.kind not in (LogKind.OTHER, LogKind.SNOOZED)


def _slack(facts: SlackFacts, recorded: set[str]) -> Iterator[TimelineEvent]:
    url = facts.channel.url
    top = {message.ts for message in facts.messages}
    for message in facts.messages:
        if said(message) and (message.record is None or message.record.id not in recorded):
            actor = message.record.actor if message.record else message.author.name
            at = message.record.at if message.record else message.at
            kind = message.record.kind if message.record else "message"
            yield TimelineEvent(at, Source.SLACK, actor, act_words(message), kind, url)
    for reply in facts.replies:
        if not reply.deleted and not reply.bot and reply.ts not in top and reply.text.strip():
            yield TimelineEvent(reply.at, Source.SLACK, reply.author.name, reply.text, "thread", url)


def _ticket(facts: TicketFacts, records: tuple[Record, ...]) -> Iterator[TimelineEvent]:
    ticket = facts.ticket
    who = ticket.company or ticket.requester.name
    text = (
        f"We wrote to {who}: {ticket.subject}"
        if ticket.outbound
        else f"{who} opened ticket {ticket.id}: {ticket.subject}"
    )
    actor = ticket.agent.name if ticket.outbound and ticket.agent else ticket.requester.name
    if not any(record.kind == "open_ticket" and ticket_of(record) == ticket.id for record in records):
        yield TimelineEvent(ticket.created_at, Source.FRESHDESK, actor, text, "ticket", ticket.url)
    ours = [record for record in records if record.kind == "reply" and ticket_of(record) == ticket.id]
    for piece in facts.conversations:
        if piece.id == 0 or piece.private:
            continue
        if piece.incoming:
            yield TimelineEvent(piece.at, Source.FRESHDESK, piece.author.name, piece.text, "heard", ticket.url)
        elif not any(_is_reply(record, piece.id, piece.at) for record in ours):
            yield TimelineEvent(piece.at, Source.FRESHDESK, piece.author.name, piece.text, "told", ticket.url)


def _is_reply(record: Record, conversation: int, at: datetime) -> bool:
    """Whether the record tells of that reply: by its id in Freshdesk, or else by its time."""
    number = record.data.get("conversation_id", record.data.get("conversation"))
    return str(number) == str(conversation) if number is not None else abs(record.at - at) <= NEAR
