"""Freshdesk's REST API, version 2: what changes a ticket. Each field of a request is checked, all are reported."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.exchange import Answer, Call
from cockpit.sandbox.freshdesk_refusals import FreshdeskRefusal, not_found, problem, refused
from cockpit.sandbox.freshdesk_shapes import reply_shape, ticket_shape
from cockpit.sandbox.freshdesk_values import CLOSED, SOURCE_OUTBOUND, Ticket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cockpit.sandbox.freshdesk import Freshdesk

_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_KINDS = {"String": str, "Boolean": bool, "Array": list, "key/value pair": dict}

_REPLY = {"body": "String", "from_email": "String", "user_id": "Integer", "cc_emails": "Array", "bcc_emails": "Array"}
_NOTE = {
    "body": "String", "private": "Boolean", "incoming": "Boolean", "user_id": "Integer", "notify_emails": "Array"
}  # fmt: skip
_UPDATE = {
    "status": "Integer", "priority": "Integer", "source": "Integer", "responder_id": "Integer",
    "group_id": "Integer", "tags": "Array", "type": "String", "subject": "String", "description": "String",
    "custom_fields": "key/value pair", "requester_id": "Integer", "due_by": "String", "fr_due_by": "String",
}  # fmt: skip
_OUTBOUND = {
    "email": "String", "subject": "String", "description": "String", "email_config_id": "Integer",
    "status": "Integer", "priority": "Integer", "cc_emails": "Array", "bcc_emails": "Array", "tags": "Array",
    "name": "String", "group_id": "Integer", "type": "String", "custom_fields": "key/value pair",
    "due_by": "String", "fr_due_by": "String",
}  # fmt: skip


class FreshdeskWrites:
    """The endpoints that change something."""

    def __init__(self, desk: Freshdesk) -> None:
        self.desk = desk

    def _ticket(self, call: Call) -> Ticket:
        text = call.arguments["id"]
        ticket = self.desk.tickets.get(int(text)) if text.isdecimal() else None
        if ticket is None or ticket.deleted or ticket.spam:
            raise not_found()
        return ticket

    def _me(self, call: Call) -> int:
        encoded = call.header("Authorization").partition(" ")[2]
        return self.desk.keys[base64.b64decode(encoded).decode().partition(":")[0]]

    def _fields(self, call: Call, allowed: Mapping[str, str], required: tuple[str, ...]) -> dict[str, Any]:
        """The body's fields: known, of their kind, and the required ones there. Raises FreshdeskRefusal."""
        if not call.has_json():
            raise FreshdeskRefusal(Answer(415))
        try:
            body = call.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise FreshdeskRefusal(
                Answer(400, {"code": "invalid_json", "message": "Request body has invalid json format"})
            )
        problems = [
            problem(name, "Unexpected/invalid field in request", "invalid_field")
            for name in body
            if name not in allowed
        ]
        for name in required:
            if body.get(name) is None:
                problems.append(problem(name, "It should be a/an String", "missing_field"))
        for name, value in body.items():
            kind = allowed.get(name)
            if kind is None or value is None:
                continue
            fits = (
                isinstance(value, int) and not isinstance(value, bool)
                if kind == "Integer"
                else isinstance(value, _KINDS[kind])
            )
            if not fits:
                message = f"Value set is of type {type(value).__name__}. It should be a/an {kind}"
                problems.append(problem(name, message, "datatype_mismatch"))
            elif kind == "String" and name in required and not value.strip():
                problems.append(problem(name, "It should not be blank as this is a mandatory field"))
            elif name.endswith("_emails") and not all(_ADDRESS.fullmatch(str(one)) for one in value):
                problems.append(problem(name, "It should contain elements of type valid email format only"))
        if problems:
            raise refused(problems)
        return body

    def reply(self, call: Call) -> Answer:
        """POST /tickets/{id}/reply."""
        ticket = self._ticket(call)
        fields = self._fields(call, _REPLY, ("body",))
        agent_id = fields.get("user_id") or self._me(call)
        if agent_id not in self.desk.agents:
            raise refused([problem("user_id", f"There is no agent matching the given user_id {agent_id}")])
        sender = fields.get("from_email")
        if sender is not None and all(sender != box.address for box in self.desk.mailboxes.values()):
            raise refused([problem("from_email", "There is no active mailbox matching the given from_email")])
        written = self.desk.reply(
            ticket, agent_id, fields["body"], from_email=sender,
            cc_emails=tuple(fields.get("cc_emails") or ()), bcc_emails=tuple(fields.get("bcc_emails") or ()),
        )  # fmt: skip
        return Answer(201, reply_shape(written))

    def note(self, call: Call) -> Answer:
        """POST /tickets/{id}/notes; private unless it says otherwise."""
        ticket = self._ticket(call)
        fields = self._fields(call, _NOTE, ("body",))
        user_id = fields.get("user_id") or self._me(call)
        if user_id not in self.desk.agents and user_id not in self.desk.contacts:
            raise refused([problem("user_id", f"There is no user matching the given user_id {user_id}")])
        private = fields.get("private")
        written = self.desk.note(
            ticket, user_id, fields["body"], private=True if private is None else private,
            incoming=bool(fields.get("incoming")), notify=tuple(fields.get("notify_emails") or ()),
        )  # fmt: skip
        return Answer(201, reply_shape(written))

    def _check(self, fields: dict[str, Any]) -> None:
        problems = []
        if (status := fields.get("status")) is not None and status not in self.desk.statuses:
            choices = ",".join(map(str, self.desk.statuses))
            problems.append(problem("status", f"It should be one of these values: '{choices}'"))
        if (priority := fields.get("priority")) is not None and priority not in (1, 2, 3, 4):
            problems.append(problem("priority", "It should be one of these values: '1,2,3,4'"))
        if (agent_id := fields.get("responder_id")) is not None and agent_id not in self.desk.agents:
            message = f"There is no agent matching the given responder_id {agent_id}"
            problems.append(problem("responder_id", message))
        if any(not isinstance(tag, str) or len(tag) > 32 for tag in fields.get("tags") or ()):
            problems.append(problem("tags", "It should contain elements that are Strings of at most 32 characters"))
        if problems:
            raise refused(problems)

    def update(self, call: Call) -> Answer:
        """PUT /tickets/{id}; `tags` replaces the list."""
        ticket = self._ticket(call)
        fields = self._fields(call, _UPDATE, ())
        if not fields:
            raise refused([problem("request", "Missing required field(s)", "missing_field")])
        self._check(fields)
        if "responder_id" in fields:
            ticket.responder_id = fields["responder_id"]
        if "group_id" in fields:
            ticket.group_id = fields["group_id"]
        if fields.get("priority") is not None:
            ticket.priority = fields["priority"]
        if "type" in fields:
            ticket.kind = fields["type"]
        if fields.get("subject"):
            ticket.subject = fields["subject"]
        if "tags" in fields:
            ticket.tags = list(dict.fromkeys(fields["tags"] or ()))
        ticket.custom_fields |= fields.get("custom_fields") or {}
        if fields.get("status") is not None:
            self.desk.set_status(ticket, fields["status"])
        self.desk.touch(ticket)
        return Answer(200, ticket_shape(self.desk, ticket, {"description"}))

    def outbound_email(self, call: Call) -> Answer:
        """POST /tickets/outbound_email: a ticket that begins with a message of ours; closed by default."""
        fields = self._fields(call, _OUTBOUND, ("email", "subject", "description", "email_config_id"))
        self._check(fields)
        if fields["email_config_id"] not in self.desk.mailboxes:
            raise refused([problem("email_config_id", "There is no active email_config matching it")])
        contact = next((one for one in self.desk.contacts.values() if one.email == fields["email"]), None)
        if contact is None:
            raise refused([problem("email", "There is no contact matching the given email")])
        ticket = self.desk.open_ticket(
            contact.id, fields["subject"], fields["description"], status=fields.get("status") or CLOSED,
            source=SOURCE_OUTBOUND, responder_id=self._me(call), priority=fields.get("priority") or 1,
            tags=list(fields.get("tags") or ()), cc_emails=list(fields.get("cc_emails") or ()),
        )  # fmt: skip
        return Answer(201, ticket_shape(self.desk, ticket, {"description"}))
