"""PagerDuty's state: incidents, their alerts, notes and log entries, and what each change leaves behind.

Every change writes its log entry, and resolving empties acknowledgements and assignments, as the real service does.
The type of a reopening's log entry isn't in PagerDuty's published schema; `reopen_log_entry` follows its naming.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cockpit.sandbox.clock import Present, stamp
from cockpit.sandbox.ids import short_id
from cockpit.sandbox.pagerduty_values import (
    Agent,
    Alert,
    Incident,
    LogEntry,
    Note,
    Priority,
    Responder,
    Service,
    Shift,
    User,
)

MOST_NOTES = 2000
"""PagerDuty refuses further notes on an incident beyond this many."""


class PagerDutyRefusal(Exception):
    """PagerDuty's refusal of a request: HTTP status, its own error code, message and details."""

    def __init__(self, status: int, code: int, message: str, *errors: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, list(errors)


def invalid_input(*errors: str) -> PagerDutyRefusal:
    """The refusal for a request whose content doesn't fit."""
    return PagerDutyRefusal(400, 2001, "Invalid Input Provided", *errors)


@dataclass(slots=True)
class PagerDuty:
    """The account."""

    present: Present
    subdomain: str
    users: dict[str, User]
    services: dict[str, Service]
    priorities: dict[str, Priority]
    """Empty where the plan has none."""
    rota: list[Shift]
    policy_id: str
    policy_name: str
    abilities: list[str]
    dedicated_channels: bool
    """Off: the Slack integration's endpoints answer 403."""
    tokens: dict[str, str]
    """Token to user id; an account-level key leads to the empty string."""
    next_number: int = 1
    incidents: dict[str, Incident] = field(default_factory=dict)

    def find(self, name: str) -> Incident:
        """An incident by id or number. Raises PagerDutyRefusal for none."""
        for incident in self.incidents.values():
            if name in (incident.id, str(incident.number)):
                return incident
        raise PagerDutyRefusal(404, 2100, "Not Found")

    def on_call(self, level: int, moment: datetime) -> list[str]:
        """Ids of the users on call at a level of the escalation policy."""
        return [shift.user_id for shift in self.rota if shift.level == level and shift.covers(moment)]

    def agent(self, user_id: str) -> Agent:
        """A user as the one who acts."""
        return Agent(user_id, "user", self.users[user_id].name)

    def robot(self, service_id: str) -> Agent:
        """A service's integration as the one who acts."""
        return Agent(service_id, "service", self.services[service_id].name)

    def record(
        self,
        incident: Incident,
        kind: str,
        agent: Agent,
        channel: dict[str, Any],
        summary: str,
        **extra: Any,
    ) -> LogEntry:
        """Write a log entry of type `<kind>_log_entry` and count the change."""
        now = self.present.now()
        entry_id = short_id("R", incident.id, len(incident.log), kind, length=26)
        entry = LogEntry(entry_id, f"{kind}_log_entry", now, agent, channel, summary, extra)
        incident.log.append(entry)
        incident.updated_at = now
        self.present.changed()
        return entry

    def trigger(
        self, service_id: str, title: str, agent: Agent, channel: dict[str, Any], *, key: str = "",
        details: str | None = None, urgency: str = "high", priority_id: str | None = None,
        assignees: list[str] | None = None, number: int | None = None,
    ) -> Incident:  # fmt: skip
        """Open an incident; a second open one with the same key on the service is refused."""
        if key and any(
            other.key == key and other.service_id == service_id and other.status != "resolved"
            for other in self.incidents.values()
        ):
            raise invalid_input("Open incident with matching dedup key already exists on this service")
        now = self.present.now()
        number = self.next_number if number is None else number
        incident_id = short_id("Q", "incident", number, length=14)
        self.next_number = max(self.next_number, number + 1)
        incident = Incident(
            incident_id, number, title, key or short_id("", incident_id, length=32).lower(), service_id, now, now,
            agent, urgency, priority_id=priority_id, details=details, status_changed_at=now,
        )  # fmt: skip
        self.incidents[incident_id] = incident
        how = "through the API" if agent.type == "user" else "by the service's integration"
        self.record(incident, "trigger", agent, channel, f"Triggered {how}")
        people = assignees if assignees is not None else self.on_call(1, now)
        self.assign(incident, people, agent, {"type": "auto"})
        if priority_id is not None:
            self._log_priority(incident, None, priority_id, agent, channel)
        return incident

    def add_alert(self, incident: Incident, summary: str, key: str, severity: str, details: dict[str, Any]) -> Alert:
        """Attach an alert to an incident."""
        now = self.present.now()
        alert_id = short_id("Q", "alert", incident.id, len(incident.alerts), length=14)
        alert = Alert(alert_id, key, summary, severity, now, details)
        incident.alerts.append(alert)
        incident.updated_at = now
        self.present.changed()
        return alert

    def resolve_alert(self, incident: Incident, alert: Alert) -> None:
        """An alert stops firing; when none is left, the service resolves the incident."""
        alert.status = "resolved"
        self.present.changed()
        if incident.status != "resolved" and all(other.status == "resolved" for other in incident.alerts):
            self.resolve(incident, self.robot(incident.service_id), {"type": "auto"})

    def _change_status(self, incident: Incident, status: str, agent: Agent) -> None:
        incident.status = status
        incident.changed_by = agent
        incident.status_changed_at = self.present.now()
        if status != "acknowledged":
            incident.acknowledgements = []
        incident.snoozed_until = None

    def acknowledge(self, incident: Incident, user_id: str, channel: dict[str, Any]) -> None:
        """A user takes it on; on a resolved incident this reopens it first."""
        agent = self.agent(user_id)
        if incident.status == "resolved":
            self.reopen(incident, agent, channel)
        if any(known == user_id for _, known in incident.acknowledgements):
            return
        if incident.status != "acknowledged":
            self._change_status(incident, "acknowledged", agent)
        incident.acknowledgements.append((self.present.now(), user_id))
        self.record(incident, "acknowledge", agent, channel, f"Acknowledged by {agent.name}")

    def unacknowledge(self, incident: Incident, agent: Agent, channel: dict[str, Any]) -> None:
        """An acknowledged incident goes back to triggered."""
        self._change_status(incident, "triggered", agent)
        self.record(incident, "unacknowledge", agent, channel, f"Unacknowledged by {agent.name}")

    def reopen(self, incident: Incident, agent: Agent, channel: dict[str, Any]) -> None:
        """A resolved incident is triggered again and assigned to who reopened it, or to who is on call."""
        self._change_status(incident, "triggered", agent)
        incident.resolved_at = None
        incident.resolution = None
        self.record(incident, "reopen", agent, channel, f"Reopened by {agent.name}")
        people = [agent.id] if agent.type == "user" else self.on_call(1, self.present.now())
        self.assign(incident, people, agent, channel)

    def resolve(self, incident: Incident, agent: Agent, channel: dict[str, Any], resolution: str | None = None) -> None:
        """Resolve it: alerts with it, and nobody is assigned or counts as having acknowledged any more."""
        self._change_status(incident, "resolved", agent)
        incident.assignments = []
        incident.resolved_at = self.present.now()
        incident.resolution = resolution
        for alert in incident.alerts:
            alert.status = "resolved"
        self.record(incident, "resolve", agent, channel, f"Resolved by {agent.name}")
        if resolution:
            self.note(incident, agent, f"Resolution Note: {resolution}")

    def assign(self, incident: Incident, user_ids: list[str], agent: Agent, channel: dict[str, Any]) -> None:
        """Hand it to these users."""
        now = self.present.now()
        incident.assignments = [(now, user_id) for user_id in user_ids]
        names = ", ".join(self.users[user_id].name for user_id in user_ids) or "nobody"
        self.record(incident, "assign", agent, channel, f"Assigned to {names}", assignees=list(user_ids))

    def escalate(self, incident: Incident, level: int, agent: Agent, channel: dict[str, Any]) -> None:
        """Hand it to a level of the escalation policy."""
        now = self.present.now()
        people = self.on_call(level, now)
        if not people:
            raise invalid_input("Escalation level is invalid")
        incident.level = level
        incident.assignments = [(now, user_id) for user_id in people]
        names = ", ".join(self.users[user_id].name for user_id in people)
        self.record(incident, "escalate", agent, channel, f"Escalated to {names}", assignees=people)

    def prioritise(self, incident: Incident, priority_id: str | None, agent: Agent, channel: dict[str, Any]) -> None:
        """Set or remove the priority; no entry where it is the same."""
        before = incident.priority_id
        if before == priority_id:
            return
        incident.priority_id = priority_id
        self._log_priority(incident, before, priority_id, agent, channel)

    def _log_priority(
        self, incident: Incident, before: str | None, after: str | None, agent: Agent, channel: dict[str, Any]
    ) -> None:
        old = self.priorities[before].name if before else "none"
        new = self.priorities[after].name if after else "none"
        self.record(
            incident, "priority_change", agent, channel, f'Priority changed from "{old}" to "{new}"',
            old_priority=before, new_priority=after,
        )  # fmt: skip

    def rename(self, incident: Incident, title: str, agent: Agent, channel: dict[str, Any]) -> None:
        """Give it another title."""
        if title == incident.title:
            return
        before, incident.title = incident.title, title
        self.record(incident, "field_value_change", agent, channel, f'Title changed from "{before}" to "{title}"')

    def move(self, incident: Incident, service_id: str, agent: Agent, channel: dict[str, Any]) -> None:
        """Say that another service is the impacted one."""
        if service_id == incident.service_id:
            return
        before, incident.service_id = incident.service_id, service_id
        names = f'from "{self.services[before].name}" to "{self.services[service_id].name}"'
        self.record(incident, "service_change", agent, channel, f"Service changed {names}")

    def change_urgency(self, incident: Incident, urgency: str, agent: Agent, channel: dict[str, Any]) -> None:
        """Set the urgency, `high` or `low`."""
        if urgency == incident.urgency:
            return
        incident.urgency = urgency
        self.record(incident, "urgency_change", agent, channel, f"Urgency changed to {urgency}")

    def note(self, incident: Incident, agent: Agent, content: str) -> Note:
        """Write a note; refused beyond the most that an incident holds."""
        if len(incident.notes) >= MOST_NOTES:
            raise invalid_input(f"Incident has reached the maximum of {MOST_NOTES} notes")
        now = self.present.now()
        note = Note(short_id("P", "note", incident.id, len(incident.notes), length=14), agent, content, now)
        incident.notes.append(note)
        channel = {"type": "note", "summary": content}
        self.record(incident, "annotate", agent, channel, f"Note added by {agent.name}", note=content)
        return note

    def status_update(self, incident: Incident, agent: Agent, message: str) -> LogEntry:
        """Tell the subscribers; it can be read again only in the log."""
        channel = {"type": "status_update"}
        summary = f"Status update sent by {agent.name}"
        return self.record(incident, "status_update", agent, channel, summary, message=message)

    def snooze(self, incident: Incident, seconds: int, agent: Agent, channel: dict[str, Any]) -> None:
        """Acknowledge for a while: after it the incident is triggered again."""
        if incident.status == "resolved":
            raise invalid_input("Incident Already Resolved")
        if incident.status == "triggered":
            self.acknowledge(incident, agent.id, channel)
        until = self.present.now() + timedelta(seconds=seconds)
        incident.snoozed_until = until
        summary = f"Snoozed by {agent.name} until {stamp(until)}"
        self.record(incident, "snooze", agent, channel, summary, duration=seconds)

    def request_responder(
        self, incident: Incident, target: tuple[str, str], user_ids: list[str], agent: Agent, message: str
    ) -> list[Responder]:
        """Ask users for help; who was asked before is asked again."""
        now = self.present.now()
        asked = [Responder(user_id, agent.id, message, now, target) for user_id in user_ids]
        incident.responders = [one for one in incident.responders if one.user_id not in user_ids] + asked
        names = ", ".join(self.users[user_id].name for user_id in user_ids)
        summary = f"{agent.name} requested {names} to respond"
        channel = {"type": "api"}
        self.record(incident, "responder_request", agent, channel, summary, responders=list(user_ids))
        return asked

    def tick(self) -> None:
        """Let snoozes end that are due."""
        now = self.present.now()
        for incident in self.incidents.values():
            if incident.snoozed_until is not None and incident.snoozed_until <= now:
                with self.present.at(incident.snoozed_until):
                    self.unacknowledge(incident, self.robot(incident.service_id), {"type": "timeout"})
