"""Pane 2: the PagerDuty incident: how it stands, who is called, its alerts, its history newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cockpit.incident.facts import IncidentNote, LogEntry, LogKind, PagerDutyFacts, Person, Source, Status
from cockpit.incident.incident_history import nobodies
from cockpit.incident.replies import first_name
from cockpit.tui import command, moments, signs
from cockpit.tui.ink import Line, Lines, clip, measure, paragraph, wrap
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.pane import Pane, Trouble
from cockpit.tui.panes.row import Row, divider

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from cockpit.engine.view import View

ALERTS_SHOWN = 3
"""How many alerts are named above the history; the others are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the incident's history: a log entry or a note."""

    id: str
    at: datetime
    sign: str
    text: str
    who: str | None


def history(facts: PagerDutyFacts) -> list[Entry]:
    """Log entries and notes, newest first; a note's log entry gives way to the note itself."""
    entries = [_of_log(entry) for entry in facts.log_entries if entry.kind is not LogKind.NOTE]
    entries += [_of_note(note) for note in facts.notes]
    entries.sort(key=lambda entry: (entry.at, entry.id), reverse=True)
    return entries


def _of_log(entry: LogEntry) -> Entry:
    return Entry(
        f"log {entry.id}",
        entry.at,
        signs.LOG.get(entry.kind, "·"),
        entry.summary,
        entry.agent.name if entry.agent else None,
    )


def _of_note(note: IncidentNote) -> Entry:
    return Entry(f"note {note.id}", note.at, "✎", f"{note.content} — {note.author.name}", note.author.name)


class IncidentFacts(Lines):
    """How the incident stands, above its history."""

    def __init__(self, catch_all: str | None, placeholders: frozenset[str]) -> None:
        super().__init__(id="incident-facts")
        self._catch_all = catch_all
        self._placeholders = placeholders
        self._nobody: frozenset[str] = frozenset()
        self._facts: PagerDutyFacts | None = None
        self._now: datetime | None = None

    def show(self, facts: PagerDutyFacts | None, now: datetime) -> None:
        """Show these facts."""
        if facts is not self._facts:
            self._nobody = nobodies(facts, self._placeholders) if facts else frozenset()
        self._facts, self._now = facts, now
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """Standing, service, on call, alerts; each label once, in one column."""
        if self._facts is None or self._now is None:
            return []
        facts, now = self._facts, self._now
        lines: list[Line] = []
        lines += self._standing(facts, now, width)
        service = facts.incident.service_name or "none"
        lines += self._field("service", service, width)
        if self._catch_all and service == self._catch_all:
            lines += self._field("", "the catch-all: which one is it?", width, "warn")
        if facts.on_call:
            chain = sorted(facts.on_call, key=lambda on_call: on_call.level)
            names = list(dict.fromkeys(self._called(on_call.person) for on_call in chain))
            lines += self._field("on call", " → ".join(names), width)
        if facts.responders:
            asked = (f"{self._called(r.person)} {r.state}" for r in facts.responders)
            lines += self._field("asked", ", ".join(asked), width)
        lines += self._alerts(facts, width)
        lines.append((("─" * width, "rule"),))
        return lines

    def _called(self, person: Person) -> str:
        """By their first name; what is no person has none."""
        return person.name if person.id in self._nobody else first_name(person.name)

    def _standing(self, facts: PagerDutyFacts, now: datetime, width: int) -> list[Line]:
        incident = facts.incident
        sign = signs.STATUSES[incident.status]
        kind = {
            Status.TRIGGERED: (LogKind.TRIGGERED, LogKind.REOPENED, LogKind.UNACKNOWLEDGED),
            Status.ACKNOWLEDGED: (LogKind.ACKNOWLEDGED,),
            Status.RESOLVED: (LogKind.RESOLVED,),
        }[incident.status]
        entry = next((entry for entry in reversed(facts.log_entries) if entry.kind in kind), None)
        head: Line = ((f"{sign.sign} {sign.word}", sign.ink),)
        if entry is not None:
            at = moments.stamp(entry.at, now)
            by = ""
            if entry.agent is not None:  # a service has no first name
                by = f" by {self._called(entry.agent) if entry.by_person else entry.agent.name}"
            full: Line = (*head, (f"{by}, {at}", "plain"))
            head = full if measure(full) <= width else (*head, (f" {at}", "plain"))
        lines = [clip(head, width)]
        names = ", ".join(map(self._called, incident.assignees))
        if names:
            lines += self._field("with", names, width)
        return lines

    @staticmethod
    def _field(label: str, value: str, width: int, ink: str = "plain") -> list[Line]:
        parts = wrap(value, width - 9)
        return [((f"{label if index == 0 else '':<9}", "dim"), (part, ink)) for index, part in enumerate(parts)]

    def _alerts(self, facts: PagerDutyFacts, width: int) -> list[Line]:
        if not facts.alerts:
            return []
        firing = [alert for alert in facts.alerts if alert.status != "resolved"]
        rest = len(facts.alerts) - len(firing)
        counts = [f"{len(firing)} firing"] if firing else []
        counts += [f"{rest} resolved"] if rest else []
        lines = self._field("alerts", ", ".join(counts), width)
        for alert in firing[:ALERTS_SHOWN]:
            lines.append(clip((("  ▲ ", "warn"), (alert.title, "plain")), width))
        if len(firing) > ALERTS_SHOWN:
            lines.append(((f"  and {len(firing) - ALERTS_SHOWN} more", "dim"),))
        return lines


class PagerdutyPane(Pane):
    """The PagerDuty incident."""

    number = 2
    name_: ClassVar[str] = command.PAGERDUTY

    def __init__(self, catch_all: str | None, placeholders: frozenset[str]) -> None:
        super().__init__()
        self._standing = IncidentFacts(catch_all, placeholders)
        self._view: View | None = None
        self._now: datetime | None = None
        self._entries: list[Entry] = []

    def compose(self) -> ComposeResult:
        """The standing, and the history below it."""
        yield Trouble(Source.PAGERDUTY)
        yield self._standing
        yield Listing(id="history")

    @property
    def selected(self) -> Entry | None:
        """The entry under the cursor."""
        return next((entry for entry in self._entries if entry.id == self.listing.selected), None)

    def way_in(self) -> Widget:
        """The history."""
        return self.listing

    def label(self) -> str:
        """The service's name and the incident's number."""
        facts = self._view.snapshot.pagerduty if self._view else None
        return f"PagerDuty · #{facts.incident.number}" if facts else "PagerDuty"

    def brief(self) -> str:
        """The service's name."""
        return "PagerDuty"

    def show(self, view: View, now: datetime) -> None:
        """Show the incident as it stands."""
        before = self._view
        facts = view.snapshot.pagerduty
        changed = before is None or facts is not before.snapshot.pagerduty or view.loading != before.loading
        new_day = self._now is None or now.date() != self._now.date()
        self._view, self._now = view, now
        self.trouble.show(view, now)
        self._standing.show(facts, now)
        if changed or new_day:
            self._entries = history(facts) if facts else []
            self.refilter()
            self.entitle()
        self.listing.empty = lambda width: list(self._nothing(width))

    def refilter(self) -> None:
        """Make the rows of the history."""
        now = self._now
        if now is None:
            return
        rows: list[Row] = []
        day = None
        for entry in self._entries:
            if not self.holds(f"{entry.text} {entry.who}"):
                continue
            if entry.at.date() != day:
                if day is not None or entry.at.date() != now.date():
                    rows.append(divider(f"day {entry.at.date()}", moments.day(entry.at)))
                day = entry.at.date()
            rows.append(_row(entry))
        self.listing.show_rows(rows)

    def _nothing(self, width: int) -> Iterator[Line]:
        if self._view is None or self._view.snapshot.pagerduty is not None:
            return
        if self._view.case.incident_id:
            yield (("Reading the incident…", "dim"),)
        else:
            yield from paragraph("There is no PagerDuty incident yet.", "plain", width)
            yield ()
            yield (("d ", "key"), (f"declares it, as {self._view.assessment.process.words.priority}", "dim"))


def _row(entry: Entry) -> Row:
    def draw(width: int) -> list[Line]:
        parts = wrap(entry.text, max(8, width - 8))
        first: Line = ((f"{moments.clock(entry.at)} ", "dim"), (f"{entry.sign} ", "accent"), (parts[0], "plain"))
        return [first, *((("        ", "plain"), (part, "plain")) for part in parts[1:])]

    return Row(entry.id, draw)
