"""PagerDuty: incidents, their history, who is on call; and what can be done to an incident.

Every method raises the errors of `errors`; none sends anything twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cockpit.incident.facts import Alert, Incident, IncidentNote, LogEntry, OnCall, Person, Responder, Source
from cockpit.services import pagerduty_wire as wire
from cockpit.services.call import Call
from cockpit.services.errors import NotFound, Refused
from cockpit.services.pagerduty_line import PagerDutyLine
from cockpit.services.wire import Json, items, number, obj, readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cockpit.services.pagerduty_wire import ChannelRef, ServiceRef

CHANNEL_RIGHTS = "a user token of an Owner or Global Admin, and PagerDuty's Slack integration"
"""Who may use PagerDuty's dedicated Slack channels."""

EVERYWHEN: Json = {"date_range": "all"}
"""Without it PagerDuty looks back for a month only."""

LONGEST_RANGE = timedelta(days=180)
"""PagerDuty refuses to list a range of more than six months."""

WITH_BODY: Json = {"include[]": ["body"]}
"""Without it an incident comes without its body, which holds the links to the tickets."""


class PagerDuty(PagerDutyLine):
    """A PagerDuty account, through one person's token or an account-level key."""

    # --- reading --------------------------------------------------------------------------------------------

    async def me(self) -> Person | None:
        """The token's user, or None: an account-level key is nobody's."""
        call = _reading("read who the PagerDuty token belongs to")
        try:
            body = await self._ask(call, "GET", "users/me")
        except Refused as refusal:
            if refusal.status == 400:
                return None
            raise
        return call.read(wire.person, body.get("user"))

    async def open_incidents(self) -> tuple[Incident, ...]:
        """All that are triggered or acknowledged, newest first."""
        call = _reading("list the open PagerDuty incidents")
        params = {"statuses[]": ["triggered", "acknowledged"], "sort_by": "created_at:desc"} | EVERYWHEN | WITH_BODY
        found = readable(
            wire.incident, await self._with_emails(await self._all(call, "incidents", "incidents", params))
        )
        return tuple(sorted(found, key=lambda one: (one.created_at, one.number), reverse=True))

    async def incidents(self, since: datetime, until: datetime) -> tuple[Incident, ...]:
        """All that were created from `since` on and before `until`, resolved ones too, newest first."""
        call = _reading("list the PagerDuty incidents")
        listed: list[Any] = []
        while since < until:
            end = min(since + LONGEST_RANGE, until)
            params = {"statuses[]": ["triggered", "acknowledged", "resolved"], "sort_by": "created_at:desc"} | WITH_BODY
            params |= {"since": since.isoformat(), "until": end.isoformat()}
            listed += await self._all(call, "incidents", "incidents", params)
            since = end
        found = {one.id: one for one in readable(wire.incident, await self._with_emails(listed))}
        return tuple(sorted(found.values(), key=lambda one: (one.created_at, one.number), reverse=True))

    async def incident(self, incident_id: str) -> Incident:
        """The incident with that id, or with that number, which PagerDuty takes for an id too."""
        return (await self.details(incident_id))[0]

    async def details(self, incident_id: str) -> tuple[Incident, tuple[Responder, ...]]:
        """The incident and those asked to respond, in one request."""
        call = _reading(f"read PagerDuty incident {incident_id}")
        body = await self._ask(call, "GET", _path(incident_id), params=WITH_BODY)
        one = await self._with_emails(obj(body.get("incident")))
        found = call.read(wire.incident, one)
        if incident_id.isdigit() and found.number != int(incident_id):
            raise call.refused(f"it answered with incident {found.number}", kind=NotFound)
        return found, wire.responders(one)

    async def find(self, incident_number: int) -> Incident | None:
        """The incident with that number, or None.

        Where PagerDuty doesn't take the number, the list is searched.
        """
        try:
            return await self.incident(str(incident_number))
        except Refused as refusal:
            if not isinstance(refusal, NotFound) and refusal.status != 400:
                raise
        call = _reading(f"look for PagerDuty incident {incident_number}")
        params = {"sort_by": "incident_number:desc"} | EVERYWHEN | WITH_BODY
        async for page in self._pages(call, "incidents", "incidents", params):
            numbers = [number(obj(one).get("incident_number")) or 0 for one in page]
            if incident_number in numbers:
                return call.read(wire.incident, await self._with_emails(page[numbers.index(incident_number)]))
            if numbers and min(numbers) < incident_number:
                return None
        return None

    async def find_by_key(self, key: str) -> Incident | None:
        """The newest incident that was created with this key, or None."""
        call = _reading("look for a PagerDuty incident by its key")
        listed = await self._all(call, "incidents", "incidents", {"incident_key": key} | EVERYWHEN | WITH_BODY)
        found = [one for one in readable(wire.incident, await self._with_emails(listed)) if one.incident_key == key]
        return max(found, key=lambda one: (one.created_at, one.number), default=None)

    async def alerts(self, incident_id: str) -> tuple[Alert, ...]:
        """The alerts grouped under the incident, oldest first."""
        call = _reading(f"read the alerts of PagerDuty incident {incident_id}")
        found = readable(wire.alert, await self._all(call, f"{_path(incident_id)}/alerts", "alerts"))
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))

    async def notes(self, incident_id: str) -> tuple[IncidentNote, ...]:
        """The notes on the incident, oldest first."""
        call = _reading(f"read the notes of PagerDuty incident {incident_id}")
        body = await self._with_emails(await self._ask(call, "GET", f"{_path(incident_id)}/notes"))
        # As with the log: newest first, to the second.
        found = readable(wire.note, reversed(items(body.get("notes"))))
        return tuple(sorted(found, key=lambda one: one.at))

    async def log_entries(self, incident_id: str, since: datetime | None = None) -> tuple[LogEntry, ...]:
        """The incident's history, or the part from `since` on, oldest first."""
        call = _reading(f"read the log of PagerDuty incident {incident_id}")
        params: Json = {"include[]": ["channels"], "time_zone": "UTC"}
        if since is not None:
            params["since"] = since.isoformat()
        listed = await self._all(call, f"{_path(incident_id)}/log_entries", "log_entries", params)
        # PagerDuty lists the newest first and puts several into one second: the sorting keeps their order.
        found = readable(wire.log_entry, reversed(await self._with_emails(listed)))
        return tuple(sorted(found, key=lambda one: one.at))

    async def on_call(self, escalation_policy_id: str) -> tuple[OnCall, ...]:
        """Who is on call now for that policy, level 1 first."""
        call = _reading("read who is on call in PagerDuty")
        params = {"escalation_policy_ids[]": [escalation_policy_id], "include[]": ["users"]}
        # An entry has no id of its own.
        found = readable(wire.on_call, await self._with_emails(await self._all(call, "oncalls", "oncalls", params)))
        return tuple(sorted({(one.level, one.person.id): one for one in found}.values(), key=lambda one: one.level))

    async def priorities(self) -> Mapping[str, str]:
        """The priorities' names to their ids; empty where the plan has none."""
        call = _reading("list the PagerDuty priorities")
        try:
            return wire.priorities({"priorities": await self._all(call, "priorities", "priorities")})
        except NotFound:
            return {}

    async def services(self) -> tuple[ServiceRef, ...]:
        """The services, by name."""
        call = _reading("list the PagerDuty services")
        found = readable(wire.service_ref, await self._all(call, "services", "services"))
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    async def users(self) -> tuple[Person, ...]:
        """The users, by name."""
        call = _reading("list the PagerDuty users")
        found = readable(wire.person, await self._all(call, "users", "users"))
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    async def dedicated_channel(self, incident_id: str) -> ChannelRef | None:
        """The incident's own Slack channel, or None; `Forbidden` where the token may not ask."""
        call = _reading(f"read the Slack channel of PagerDuty incident {incident_id}", CHANNEL_RIGHTS)
        try:
            body = await self._ask(call, "GET", _channel(incident_id), headers=_PLAIN_JSON)
        except NotFound:
            return None
        return call.read(wire.channel_ref, body)

    # --- writing --------------------------------------------------------------------------------------------

    async def acknowledge(self, incident_id: str) -> Incident:
        """Take it on, as the token's user. On a resolved incident this would reopen it: look first."""
        return await self._change(incident_id, "acknowledge", {"status": "acknowledged"})

    async def resolve(self, incident_id: str, resolution: str | None = None) -> Incident:
        """Resolve it; `resolution` becomes a note."""
        change = {"status": "resolved"} | ({"resolution": resolution} if resolution else {})
        return await self._change(incident_id, "resolve", change)

    async def trigger(self, incident_id: str) -> Incident:
        """Reopen it when it is resolved; take the acknowledgement back when it is acknowledged."""
        return await self._change(incident_id, "reopen", {"status": "triggered"})

    async def set_priority(self, incident_id: str, name: str | None) -> Incident:
        """Give it the priority with that name, or none."""
        doing = f"set the priority of PagerDuty incident {incident_id} to {name or 'none'}"
        reference = await self._priority(name, doing)
        return await self._change(incident_id, "set the priority of", {"priority": reference}, doing)

    async def assign(self, incident_id: str, user_ids: Sequence[str]) -> Incident:
        """Hand it to these users, in place of those who have it."""
        people = [{"assignee": {"id": known, "type": "user_reference"}} for known in user_ids]
        return await self._change(incident_id, "reassign", {"assignments": people})

    async def create(self, title: str, service_id: str, priority: str | None, body: str, key: str) -> Incident:
        """Open an incident.

        `key` is how it is found again; a second open one with the same key is refused.
        """
        call = _writing("create a PagerDuty incident")
        incident: Json = {
            "type": "incident",
            "title": title,
            "service": {"id": service_id, "type": "service_reference"},
            "body": {"type": "incident_body", "details": body},
            "incident_key": key,
        }
        if priority is not None:
            incident["priority"] = await self._priority(priority, call.doing)
        answer = await self._ask(call, "POST", "incidents", body={"incident": incident})
        return call.read(wire.incident, self._with_known_emails(answer.get("incident")))

    async def add_note(self, incident_id: str, content: str) -> IncidentNote:
        """Write a note on it. Nothing in PagerDuty keeps the same note from being written twice."""
        call = _writing(f"add a note to PagerDuty incident {incident_id}")
        body = {"note": {"content": content}}
        answer = await self._ask(call, "POST", f"{_path(incident_id)}/notes", body=body)
        return call.read(wire.note, self._with_known_emails(answer.get("note")))

    async def create_dedicated_channel(self, incident_id: str, name: str, team_id: str) -> ChannelRef:
        """Let PagerDuty open the incident's public channel `name` in that Slack workspace."""
        call = _writing(f"open the Slack channel of PagerDuty incident {incident_id}", CHANNEL_RIGHTS)
        body = {"channel": {"name": name, "privacy": "public", "slack_team_id": team_id}}
        return call.read(
            wire.channel_ref,
            await self._ask(call, "POST", _channel(incident_id), body=body, headers=_PLAIN_JSON),
        )

    async def request_responders(self, incident_id: str, user_ids: Sequence[str], message: str) -> None:
        """Ask these users to respond. `Forbidden` where the plan hasn't the ability."""
        call = _writing(f"ask for responders on PagerDuty incident {incident_id}", "the ability to request responders")
        self._requester = requester = self._requester or await self.me() or await self._me_by_email()
        if requester is None:
            raise call.refused("an account-level key asks in the name of nobody", code="no_requester")
        targets = [{"responder_request_target": {"id": known, "type": "user_reference"}} for known in user_ids]
        body = {"requester_id": requester.id, "message": message, "responder_request_targets": targets}
        await self._ask(call, "POST", f"{_path(incident_id)}/responder_requests", body=body)

    # --- how ------------------------------------------------------------------------------------------------

    async def _change(self, incident_id: str, verb: str, change: Json, doing: str | None = None) -> Incident:
        call = _writing(doing or f"{verb} PagerDuty incident {incident_id}")
        body = {"incident": {"type": "incident_reference"} | change}
        answer = await self._ask(call, "PUT", _path(incident_id), body=body)
        return call.read(wire.incident, self._with_known_emails(answer.get("incident")))

    async def _priority(self, name: str | None, doing: str) -> Any:
        if name is None:
            return None
        if name not in self._priorities:
            self._priorities = await self.priorities()
        if name not in self._priorities:
            has = ", ".join(self._priorities) or "none at all"
            raise _writing(doing).refused(f"it has no priority named {name}, but {has}", code="unknown_priority")
        return {"id": self._priorities[name], "type": "priority_reference"}

    async def _me_by_email(self) -> Person | None:
        mine = (self._email or "").casefold()
        return next((one for one in await self.users() if mine and (one.email or "").casefold() == mine), None)


_PLAIN_JSON = {"Accept": "application/json"}


def _path(incident_id: str) -> str:
    return f"incidents/{quote(incident_id, safe='')}"


def _channel(incident_id: str) -> str:
    return f"integration-slack/{_path(incident_id)}/dedicated_channel"


def _reading(doing: str, needs: str = "a role in PagerDuty that may see it") -> Call:
    return Call(Source.PAGERDUTY, doing, needs=needs)


def _writing(doing: str, needs: str = "a key that may write, of somebody who may respond") -> Call:
    return Call(Source.PAGERDUTY, doing, write=True, needs=needs)
