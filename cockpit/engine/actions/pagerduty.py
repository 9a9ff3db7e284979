"""The kinds of action that change the PagerDuty incident's status and priority.

Fact of the wire used here: acknowledging or triggering a resolved incident reopens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import Data, Reach
from cockpit.engine.actions.logged import Logged, is_us, last, resolved
from cockpit.incident.facts import LogKind, Status
from cockpit.incident.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.engine.journal import Action
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import Incident, LogEntry


def _status(view: View) -> Status | None:
    return view.snapshot.pagerduty.incident.status if view.snapshot.pagerduty else None


class Acknowledge(Logged):
    """Acknowledge the incident; never a resolved one, since that would reopen it."""

    name = "acknowledge"
    title = "acknowledge the incident"
    logged = LogKind.ACKNOWLEDGED
    bears = frozenset({LogKind.ACKNOWLEDGED})
    undone = "Not acknowledged"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A resolved incident isn't acknowledged, and nobody does it twice."""
        if reason := super().impossible(view, data, step):
            return reason
        if _status(view) is Status.RESOLVED:
            return "The incident is resolved; acknowledging it would reopen it. Reopen it if that is what you mean."
        incident = view.snapshot.pagerduty.incident if view.snapshot.pagerduty else None
        if incident and any(person.name == view.me for person in incident.acknowledgers):
            return "You have acknowledged it already."
        return None

    def in_vain(self, reach: Reach, incident: Incident, log: Sequence[LogEntry], action: Action) -> str | None:
        """It was resolved, or is acknowledged by us."""
        if resolved(incident):
            told = last(reach, log, LogKind.RESOLVED)
            return f"#{incident.number} is resolved{told}, and acknowledging would reopen it."
        if any(is_us(reach, person) for person in incident.acknowledgers):
            return f"you have acknowledged #{incident.number} already."
        return None

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.acknowledge(reach.incident_id)
        return {}

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✔ Acknowledged …"""
        return f"✔ Acknowledged PagerDuty incident #{case.number}"


class SetPriority(Logged):
    """Set the incident's priority, or remove it (`priority` None)."""

    name = "set_priority"
    title = "set the incident's priority"
    logged = LogKind.PRIORITY
    bears = frozenset({LogKind.PRIORITY})
    undone = "Priority not changed"
    needs = frozenset({"priority"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A false alarm is resolved *before* its P1 goes, else a phantom P1 stays on the public status page."""
        if reason := super().impossible(view, data, step):
            return reason
        if "priority" not in data or view.snapshot.pagerduty is None:
            return None
        incident = view.snapshot.pagerduty.incident
        if incident.priority == data["priority"]:
            return f"The priority is {incident.priority} already." if incident.priority else "It has no priority."
        if data["priority"] is None and incident.status is not Status.RESOLVED:
            return "Resolve the incident first, then remove its priority: else a phantom stays on the status page."
        return None

    def wrote(self, action: Action, line: LogEntry) -> bool:
        """The same priority."""
        return bool(line.priority == action.data["priority"])

    def in_vain(self, reach: Reach, incident: Incident, log: Sequence[LogEntry], action: Action) -> str | None:
        """It is so already; before a removal, the incident isn't resolved."""
        wanted = action.data["priority"]
        if incident.priority == wanted:
            has = f"is a {wanted}" if wanted else "has no priority"
            return f"#{incident.number} {has} already{last(reach, log, LogKind.PRIORITY)}."
        if wanted is None and not resolved(incident):
            return f"#{incident.number} isn't resolved, and a false alarm is resolved first."
        return None

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.set_priority(reach.incident_id, action.data["priority"])
        return {}

    def words(self, action: Action) -> str:
        """Which priority."""
        wanted = action.data["priority"]
        return f"set the priority to {wanted}" if wanted else "remove the priority"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """▲ P1 …"""
        wanted = action.data["priority"]
        return f"▲ Made #{case.number} a {wanted}" if wanted else f"▽ Removed the priority of #{case.number}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The priority's name."""
        return {"priority": action.data["priority"]}


class ResolveIncident(Logged):
    """Resolve the incident in PagerDuty. PagerDuty then empties its acknowledgements and assignments."""

    name = "resolve_incident"
    title = "resolve the PagerDuty incident"
    logged = LogKind.RESOLVED
    bears = frozenset({LogKind.REOPENED, LogKind.RESOLVED})
    undone = "Not resolved"
    friction = "confirm"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Once is enough."""
        if reason := super().impossible(view, data, step):
            return reason
        return "The incident is resolved already." if _status(view) is Status.RESOLVED else None

    def in_vain(self, reach: Reach, incident: Incident, log: Sequence[LogEntry], action: Action) -> str | None:
        """It was resolved, by a colleague or from outside."""
        told = last(reach, log, LogKind.RESOLVED)
        return f"#{incident.number} is resolved already{told}." if resolved(incident) else None

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.resolve(reach.incident_id, str(action.data.get("resolution") or "") or None)
        return {}

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✔ Resolved …"""
        said = one_line(str(action.data.get("resolution") or ""), 1_000)
        return f"✔ Resolved PagerDuty incident #{case.number}" + (f": {said}" if said else "")


class ReopenIncident(Logged):
    """Reopen a resolved incident: it is still broken."""

    name = "reopen_incident"
    title = "reopen the PagerDuty incident"
    logged = LogKind.REOPENED
    bears = frozenset({LogKind.REOPENED, LogKind.RESOLVED})
    undone = "Not reopened"
    friction = "confirm"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Only a resolved incident is reopened."""
        if reason := super().impossible(view, data, step):
            return reason
        return None if _status(view) is Status.RESOLVED else "The incident is open."

    def in_vain(self, reach: Reach, incident: Incident, log: Sequence[LogEntry], action: Action) -> str | None:
        """It is open again."""
        told = last(reach, log, LogKind.REOPENED)
        return None if resolved(incident) else f"#{incident.number} is open{told}."

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.trigger(reach.incident_id)
        return {}

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """↺ Reopened …"""
        return f"↺ Reopened PagerDuty incident #{case.number}"
