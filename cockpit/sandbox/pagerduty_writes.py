"""PagerDuty's REST API, version 2: what changes an incident. A request is checked whole before any of it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.sandbox import pagerduty_shapes as shapes
from cockpit.sandbox.clock import stamp
from cockpit.sandbox.exchange import Answer, Call
from cockpit.sandbox.ids import short_id
from cockpit.sandbox.pagerduty import PagerDutyRefusal, invalid_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.sandbox.pagerduty_values import Agent, Incident
    from cockpit.sandbox.world import World

_API = {"type": "api"}
_UPDATABLE = {
    "id", "type", "status", "priority", "assignments", "title", "service", "resolution", "escalation_level",
    "escalation_policy", "urgency", "conference_bridge", "incident_type", "summary", "self", "html_url",
}  # fmt: skip


class PagerDutyWrites:
    """The endpoints that change something. Each needs a `From` header with the address of a user."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = world.pagerduty

    def _incident(self, call: Call) -> Incident:
        return self.account.find(call.arguments["id"])

    def _agent(self, call: Call) -> Agent:
        address = call.header("From").strip().lower()
        if not address:
            message = 'You must specify a user\'s email address in the "From" header to perform this action'
            raise PagerDutyRefusal(400, 2016, message)
        for user in self.account.users.values():
            if user.email.lower() == address:
                return self.account.agent(user.id)
        raise PagerDutyRefusal(400, 1008, "Requester User Not Found")

    def _body(self, call: Call) -> dict[str, Any]:
        if not call.has_json():
            raise invalid_input("params must be a Hash")
        try:
            body = call.json()
        except ValueError:
            raise invalid_input("The request body is not valid JSON") from None
        if not isinstance(body, dict):
            raise invalid_input("params must be a Hash")
        return body

    def _wrapped(self, call: Call, name: str) -> dict[str, Any]:
        value = self._body(call).get(name)
        if not isinstance(value, dict):
            raise invalid_input(f"{name.capitalize()} must be present and an object")
        return value

    def _named(self, value: Any, known: dict[str, Any], kind: str) -> str:
        """The id in a reference to something that exists. Its `type` has to fit."""
        label = kind.replace("_", " ").capitalize()
        if not isinstance(value, dict) or value.get("type") not in (kind, f"{kind}_reference"):
            raise invalid_input(f"{label} must be a reference of type {kind}_reference")
        if str(value.get("id")) not in known:
            raise invalid_input(f"{label} not found")
        return str(value["id"])

    def _assignees(self, value: Any) -> list[str]:
        if not isinstance(value, list) or not value:
            raise invalid_input("Assignments must be a list and not empty")
        return [
            self._named(one.get("assignee") if isinstance(one, dict) else None, self.account.users, "user")
            for one in value
        ]

    def _answer(self, incident: Incident, status: int = 200) -> Answer:
        return Answer(
            status, {"incident": shapes.incident_shape(self.account, incident, {"body"} if status == 201 else set())}
        )

    def create(self, call: Call) -> Answer:
        """POST /incidents."""
        agent = self._agent(call)
        wanted = self._wrapped(call, "incident")
        if wanted.get("type") not in ("incident", "incident_reference"):
            raise invalid_input("Incident type must be incident")
        title = wanted.get("title")
        if not isinstance(title, str) or not title.strip():
            raise invalid_input("Title cannot be empty")
        if len(title) > 1024:
            raise invalid_input("Title is too long (maximum is 1024 characters)")
        service_id = self._named(wanted.get("service"), self.account.services, "service")
        priority_id = None
        if wanted.get("priority") is not None:
            priority_id = self._named(wanted["priority"], self.account.priorities, "priority")
        urgency = wanted.get("urgency", "high")
        if urgency not in ("high", "low"):
            raise invalid_input("Urgency must be high or low")
        details = None
        if (body := wanted.get("body")) is not None:
            if not isinstance(body, dict) or body.get("type") != "incident_body":
                raise invalid_input("Body must be of type incident_body")
            details = str(body.get("details", ""))
        assignees = None
        if wanted.get("assignments") is not None:
            if wanted.get("escalation_policy") is not None:
                raise invalid_input("Assignments and escalation policy may not both be given")
            assignees = self._assignees(wanted["assignments"])
        key = wanted.get("incident_key") or ""
        if not isinstance(key, str) or len(key) > 255:
            raise invalid_input("Incident key is too long (maximum is 255 characters)")
        incident = self.account.trigger(
            service_id, title, agent, _API, key=key, details=details, urgency=urgency,
            priority_id=priority_id, assignees=assignees,
        )  # fmt: skip
        return self._answer(incident, 201)

    def update(self, call: Call) -> Answer:
        """PUT /incidents/{id}."""
        incident = self._incident(call)
        agent = self._agent(call)
        for change in self._changes(incident, self._wrapped(call, "incident"), agent):
            change()
        return self._answer(incident)

    def update_many(self, call: Call) -> Answer:
        """PUT /incidents, which takes a list under `incidents`."""
        agent = self._agent(call)
        wanted = self._body(call).get("incidents")
        if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
            raise invalid_input("Incidents must be a list of objects")
        found = [self.account.incidents.get(str(one.get("id"))) for one in wanted]
        changes = []
        for incident, one in zip(found, wanted, strict=True):
            if incident is None:
                raise PagerDutyRefusal(404, 2100, "Not Found")
            changes += self._changes(incident, one, agent)
        for change in changes:
            change()
        listed = [shapes.incident_shape(self.account, one, set()) for one in found if one is not None]
        return Answer(200, {"incidents": listed, "limit": 100, "offset": 0, "total": None, "more": False})

    def _changes(self, incident: Incident, wanted: dict[str, Any], agent: Agent) -> list[Callable[[], None]]:
        """What a wanted incident asks for, checked; nothing is done yet."""
        account = self.account
        if wanted.get("type") not in ("incident", "incident_reference"):
            raise invalid_input("Incident type must be incident")
        if unknown := set(wanted) - _UPDATABLE:
            raise invalid_input(f"Unknown attribute: {', '.join(sorted(unknown))}")
        changes: list[Callable[[], None]] = []
        if (title := wanted.get("title")) is not None:
            if not isinstance(title, str) or not title.strip():
                raise invalid_input("Title cannot be empty")
            changes.append(lambda: account.rename(incident, title, agent, _API))
        if "priority" in wanted:
            value = wanted["priority"]
            priority_id = None if value is None else self._named(value, account.priorities, "priority")
            changes.append(lambda: account.prioritise(incident, priority_id, agent, _API))
        if wanted.get("service") is not None:
            service_id = self._named(wanted["service"], account.services, "service")
            changes.append(lambda: account.move(incident, service_id, agent, _API))
        if (urgency := wanted.get("urgency")) is not None:
            if urgency not in ("high", "low"):
                raise invalid_input("Urgency must be high or low")
            changes.append(lambda: account.change_urgency(incident, urgency, agent, _API))
        status = wanted.get("status")
        if status is not None:
            changes.append(self._status_change(incident, status, wanted.get("resolution"), agent))
        stays_resolved = incident.status == "resolved" and status is None
        if wanted.get("assignments") is not None:
            if wanted.get("escalation_level") is not None or wanted.get("escalation_policy") is not None:
                raise invalid_input("Assignments and escalation may not both be given")
            people = self._assignees(wanted["assignments"])
            if stays_resolved or status == "resolved":
                raise invalid_input("Incident Already Resolved")
            changes.append(lambda: account.assign(incident, people, agent, _API))
        if (level := wanted.get("escalation_level")) is not None:
            if stays_resolved or not isinstance(level, int):
                raise invalid_input("Escalation level is invalid")
            if not account.on_call(level, self.world.present.now()):
                raise invalid_input("Escalation level is invalid")
            changes.append(lambda: account.escalate(incident, level, agent, _API))
        return changes

    def _status_change(self, incident: Incident, status: Any, resolution: Any, agent: Agent) -> Callable[[], None]:
        account = self.account
        if resolution is not None and status != "resolved":
            raise invalid_input("Resolution may be given only with the status resolved")
        if status == "resolved":
            if incident.status == "resolved":
                raise invalid_input("Incident Already Resolved")
            return lambda: account.resolve(incident, agent, _API, resolution)
        if status == "acknowledged":
            return lambda: account.acknowledge(incident, agent.id, _API)
        if status != "triggered":
            raise invalid_input("Status must be triggered, acknowledged, or resolved.")
        if incident.status == "resolved":
            return lambda: account.reopen(incident, agent, _API)
        if incident.status == "acknowledged":
            return lambda: account.unacknowledge(incident, agent, _API)
        return lambda: None

    def note(self, call: Call) -> Answer:
        """POST /incidents/{id}/notes."""
        incident = self._incident(call)
        agent = self._agent(call)
        content = self._wrapped(call, "note").get("content")
        if not isinstance(content, str) or not content.strip():
            raise invalid_input("Content cannot be empty")
        if len(content) > 25_000:
            raise invalid_input("Content is too long (maximum is 25000 characters)")
        return Answer(201, {"note": shapes.note(self.account, self.account.note(incident, agent, content))})

    def status_update(self, call: Call) -> Answer:
        """POST /incidents/{id}/status_updates."""
        incident = self._incident(call)
        agent = self._agent(call)
        message = self._body(call).get("message")
        if not isinstance(message, str) or not message.strip():
            raise invalid_input("Message cannot be empty")
        entry = self.account.status_update(incident, agent, message)
        update = {
            "id": short_id("P", "update", entry.id),
            "message": message,
            "created_at": stamp(entry.created_at),
            "sender": shapes.agent_reference(self.account, agent),
        }
        return Answer(200, {"status_update": update})

    def request_responders(self, call: Call) -> Answer:
        """POST /incidents/{id}/responder_requests."""
        if "coordinated_responding" not in self.account.abilities:
            raise PagerDutyRefusal(402, 2012, "Account does not have the abilities to perform the action")
        incident = self._incident(call)
        self._agent(call)
        body = self._body(call)
        if str(body.get("requester_id")) not in self.account.users:
            raise invalid_input("Requester not found")
        requester = self.account.agent(str(body["requester_id"]))
        message, targets = body.get("message"), body.get("responder_request_targets")
        if not isinstance(message, str) or not isinstance(targets, list) or not targets:
            raise invalid_input("Message and responder request targets are required")
        wanted: list[tuple[tuple[str, str], list[str]]] = []
        for one in targets:
            target = one.get("responder_request_target") if isinstance(one, dict) else None
            target = target if isinstance(target, dict) else {}
            kind, identifier = target.get("type"), str(target.get("id"))
            if kind == "user_reference" and identifier in self.account.users:
                wanted.append((("user", identifier), [identifier]))
            elif kind == "escalation_policy_reference" and identifier == self.account.policy_id:
                people = self.account.on_call(1, self.world.present.now())
                wanted.append((("escalation_policy", identifier), people))
            else:
                raise invalid_input("Responder request target is invalid")
        asked = [
            person
            for target, people in wanted
            for person in self.account.request_responder(incident, target, people, requester, message)
        ]
        shape = shapes.responder_request(self.account, incident, asked)
        return Answer(200, {"responder_request": shape})

    def snooze(self, call: Call) -> Answer:
        """POST /incidents/{id}/snooze."""
        incident = self._incident(call)
        agent = self._agent(call)
        seconds = self._body(call).get("duration")
        if not isinstance(seconds, int) or not 1 <= seconds <= 604_800:
            raise invalid_input("Duration must be between 1 and 604800 seconds")
        self.account.snooze(incident, seconds, agent, _API)
        return self._answer(incident, 201)
