"""`cockpit status`: the incident on one page, for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cockpit.incident.checklist import State
from cockpit.incident.deadlines import Due
from cockpit.incident.facts import LABELS, Freshness, Source, TicketStatus
from cockpit.incident.moments import ago, countdown, moment, span
from cockpit.tui.roles import roles
from cockpit.tui.signs import DUE, FRESHNESS, of_step, of_truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cockpit.command_line.paper import Paper
    from cockpit.config import Settings
    from cockpit.engine.view import View

CONDITIONS: Final[Mapping[str, str]] = {
    "acknowledged": "acknowledged",
    "channel": "channel",
    "community_informed": "community informed",
}
"""The conditions of the official start in words; that of the priority is called as it is."""


def write(view: View, settings: Settings, paper: Paper) -> None:
    """Print the page."""
    _head(view, settings, paper)
    _start(view, paper)
    _deadlines(view, paper)
    _steps(view, paper)
    _foot(view, settings, paper)


def _head(view: View, settings: Settings, paper: Paper) -> None:
    facts, now = view.snapshot.pagerduty, view.now
    if facts is None:
        number = f"#{view.case.number}  " if view.case.number else ""
        paper.write(paper.strong(f"{number}{view.case.title}"))
        paper.write(
            "There is no PagerDuty incident yet." if not view.case.incident_id else "PagerDuty wasn't read yet."
        )
    else:
        incident = facts.incident
        paper.write(paper.strong(f"#{incident.number}  {incident.title}"))
        paper.write(
            f"{incident.priority or 'no priority'} · {incident.status} · {incident.service_name or 'no service'} · "
            f"created {moment(incident.created_at, now)}, {ago(incident.created_at, now)}"
        )
        paper.write(paper.faint(incident.url))
    who = roles(view.snapshot, settings.tech_leads, settings.placeholders)
    parts = view.assessment.process.words.parts
    paper.write(" · ".join(f"{short} {name or '–'}" for short, name in who.named(parts)))
    if view.snapshot.slack is not None:
        paper.write(f"#{view.snapshot.slack.channel.name}  {paper.faint(view.snapshot.slack.channel.url)}")
    for ticket in (facts.ticket for facts in view.snapshot.tickets):
        status = TicketStatus.NAMES.get(ticket.status, f"status {ticket.status}")
        community = f" ({ticket.company})" if ticket.company else ""
        paper.write(f"ticket {ticket.id}{community} · {status} · {ticket.subject}")


def _start(view: View, paper: Paper) -> None:
    start = view.assessment.official_start
    names = {"p1": view.assessment.process.words.priority, **CONDITIONS}
    since = f"since {moment(start.at, view.now)}, {span(view.now - start.at)}" if start.at else "not yet"
    if start.at is None and view.assessment.verdict == "not_outage":
        since = "none, since it isn't an outage"
    paper.heading(f"Official start: {since}")
    paper.columns(
        [
            (of_truth(condition.holds).sign, names.get(condition.name, condition.name), condition.words)
            for condition in start.conditions
        ],
        faint=2,
    )


def _deadlines(view: View, paper: Paper) -> None:
    rows = [
        (
            DUE[deadline.state].sign,
            _due(deadline.due - view.now, deadline.state) if deadline.state is not Due.MET else "met",
            deadline.title,
            moment(deadline.due, view.now),
        )
        for deadline in view.assessment.deadlines
    ]
    if rows:
        paper.heading("Due")
        paper.columns(rows, faint=3)


def _due(left: timedelta, state: Due) -> str:
    """How long there is, or how late it is."""
    words = f"{span(-left)} late" if left < timedelta() else f"in {span(left)}"
    return f"{words}, soon" if state is Due.SOON else words


def _steps(view: View, paper: Paper) -> None:
    assessment = view.assessment
    for phase in assessment.process.phases:
        if not assessment.shown(phase.number):
            continue
        states = assessment.in_phase(phase.number)
        due = [state for state in states if state.state is not State.NOT_APPLICABLE]
        paper.heading(f"{phase.number} {phase.title}  {sum(state.settled for state in due)}/{len(due)}")
        if assessment.quiet(phase.number):
            paper.write(f"  · later: {len(due)} steps, once the incident is over")
            continue
        paper.columns(
            [(of_step(state).sign, state.step.id, state.step.title, state.evidence) for state in states], faint=3
        )


def _foot(view: View, settings: Settings, paper: Paper) -> None:
    paper.heading("Services")
    rows = []
    for source in Source:
        health = view.snapshot.health[source]
        sign = FRESHNESS[health.state]
        if getattr(settings, source.value) is None:
            rows.append(("–", LABELS[source], "not configured"))
        elif health.state is Freshness.OK:
            rows.append((sign.sign, LABELS[source], "read just now"))
        else:
            last = f"last read {ago(health.read_at, view.now)}" if health.read_at else "never read"
            asks = ""
            if health.limited and health.retry_at is not None and health.retry_at > view.now:
                asks = f", asks to wait {countdown(health.retry_at - view.now)}"
            rows.append((sign.sign, LABELS[source], f"{health.state}, {last}{asks}"))
    paper.columns(rows)
    outbox = view.outbox
    counts = ((outbox.queued, "queued"), (outbox.unknown, "unknown"), (outbox.refused, "refused"))
    said = ", ".join(f"{count} {word}" for count, word in counts if count)
    times = [one.retry_at for one in outbox.deliveries if one.retry_at is not None and one.retry_at > view.now]
    said += f", again in {countdown(min(times) - view.now)}" if times else ""
    paper.write(f"  Outbox: {said}; see `cockpit log`." if said else "  Outbox: empty.")
