"""PagerDuty's state as the JSON of its REST API, version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.sandbox.clock import stamp

if TYPE_CHECKING:
    from cockpit.sandbox.pagerduty import PagerDuty
    from cockpit.sandbox.pagerduty_values import (
        Agent,
        Alert,
        Incident,
        LogEntry,
        Note,
        Priority,
        Responder,
        Service,
        User,
    )

API = "https://api.pagerduty.com"
"""The host that `self` links name; clients follow ids, not these."""


def _web(account: PagerDuty, path: str) -> str:
    return f"https://{account.subdomain}.pagerduty.com/{path}"


def reference(
    account: PagerDuty, kind: str, plural: str, identifier: str, summary: str, *, full: bool = False
) -> dict[str, Any]:
    """The short form in which one thing names another."""
    return {
        "id": identifier,
        "type": kind if full else f"{kind}_reference",
        "summary": summary,
        "self": f"{API}/{plural}/{identifier}",
        "html_url": None if kind == "priority" else _web(account, f"{plural}/{identifier}"),
    }


def user_reference(account: PagerDuty, user_id: str) -> dict[str, Any]:
    """A user, short."""
    return reference(account, "user", "users", user_id, account.users[user_id].name)


def service_reference(account: PagerDuty, service_id: str) -> dict[str, Any]:
    """A service, short."""
    return reference(account, "service", "services", service_id, account.services[service_id].name)


def policy_reference(account: PagerDuty) -> dict[str, Any]:
    """The escalation policy, short."""
    return reference(account, "escalation_policy", "escalation_policies", account.policy_id, account.policy_name)


def incident_reference(account: PagerDuty, incident: Incident) -> dict[str, Any]:
    """An incident, short."""
    return reference(account, "incident", "incidents", incident.id, f"[#{incident.number}] {incident.title}")


def agent_reference(account: PagerDuty, agent: Agent) -> dict[str, Any]:
    """Who acted, short."""
    return reference(account, agent.type, f"{agent.type}s", agent.id, agent.name)


def user(account: PagerDuty, one: User) -> dict[str, Any]:
    """A user, whole."""
    return reference(account, "user", "users", one.id, one.name, full=True) | {
        "name": one.name, "email": one.email, "time_zone": one.time_zone, "color": "dark-slate-grey",
        "avatar_url": None, "billed": True, "role": one.role, "description": None, "invitation_sent": False,
        "job_title": None, "teams": [], "contact_methods": [], "notification_rules": [], "coordinated_incidents": [],
    }  # fmt: skip


def service(account: PagerDuty, one: Service) -> dict[str, Any]:
    """A service, whole."""
    return reference(account, "service", "services", one.id, one.name, full=True) | {
        "name": one.name, "description": one.description, "status": "active", "teams": [],
        "auto_resolve_timeout": None, "acknowledgement_timeout": None, "created_at": "2024-01-08T09:00:00Z",
        "alert_creation": "create_alerts_and_incidents", "escalation_policy": policy_reference(account),
        "integrations": [], "addons": [],
    }  # fmt: skip


def priority(account: PagerDuty, one: Priority) -> dict[str, Any]:
    """A priority, whole."""
    return reference(account, "priority", "priorities", one.id, one.name, full=True) | {
        "name": one.name, "description": one.description, "color": one.color, "order": one.rank,
        "schema_version": 0, "account_id": "PSANDBX", "created_at": "2024-01-08T09:00:00Z",
        "updated_at": "2024-01-08T09:00:00Z",
    }  # fmt: skip


def policy(account: PagerDuty) -> dict[str, Any]:
    """The escalation policy, whole."""
    levels = sorted({shift.level for shift in account.rota})
    return policy_reference(account) | {
        "type": "escalation_policy",
        "name": account.policy_name,
        "description": None,
        "num_loops": 0,
        "on_call_handoff_notifications": "if_has_services",
        "services": [service_reference(account, service_id) for service_id in account.services],
        "teams": [],
        "escalation_rules": [
            {
                "id": f"{account.policy_id[:-1]}{level}",
                "escalation_delay_in_minutes": 30,
                "targets": [
                    user_reference(account, user_id)
                    for user_id in dict.fromkeys(shift.user_id for shift in account.rota if shift.level == level)
                ],
            }
            for level in levels
        ],
    }


def alert(account: PagerDuty, incident: Incident, one: Alert) -> dict[str, Any]:
    """An alert, whole."""
    first = incident.log[0]
    return reference(account, "alert", "alerts", one.id, one.summary, full=True) | {
        "created_at": stamp(one.created_at),
        "status": one.status,
        "alert_key": one.key,
        "service": service_reference(account, incident.service_id),
        "first_trigger_log_entry": reference(account, "trigger_log_entry", "log_entries", first.id, first.summary),
        "incident": {"id": incident.id, "type": "incident_reference"},
        "suppressed": False,
        "severity": one.severity,
        "integration": None,
        "privilege": None,
        "body": {"type": "alert_body", "contexts": [], "details": one.details},
    }


def note(account: PagerDuty, one: Note) -> dict[str, Any]:
    """A note."""
    return {
        "id": one.id,
        "user": agent_reference(account, one.user),
        "content": one.content,
        "created_at": stamp(one.created_at),
        "channel": {"summary": "The PagerDuty website or APIs"},
    }


def responder(account: PagerDuty, incident: Incident, one: Responder) -> dict[str, Any]:
    """A user who was asked to respond."""
    return {
        "state": one.state,
        "user": user_reference(account, one.user_id),
        "incident": incident_reference(account, incident),
        "updated_at": stamp(one.requested_at),
        "message": one.message,
        "requester": user_reference(account, one.requester_id),
        "requested_at": stamp(one.requested_at),
    }


def responder_request(account: PagerDuty, incident: Incident, asked: list[Responder]) -> dict[str, Any]:
    """What was asked of whom at once."""
    targets: dict[tuple[str, str], list[dict[str, Any]]] = {one.target: [] for one in asked}
    for one in asked:
        targets[one.target].append(responder(account, incident, one))
    return {
        "incident": incident_reference(account, incident),
        "requester": user_reference(account, asked[0].requester_id),
        "requested_at": stamp(asked[0].requested_at),
        "message": asked[0].message,
        "responder_request_targets": [
            {"responder_request_target": {"type": kind, "id": target_id, "incidents_responders": people}}
            for (kind, target_id), people in targets.items()
        ],
    }


def log_entry(account: PagerDuty, incident: Incident, one: LogEntry, include: set[str]) -> dict[str, Any]:
    """A log entry; `include` may ask for whole `incidents` and `services` in place of references."""
    kind = one.type
    shape = reference(account, kind, "log_entries", one.id, one.summary, full=True) | {
        "html_url": _web(account, f"incidents/{incident.id}/log_entries/{one.id}"),
        "created_at": stamp(one.created_at),
        "agent": agent_reference(account, one.agent),
        "channel": dict(one.channel),
        "service": service(account, account.services[incident.service_id])
        if "services" in include
        else service_reference(account, incident.service_id),
        "incident": incident_shape(account, incident, set())
        if "incidents" in include
        else incident_reference(account, incident),
        "teams": [],
        "contexts": [],
        "event_details": {},
    }
    if kind == "priority_change_log_entry":
        for name in ("old_priority", "new_priority"):
            found = account.priorities.get(one.extra[name] or "")
            shape["channel"][name] = priority(account, found) if found is not None else None
    if "assignees" in one.extra:
        shape["assignees"] = [user_reference(account, user_id) for user_id in one.extra["assignees"]]
    if kind == "trigger_log_entry":
        shape["event_details"] = {"description": incident.title}
    if kind == "snooze_log_entry":
        shape["duration"] = one.extra["duration"]
    for name in ("note", "message"):
        if name in one.extra:
            shape[name] = one.extra[name]
    if "responders" in one.extra:
        shape["responders"] = [user_reference(account, user_id) for user_id in one.extra["responders"]]
    return shape


def incident_shape(account: PagerDuty, incident: Incident, include: set[str]) -> dict[str, Any]:
    """An incident; the priority is whole, everything else a reference unless `include` asks."""
    first = incident.log[0]
    found = account.priorities.get(incident.priority_id or "")
    shape: dict[str, Any] = {
        "incident_number": incident.number,
        "title": incident.title,
        "description": incident.title,
        "created_at": stamp(incident.created_at),
        "updated_at": stamp(incident.updated_at),
        "status": incident.status,
        "incident_key": incident.key,
        "service": service_reference(account, incident.service_id),
        "assignments": [
            {"at": stamp(at), "assignee": user_reference(account, user_id)} for at, user_id in incident.assignments
        ],
        "assigned_via": "escalation_policy",
        "last_status_change_at": stamp(incident.status_changed_at or incident.created_at),
        "last_status_change_by": agent_reference(account, incident.changed_by),
        "resolved_at": stamp(incident.resolved_at) if incident.resolved_at else None,
        "first_trigger_log_entry": reference(account, "trigger_log_entry", "log_entries", first.id, first.summary),
        "alert_counts": {
            "all": len(incident.alerts),
            "triggered": sum(one.status == "triggered" for one in incident.alerts),
            "resolved": sum(one.status == "resolved" for one in incident.alerts),
        },
        "is_mergeable": True,
        "incident_type": {"name": "incident_default"},
        "escalation_policy": policy_reference(account),
        "teams": [],
        "impacted_services": [service_reference(account, incident.service_id)],
        "pending_actions": [{"type": "unacknowledge", "at": stamp(incident.snoozed_until)}]
        if incident.snoozed_until
        else [],
        "acknowledgements": [
            {"at": stamp(at), "acknowledger": user_reference(account, user_id)}
            for at, user_id in incident.acknowledgements
        ],
        "basic_alert_grouping": None,
        "alert_grouping": None,
        "priority": priority(account, found) if found is not None else None,
        "resolve_reason": None,
        "incidents_responders": [responder(account, incident, one) for one in incident.responders],
        "responder_requests": [responder_request(account, incident, [one]) for one in incident.responders],
        "subscriber_requests": [],
        "urgency": incident.urgency,
    } | incident_reference(account, incident)
    shape["type"] = "incident"
    if incident.details is not None and "body" in include:
        shape["body"] = {"type": "incident_body", "details": incident.details}
    if "services" in include:
        shape["service"] = service(account, account.services[incident.service_id])
    if "acknowledgers" in include:
        for item in shape["acknowledgements"]:
            item["acknowledger"] = user(account, account.users[item["acknowledger"]["id"]])
    if "assignees" in include or "users" in include:
        for item in shape["assignments"]:
            item["assignee"] = user(account, account.users[item["assignee"]["id"]])
    if "first_trigger_log_entries" in include:
        shape["first_trigger_log_entry"] = log_entry(account, incident, first, set())
    return shape
