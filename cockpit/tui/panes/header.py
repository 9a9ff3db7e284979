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
    from datetime import datetime

    from cockpit.engine.view import View

CONDITIONS = {
    "acknowledged": "acknowledged",
    "channel": "channel",
    "community_informed": "community told",
}
"""The conditions of the official start, as short as they can be said; that of the priority is called as it is."""


class Header(Lines):
    """The incident in two lines."""

    def __init__(self, tech_leads: frozenset[str]) -> None:
        super().__init__(id="header")
        self._tech_leads = tech_leads
        self._view: View | None = None
        self._now: datetime | None = None
        self._roles = Roles()

    def show(self, view: View, now: datetime) -> None:
        """Show this view at this moment."""
        if self._view is None or view.snapshot is not self._view.snapshot:
            self._roles = roles(view.snapshot, self._tech_leads)
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
        right = self._next_due(due, now) if due else ()
        left = self._official(view, now)
        if measure(left) + measure(right) + 4 > width:
            left = self._official(view, now, brief=True)
        if due and measure(left) + measure(right) + 4 > width:
            right = self._next_due(due, now, brief=True)
        if relief is not None:
            told = self._relief(relief, now)
            if measure((*left, *right, *told)) + 8 <= width:
                right = (*right, ("    ", "plain"), *told) if right else told
        return spread(left, (*right, (" ", "plain")), width, gap=2)

    @staticmethod
    def _official(view: View, now: datetime, *, brief: bool = False) -> Line:
        """Since when it is official; or what is missing, with what holds already unless it has to be `brief`."""
        start = view.assessment.official_start
        if start.at is not None:
            end = Header._resolved_at(view)
            passed = "" if brief else f" ({moments.span((end or now) - start.at)})"
            when = moments.stamp(start.at, now)
            span = f" since {when}" if end is None else f" {when} to {moments.stamp(end, now)}"
            return ((" OFFICIAL", "good"), (span + passed, "plain"))
        names = {"p1": view.assessment.process.words.priority, **CONDITIONS}
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
    def _next_due(due: list[Deadline], now: datetime, *, brief: bool = False) -> Line:
        """What is due first; `brief`: without whose it is."""
        first = due[0]
        sign = signs.DUE[first.state]
        ink = sign.ink if first.state is not Due.OK else "plain"
        same = sum(1 for deadline in due if deadline.id == first.id)
        title = first.title
        if same > 1:
            title = f"{first.title} ({same})"
        elif first.ticket is not None and not brief:
            title = f"{first.title} {first.about.partition(' · ')[0]}"
        if first.snoozed_until is not None:
            return ((f"◷ {title} snoozed until {moments.stamp(first.snoozed_until, now)}", "dim"),)
        return (
            (f"{sign.sign} {title} {moments.until(first.due, now)} ", ink),
            (moments.gauge(first.started, first.due, now), sign.ink),
        )

    @staticmethod
    def _relief(relief: Deadline, now: datetime) -> Line:
        if relief.snoozed_until is not None:
            return ((f"relief snoozed until {moments.stamp(relief.snoozed_until, now)}", "dim"),)
        if now >= relief.due:
            return (("relief is due", "warn"),)
        ink = "warn" if relief.due - now < timedelta(minutes=30) else "dim"
        return ((f"relief at {moments.stamp(relief.due, now)}", ink),)
