"""The brief for the next responder: where it stands, what is open, who is in, the last hour in five lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.incident.checklist import Assessment, State, StepState
from cockpit.incident.crew import crew
from cockpit.incident.deadlines import Due
from cockpit.incident.facts import Snapshot
from cockpit.incident.history import ticket_history
from cockpit.incident.moments import ago, moment, span
from cockpit.incident.process import LEAD
from cockpit.incident.sensors.registry import People
from cockpit.incident.text import one_line
from cockpit.incident.timeline import TimelineEvent, timeline

LONGEST_NOTE = 2_500
"""Characters of the brief in a note: with the hand-off's own line it stays below the 2,800 that a note may have."""

HOUR = timedelta(hours=1)
LINES = 5
"""How many lines the last hour gets."""
MOST = 8
"""How many entries any other section gets; the rest is counted."""


@dataclass(frozen=True, slots=True)
class WaitingDraft:
    """A text that somebody began and didn't send: what it is, and when it was saved last."""

    what: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the brief: its heading and its lines, of which there is at least one."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """The brief, made at `at`."""

    at: datetime
    sections: tuple[Section, ...]


def brief(
    snapshot: Snapshot, assessment: Assessment, people: People, drafts: Iterable[WaitingDraft], now: datetime
) -> Brief:
    """Write the brief. No customer's words are in it: it is read in the channel."""
    sections = (
        Section("Where it stands", tuple(_standing(snapshot, assessment, now))),
        Section("Still open", _counted([s.step.title for s in _open(assessment)])),
        Section("Drafts waiting", _counted([f"{one.what}, saved {ago(one.saved_at, now)}" for one in drafts])),
        Section("Due", _counted(list(_due(assessment, now)))),
        Section("Communities", _counted(list(_communities(snapshot, now)))),
        Section("Who is in", tuple(_people(snapshot, assessment, people, now))),
        Section("The last hour", tuple(_last_hour(snapshot, now))),
    )
    return Brief(now, tuple(section for section in sections if section.lines))


def as_note(found: Brief, longest: int = LONGEST_NOTE) -> str:
    """The brief for a note in the channel, at most `longest` characters: lines are shortened until it fits."""
    for width in (200, 140, 100, 70):
        text = "\n".join(
            f"*{one.title}*: {one_line(one.lines[0], width)}"
            if len(one.lines) == 1
            else f"*{one.title}*\n" + "\n".join(f"• {one_line(line, width)}" for line in one.lines)
            for one in found.sections
        )
        if len(text) <= longest:
            return text
    return text[: longest - 1] + "…"


def _counted(entries: list[str]) -> tuple[str, ...]:
    if len(entries) <= MOST:
        return tuple(entries)
    return (*entries[: MOST - 1], f"and {len(entries) - MOST + 1} more")


def _standing(snapshot: Snapshot, assessment: Assessment, now: datetime) -> Iterator[str]:
    facts = snapshot.pagerduty
    if facts is None:
        yield "there is no PagerDuty incident yet"
    else:
        incident = facts.incident
        yield f"#{incident.number} {incident.title}: {incident.priority or 'no priority'}, {incident.status}"
    start = assessment.official_start.at
    if start is not None:
        yield f"officially started at {moment(start, now)} ({span(now - start)} ago)"
    elif assessment.verdict == "not_outage":
        yield "not an outage, says the test by hand"
    else:
        yield "not officially started yet"
    if assessment.outage_kind:
        yield f"what it is: {assessment.outage_kind}"


def _open(assessment: Assessment) -> list[StepState]:
    """What is still to do, in order; noise of later phases isn't."""
    steps = assessment.steps
    return [s for s in steps if s.state in (State.TODO, State.DEFERRED) and not assessment.quiet(s.step.phase)]


def _due(assessment: Assessment, now: datetime) -> Iterator[str]:
    for one in assessment.deadlines:
        if one.state is not Due.MET:
            left = f"overdue by {span(now - one.due)}" if one.due <= now else f"in {span(one.due - now)}"
            yield f"{one.title} ({one.about}): {moment(one.due, now)}, {left}"


def _communities(snapshot: Snapshot, now: datetime) -> Iterator[str]:
    for facts in snapshot.tickets:
        if facts.ticket.deleted:
            continue
        history = ticket_history(facts)
        told = f"told at {moment(history.last_told, now)}" if history.last_told else "not told yet"
        waits = history.incoming and (history.last_told is None or history.incoming[-1].at > history.last_told)
        agent = facts.ticket.agent.name if facts.ticket.agent else "nobody"
        waiting = ", waits for an answer" if waits else ""
        yield f"ticket {facts.ticket.id} ({facts.ticket.company or 'no company'}, {agent}'s): {told}{waiting}"


def _people(snapshot: Snapshot, assessment: Assessment, people: People, now: datetime) -> Iterator[str]:
    found, parts = crew(snapshot, assessment.process.words.priority, people), assessment.process.words.parts
    if found.responder is not None:
        yield f"{parts.responder.short} {found.responder.person.name}, since {moment(found.responder.since, now)}"
    if found.liaisons:
        yield f"{parts.liaison.short} {', '.join(found.liaisons)}"
    if found.tech_leads:
        yield f"{(parts.lead or LEAD).short} {', '.join(found.tech_leads)}"
    if found.asked:
        yield f"asked to respond: {', '.join(f'{name} ({state})' for name, state in found.asked)}"
    if found.channel:
        yield f"in the channel: {', '.join(_counted(list(found.channel)))}"


_WORTH = {"heard": 3, "told": 3, "note": 3, "run": 3, "incident_note": 3, "resolved": 3, "resolve_incident": 3}
"""What tells most about the last hour; a plain message tells less, and what the brief says elsewhere nothing."""
_SAID_ELSEWHERE = frozenset({"attest", "handoff", "lift", "link_ticket", "snooze", "draft", "responder", "invite"})


def _last_hour(snapshot: Snapshot, now: datetime) -> Iterator[str]:
    """The newest of what matters most, in order."""
    events = [
        event for event in timeline(snapshot) if now - HOUR <= event.at <= now and event.kind not in _SAID_ELSEWHERE
    ]
    newest = sorted(events, key=lambda event: (_WORTH.get(event.kind, 1), event.at))[-LINES:]
    for event in sorted(newest, key=lambda event: event.at):
        yield f"{event.at:%H:%M} {event.actor}: {_what(event)}"


def _what(event: TimelineEvent) -> str:
    """What happened, without a customer's words or our letter to them."""
    if event.kind == "heard":
        return "wrote to us in a ticket"
    if event.kind == "told":
        return "told the community"
    if event.kind == "ticket":
        return "opened a ticket"
    return one_line(event.text.lstrip("✎⚒$✔✉▲↑⚑# "), 200)
