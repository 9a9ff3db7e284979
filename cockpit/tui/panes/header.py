"""The two lines at the top: what, how bad, who leads, since when, what is due next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.facts import LogKind, Status
from cockpit.tui import moments, signs
from cockpit.tui.ink import Line, Lines, Span, measure, spread
from cockpit.tui.roles import Roles, roles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cockpit.engine.view import View

CONDITIONS = {
    "acknowledged": "acknowledged",
    "channel": "channel",
    "community_informed": "community told",
}
"""The conditions of the official start; that of the priority is called as it is."""
SHORT = {"acknowledged": "ack", "channel": "channel", "community_informed": "told"}
"""The same on a narrow screen, where all four may be missing."""


class Header(Lines):
    """The incident in two lines."""

    def __init__(self, tech_leads: frozenset[str], placeholders: frozenset[str]) -> None:
        super().__init__(id="header")
        self._tech_leads = tech_leads
        self._placeholders = placeholders
        self._view: View | None = None
        self._now: datetime | None = None
        self._roles = Roles()

    def show(self, view: View, now: datetime) -> None:
        """Show this view at this moment."""
        if self._view is None or view.snapshot is not self._view.snapshot:
            self._roles = roles(view.snapshot, self._tech_leads, self._placeholders)
        self._view, self._now = view, now
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """The incident on the first line, its clocks on the second."""
        if self._view is None or self._now is None:
            return [(), ()]
        return [self._incident(self._view, self._now, width), self._clocks(self._view, self._now, width)]

    def _incident(self, view: View, now: datetime, width: int) -> Line:
        facts = view.snapshot.pagerduty
        right: list[Span] = [(f"{moments.clock(now)} UTC ", "strong")]
        people = self._roles.spans(view.assessment.process.words.parts)
        state: list[Span] = []
        if facts is not None:
            sign = signs.STATUSES[facts.incident.status]
            priority = facts.incident.priority
            state = [
                ("  ", "plain"),
                (priority or "no priority", "strong" if priority else "dim"),
                (f" {sign.sign} {sign.word}", sign.ink),
            ]
        number = f" #{view.case.number} " if view.case.number else " no PagerDuty incident yet "
        # Whoever leads can be left out on a narrow screen, the title can be cut, the state can't.
        room = width - len(number) - measure(tuple(state)) - measure(tuple(right)) - 2
        if people and room - measure(people) >= 24:
            right = [*people, ("   ", "plain"), *right]
        left = (number, "title" if view.case.number else "dim"), (f" {view.case.title}", "strong")
        tail = (*state, ("   ", "plain"), *right)
        return spread(left, tail, width)

    def _clocks(self, view: View, now: datetime, width: int) -> Line:
        due = [d for d in view.assessment.deadlines if d.state is not Due.MET and d.id != "relief"]
        relief = next((d for d in view.assessment.deadlines if d.id == "relief" and d.state is not Due.MET), None)
        left, right = self._fitting(view, due, now, width)
        if relief is not None:
            told = self._relief(relief, now)
            if measure((*left, *right, *told)) + 8 <= width:
                right = (*right, ("    ", "plain"), *told) if right else told
        return spread(left, (*right, (" ", "plain")), width, gap=2)

    @classmethod
    def _fitting(cls, view: View, due: list[Deadline], now: datetime, width: int) -> tuple[Line, Line]:
        """The official start, and what is due first, in as many words as there is room for."""
        left: Line = ()
        right: Line = ()
        for brief, names, less in ((False, CONDITIONS, 0), (True, CONDITIONS, 0), (True, CONDITIONS, 1),
                                   (True, SHORT, 1), (True, SHORT, 2)):  # fmt: skip
            left = cls._official(view, now, names, brief=brief)
            right = cls._next_due(due, now, less) if due else ()
            if measure(left) + measure(right) + 4 <= width:
                break
        return left, right

    @staticmethod
    def _official(view: View, now: datetime, conditions: Mapping[str, str], *, brief: bool) -> Line:
        """Since when it is official; or what is missing, with what holds already unless it has to be `brief`."""
        start = view.assessment.official_start
        if start.at is not None:
            end = Header._resolved_at(view)
            if end is not None and end < start.at:  # the community was told, say, only when it was over
                return ((" OFFICIAL", "good"), (f" at {moments.stamp(start.at, now)}, after it was resolved", "plain"))
            passed = "" if brief else f" ({moments.span((end or now) - start.at)})"
            when = moments.stamp(start.at, now)
            span = f" since {when}" if end is None else f" {when} to {moments.stamp(end, now)}"
            return ((" OFFICIAL", "good"), (span + passed, "plain"))
        if view.assessment.verdict == "not_outage":
            return ((" NOT AN OUTAGE", "plain"),)
        names = {"p1": view.assessment.process.words.priority, **conditions}
        spans: list[Span] = [(" NOT OFFICIAL YET ", "warn")] if not brief else [(" NOT OFFICIAL ", "warn")]
        for condition in start.conditions:
            if brief and condition.holds:
                continue
            sign = signs.of_truth(condition.holds)
            ink = "dim" if condition.holds else sign.ink
            spans += [(f" {sign.sign} ", sign.ink), (names.get(condition.name, condition.name), ink)]
        return tuple(spans)

    @staticmethod
    def _resolved_at(view: View) -> datetime | None:
        """When it was resolved; None while it is open."""
        facts = view.snapshot.pagerduty
        if facts is None or facts.incident.status is not Status.RESOLVED:
            return None
        return max((entry.at for entry in facts.log_entries if entry.kind is LogKind.RESOLVED), default=None)

    @staticmethod
    def _next_due(due: list[Deadline], now: datetime, less: int) -> Line:
        """What is due first; `less` 1: without whose it is, 2: without the gauge either."""
        first = due[0]
        sign = signs.DUE[first.state]
        ink = sign.ink if first.state is not Due.OK else "plain"
        same = sum(1 for deadline in due if deadline.id == first.id)
        title = first.title
        if same > 1:
            title = f"{first.title} ({same})"
        elif first.ticket is not None and not less:
            title = f"{first.title} {first.about.partition(' · ')[0]}"
        if first.snoozed_until is not None:
            return ((f"◷ {title} snoozed until {moments.stamp(first.snoozed_until, now)}", "dim"),)
        said = f"{sign.sign} {title} {moments.until(first.due, now)}"
        if less > 1:
            return ((said, ink),)
        return ((f"{said} ", ink), (moments.gauge(first.started, first.due, now), sign.ink))

    @staticmethod
    def _relief(relief: Deadline, now: datetime) -> Line:
        if relief.snoozed_until is not None:
            return ((f"relief snoozed until {moments.stamp(relief.snoozed_until, now)}", "dim"),)
        if now >= relief.due:
            return (("relief is due", "warn"),)
        ink = "warn" if relief.due - now < timedelta(minutes=30) else "dim"
        return ((f"relief at {moments.stamp(relief.due, now)}", ink),)
