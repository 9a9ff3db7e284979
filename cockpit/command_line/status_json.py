"""`cockpit status --json`: a contract. What is here stays here; what comes is added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.incident.checklist import evidence_at
from cockpit.incident.facts import Freshness, Source, TicketFacts, TicketStatus
from cockpit.incident.moments import zulu

if TYPE_CHECKING:
    from cockpit.config import Settings
    from cockpit.engine.view import View


def document(view: View, settings: Settings) -> dict[str, Any]:
    """The view as plain values. Times are ISO 8601 in UTC; what can't be told is null."""
    start = view.assessment.official_start
    outbox = view.outbox
    return {
        "incident": _incident(view),
        "official_start": {
            "at": zulu(start.at),
            "conditions": {condition.name: condition.holds for condition in start.conditions},
        },
        "steps": [
            {
                "id": state.step.id,
                "phase": state.step.phase,
                "title": state.step.title,
                "kind": state.step.kind,
                "state": state.state,
                "evidence": state.evidence,
                "source": state.source,
                "at": zulu(state.at),
                "role": state.step.role,
                "sensed": state.sensed,
                "by": state.by,
                "url": state.url,
                "evidence_at": zulu(evidence_at(state, view.snapshot)),
            }
            for state in view.assessment.steps
        ],
        "deadlines": [
            {
                "id": deadline.id,
                "due": zulu(deadline.due),
                "state": deadline.state,
                "title": deadline.title,
                "ticket": deadline.ticket,
            }
            for deadline in view.assessment.deadlines
        ],
        "services": {source.value: _service(view, settings, source) for source in Source},
        "outbox": {"queued": outbox.queued, "unknown": outbox.unknown, "refused": outbox.refused},
        "tickets": [_ticket(facts) for facts in view.snapshot.tickets],
        "channel": _channel(view),
        "as_of": zulu(view.now),
    }


def _incident(view: View) -> dict[str, Any]:
    """The incident; before there is one in PagerDuty, its title alone."""
    facts = view.snapshot.pagerduty
    if facts is None:
        case = view.case
        known = {"number": case.number, "id": case.incident_id, "title": case.title}
        return {**known, "status": None, "priority": None, "url": None, "created_at": None}
    incident = facts.incident
    return {
        "number": incident.number,
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "priority": incident.priority,
        "url": incident.url,
        "created_at": zulu(incident.created_at),
    }


def _service(view: View, settings: Settings, source: Source) -> dict[str, Any]:
    """How one service's reading went; one that isn't configured is down and says so."""
    if getattr(settings, source.value) is None:
        return {"state": Freshness.DOWN, "age_seconds": None, "error": "not configured", "configured": False}
    health = view.snapshot.health[source]
    age = None if health.read_at is None else round(max((view.now - health.read_at).total_seconds(), 0.0), 1)
    wait = {"retry_at": zulu(health.retry_at), "limited": health.limited}
    return {"state": health.state, "age_seconds": age, "error": health.error, "configured": True, **wait}


def _ticket(facts: TicketFacts) -> dict[str, Any]:
    ticket = facts.ticket
    told = [conversation.at for conversation in facts.conversations if conversation.public_reply]
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "status": TicketStatus.NAMES.get(ticket.status, str(ticket.status)),
        "community": ticket.company,
        "url": ticket.url,
        "told_at": zulu(told[-1]) if told else None,
    }


def _channel(view: View) -> dict[str, Any] | None:
    facts = view.snapshot.slack
    if facts is None:
        return None
    return {"id": facts.channel.id, "name": facts.channel.name, "url": facts.channel.url}
