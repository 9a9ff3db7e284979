"""The status card: one message that says where the incident stands. Pure.

It holds moments, never "… ago": its text changes only when the facts do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cockpit.incident.checklist import Assessment
from cockpit.incident.crew import crew
from cockpit.incident.deadlines import Due
from cockpit.incident.facts import Snapshot, Status
from cockpit.incident.history import ticket_history
from cockpit.incident.incident_history import incident_history
from cockpit.incident.moments import moment
from cockpit.incident.process import LEAD
from cockpit.incident.sensors.registry import People
from cockpit.incident.text import one_line

LINE = 200
"""The longest line, in characters."""


def card(snapshot: Snapshot, assessment: Assessment, people: People) -> str:
    """The card's text: state, official start, roles, communities and when they were told, what is due next."""
    lines = [
        _title(snapshot),
        f"State: {_state(snapshot, assessment, people)}",
        f"Officially started: {_started(assessment)}",
        f"Roles: {_roles(snapshot, assessment, people)}",
        *_communities(snapshot, assessment),
    ]
    return "\n".join(one_line(line, LINE) for line in lines)


def _title(snapshot: Snapshot) -> str:
    facts = snapshot.pagerduty
    return f"▣ #{facts.incident.number} {facts.incident.title}" if facts else "▣ Incident, not yet in PagerDuty"


def _state(snapshot: Snapshot, assessment: Assessment, people: People) -> str:
    facts = snapshot.pagerduty
    if facts is None:
        return "being looked into"
    words = f"{facts.incident.priority or 'no priority'}, {facts.incident.status}"
    if assessment.verdict == "not_outage":
        words += ", not an outage"
    history = incident_history(facts, assessment.process.words.priority, people.placeholders)
    if facts.incident.status is Status.RESOLVED and history.resolution is not None:
        return f"{words} at {_moment(history.resolution.at)}"
    if history.reopened_at is not None:
        words += f", reopened at {_moment(history.reopened_at)}"
    return words


def _started(assessment: Assessment) -> str:
    start = assessment.official_start
    if start.at is not None:
        return _moment(start.at)
    if assessment.verdict == "not_outage":
        return "no, it isn't an outage"
    missing = [_CONDITIONS[one.name] for one in start.conditions if one.holds is False]
    return f"not yet: {', '.join(missing)}" if missing else "can't tell"


_CONDITIONS = {
    "p1": "priority to be set",
    "acknowledged": "to be acknowledged",
    "channel": "channel to be opened",
    "community_informed": "community to be told",
}


def _roles(snapshot: Snapshot, assessment: Assessment, people: People) -> str:
    found, parts = crew(snapshot, assessment.process.words.priority, people), assessment.process.words.parts
    said = [f"{parts.responder.short} {found.responder.person.name if found.responder else 'nobody yet'}"]
    said.append(f"{parts.liaison.short} {', '.join(found.liaisons) or 'nobody yet'}")
    if found.tech_leads:
        said.append(f"{(parts.lead or LEAD).short} {', '.join(found.tech_leads)}")
    if asked := [name for name, state in found.asked if state == "joined" and name not in found.tech_leads]:
        said.append(f"with {', '.join(asked)}")
    return " · ".join(said)


def _communities(snapshot: Snapshot, assessment: Assessment) -> list[str]:
    opened = snapshot.pagerduty.incident.created_at if snapshot.pagerduty else None
    due = {one.ticket: one for one in assessment.deadlines if one.id == "community_update" and one.state is not Due.MET}
    lines = []
    for facts in snapshot.tickets:
        if facts.ticket.deleted:
            continue
        last = ticket_history(facts).last_told
        told = last is not None and (opened is None or last >= opened)
        words = f"told at {_moment(last)}" if told and last else "not told yet"
        if (deadline := due.get(facts.ticket.id)) is not None:
            words += f", next update due at {_moment(deadline.due)}"
        lines.append(f"{community(facts.ticket.company)} (ticket {facts.ticket.id}): {words}")
    return lines or ["Communities: no ticket is linked yet"]


def community(company: str | None) -> str:
    """The community's name. A ticket of none isn't named after its requester: they are a customer."""
    return company or "A community"


def _moment(at: datetime) -> str:
    """With its date always, so that the card doesn't change at midnight."""
    return moment(at, at - timedelta(days=1))
