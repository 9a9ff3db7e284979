"""PagerDuty's log, read for what the process asks: when it was an incident, whose it was, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cockpit.incident.facts import LogEntry, LogKind, PagerDutyFacts, Person, Status


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


def nobodies(facts: PagerDutyFacts, placeholders: frozenset[str]) -> frozenset[str]:
    """The ids of the users whom PagerDuty named and who stand for nobody."""
    return frozenset(known for known, email in _emails(facts).items() if email.lower() in placeholders)


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
    assigned = tuple(entry for entry in log if entry.kind in (LogKind.ASSIGNED, LogKind.ESCALATED) and entry.assignees)
    return IncidentHistory(
        priority=_priority_spans(facts, log, priority),
        acknowledged=tuple(acknowledged),
        doubtful=tuple(doubtful),
        lapsed_at=max((entry.at for entry in log if entry.kind is LogKind.UNACKNOWLEDGED), default=None),
        resolved=resolved,
        reopened=_reopened(_opened_again(log), resolved, incident.status),
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


def _opened_again(log: Iterable[LogEntry]) -> list[datetime]:
    """The reopenings that the log tells of, also by what PagerDuty does anew to a resolved incident.

    What it does to one that is open again opens it no second time.
    """
    moments: list[datetime] = []
    ended: datetime | None = None
    for entry in log:
        anew = entry.kind in (LogKind.TRIGGERED, LogKind.ACKNOWLEDGED) and ended is not None and entry.at > ended
        if entry.kind is LogKind.RESOLVED:
            ended = entry.at
        elif entry.kind is LogKind.REOPENED or anew:
            moments.append(entry.at)
            ended = None
    return moments


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
