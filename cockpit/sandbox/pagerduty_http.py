"""PagerDuty's REST API, version 2: who may ask, what may be asked, and the lists of things to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from cockpit.sandbox import pagerduty_shapes as shapes
from cockpit.sandbox.clock import parse_stamp, stamp
from cockpit.sandbox.exchange import Answer, Call, Route, find_route, route
from cockpit.sandbox.pagerduty import PagerDutyRefusal, invalid_input
from cockpit.sandbox.pagerduty_dedicated import DedicatedChannel
from cockpit.sandbox.pagerduty_writes import PagerDutyWrites

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cockpit.sandbox.pagerduty_values import Incident
    from cockpit.sandbox.world import World

MEDIA_TYPE = "application/vnd.pagerduty+json;version=2"
"""What every request has to accept."""

MOST_PER_PAGE = 100
_Thing = TypeVar("_Thing")


def error_answer(refusal: PagerDutyRefusal) -> Answer:
    """A refusal in PagerDuty's own shape."""
    error: dict[str, Any] = {"message": refusal.message, "code": refusal.code}
    if refusal.errors:
        error["errors"] = refusal.errors
    return Answer(refusal.status, {"error": error})


def token_of(call: Call) -> str:
    """The API key in the Authorization header, whatever it is worth."""
    header = call.header("Authorization")
    if header.startswith("Token token="):
        return header.removeprefix("Token token=").strip().strip('"')
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ").strip()
    return ""


class PagerDutyApi:
    """Answers what is asked under PagerDuty's base URL."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = world.pagerduty
        writes = PagerDutyWrites(world)
        self._dedicated = DedicatedChannel(world)
        self._routes: list[Route] = [
            route("GET", "/incidents", self._list_incidents),
            route("POST", "/incidents", writes.create),
            route("PUT", "/incidents", writes.update_many),
            route("GET", "/incidents/{id}", self._get_incident),
            route("PUT", "/incidents/{id}", writes.update),
            route("GET", "/incidents/{id}/log_entries", self._list_log),
            route("GET", "/incidents/{id}/alerts", self._list_alerts),
            route("GET", "/incidents/{id}/notes", self._list_notes),
            route("POST", "/incidents/{id}/notes", writes.note),
            route("POST", "/incidents/{id}/status_updates", writes.status_update),
            route("POST", "/incidents/{id}/responder_requests", writes.request_responders),
            route("POST", "/incidents/{id}/snooze", writes.snooze),
            route("GET", "/log_entries", self._list_all_log),
            route("GET", "/priorities", self._list_priorities),
            route("GET", "/services", self._list_services),
            route("GET", "/services/{id}", self._get_service),
            route("GET", "/users", self._list_users),
            route("GET", "/users/me", self._get_me),
            route("GET", "/users/{id}", self._get_user),
            route("GET", "/escalation_policies", self._list_policies),
            route("GET", "/escalation_policies/{id}", self._get_policy),
            route("GET", "/oncalls", self._list_oncalls),
            route("GET", "/abilities", self._list_abilities),
        ]

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            return self._answer(call)
        except PagerDutyRefusal as refusal:
            return error_answer(refusal)

    def _answer(self, call: Call) -> Answer:
        if token_of(call) not in self.account.tokens:
            raise PagerDutyRefusal(401, 2006, "Unauthorized")
        if call.path.startswith("/integration-slack/"):
            return self._dedicated.answer(call, self.account.tokens[token_of(call)])
        if MEDIA_TYPE not in call.header("Accept").replace(" ", ""):
            raise PagerDutyRefusal(406, 2011, f"The Accept header has to name {MEDIA_TYPE}")
        found, arguments, known = find_route(self._routes, call.method, call.path)
        if found is None:
            if known:
                raise PagerDutyRefusal(405, 2100, "Method Not Allowed")
            raise PagerDutyRefusal(404, 2100, "Not Found")
        return found.handler(
            Call(call.service, call.method, call.path, call.base, call.query, call.headers, call.body, arguments)
        )

    def _incident(self, call: Call) -> Incident:
        """The incident that the path names by id or number. Raises the refusal for none."""
        return self.account.find(call.arguments["id"])

    def _page(
        self, call: Call, name: str, things: Sequence[_Thing], shape: Callable[[_Thing], dict[str, Any]]
    ) -> Answer:
        """One page by `limit` and `offset`, with `more`; `total` is counted only on request."""
        try:
            limit, offset = int(call.first("limit", "25")), int(call.first("offset", "0"))
        except ValueError:
            raise invalid_input("Limit and offset have to be numbers") from None
        if not 1 <= limit <= MOST_PER_PAGE:
            raise invalid_input(f"Limit must be between 1 and {MOST_PER_PAGE}")
        if offset < 0 or offset + limit > 10_000:
            raise invalid_input("Offset plus limit must not be greater than 10000")
        part = things[offset : offset + limit]
        body = {
            name: [shape(thing) for thing in part],
            "limit": limit,
            "offset": offset,
            "total": len(things) if call.first("total") == "true" else None,
            "more": offset + limit < len(things),
        }
        return Answer(200, body)

    def _moment(self, call: Call, name: str) -> datetime | None:
        text = call.first(name)
        if not text:
            return None
        try:
            return parse_stamp(text)
        except ValueError:
            raise invalid_input(f"{name.capitalize()} is not a valid ISO 8601 time") from None

    def _list_incidents(self, call: Call) -> Answer:
        incidents = list(self.account.incidents.values())
        if call.first("date_range") != "all":
            until = self._moment(call, "until") or self.world.present.now() + timedelta(days=1)
            since = self._moment(call, "since") or until - timedelta(days=31)
            if until - since > timedelta(days=184):
                raise invalid_input("The date range may not span more than 6 months")
            incidents = [one for one in incidents if since <= one.created_at < until]
        statuses = call.every("statuses")
        if any(status not in ("triggered", "acknowledged", "resolved") for status in statuses):
            raise invalid_input("Status must be a list of triggered, acknowledged, or resolved.")
        if statuses:
            incidents = [one for one in incidents if one.status in statuses]
        if urgencies := call.every("urgencies"):
            incidents = [one for one in incidents if one.urgency in urgencies]
        if services := call.every("service_ids"):
            incidents = [one for one in incidents if one.service_id in services]
        if users := call.every("user_ids"):
            incidents = [one for one in incidents if any(user in users for _, user in one.assignments)]
        if key := call.first("incident_key"):
            incidents = [one for one in incidents if one.key == key]
        for criterion in reversed(call.first("sort_by", "created_at:asc").split(",")):
            name, _, direction = criterion.partition(":")
            if name not in ("incident_number", "created_at", "resolved_at", "urgency"):
                raise invalid_input("Sort_by is invalid")
            incidents.sort(
                key=lambda one, name=name: _sort_key(one, name),  # type: ignore[misc]
                reverse=direction == "desc",
            )
        include = set(call.every("include"))
        return self._page(call, "incidents", incidents, lambda one: shapes.incident_shape(self.account, one, include))

    def _get_incident(self, call: Call) -> Answer:
        include = set(call.every("include"))
        shape = shapes.incident_shape(self.account, self._incident(call), include)
        return Answer(200, {"incident": shape})

    def _list_log(self, call: Call) -> Answer:
        return self._log(call, [self._incident(call)])

    def _list_all_log(self, call: Call) -> Answer:
        return self._log(call, list(self.account.incidents.values()))

    def _log(self, call: Call, incidents: list[Incident]) -> Answer:
        since, until = self._moment(call, "since"), self._moment(call, "until")
        include = set(call.every("include"))
        entries = [
            (entry, incident)
            for incident in incidents
            for entry in reversed(incident.log)
            if (since is None or entry.created_at >= since) and (until is None or entry.created_at < until)
        ]
        entries.sort(key=lambda pair: pair[0].created_at, reverse=True)
        return self._page(
            call,
            "log_entries",
            entries,
            lambda pair: shapes.log_entry(self.account, pair[1], pair[0], include),
        )

    def _list_alerts(self, call: Call) -> Answer:
        incident = self._incident(call)
        statuses = call.every("statuses")
        alerts = [one for one in incident.alerts if not statuses or one.status in statuses]
        return self._page(call, "alerts", alerts, lambda one: shapes.alert(self.account, incident, one))

    def _list_notes(self, call: Call) -> Answer:
        notes = reversed(self._incident(call).notes)
        return Answer(200, {"notes": [shapes.note(self.account, one) for one in notes]})

    def _list_priorities(self, call: Call) -> Answer:
        if not self.account.priorities:
            raise PagerDutyRefusal(404, 2100, "Not Found")
        priorities = sorted(self.account.priorities.values(), key=lambda one: one.rank)
        return self._page(call, "priorities", priorities, lambda one: shapes.priority(self.account, one))

    def _list_services(self, call: Call) -> Answer:
        query = call.first("query").lower()
        services = [one for one in self.account.services.values() if query in one.name.lower()]
        services.sort(key=lambda one: one.name)
        return self._page(call, "services", services, lambda one: shapes.service(self.account, one))

    def _get_service(self, call: Call) -> Answer:
        one = self.account.services.get(call.arguments["id"])
        if one is None:
            raise PagerDutyRefusal(404, 2100, "Not Found")
        return Answer(200, {"service": shapes.service(self.account, one)})

    def _list_users(self, call: Call) -> Answer:
        query = call.first("query").lower()
        users = [one for one in self.account.users.values() if query in one.name.lower() or query in one.email]
        users.sort(key=lambda one: one.name)
        return self._page(call, "users", users, lambda one: shapes.user(self.account, one))

    def _get_me(self, call: Call) -> Answer:
        user_id = self.account.tokens[token_of(call)]
        if not user_id:
            raise PagerDutyRefusal(400, 2014, "The request requires a user-level API key")
        return Answer(200, {"user": shapes.user(self.account, self.account.users[user_id])})

    def _get_user(self, call: Call) -> Answer:
        one = self.account.users.get(call.arguments["id"])
        if one is None:
            raise PagerDutyRefusal(404, 2100, "Not Found")
        return Answer(200, {"user": shapes.user(self.account, one)})

    def _list_policies(self, call: Call) -> Answer:
        return self._page(call, "escalation_policies", [0], lambda _: shapes.policy(self.account))

    def _get_policy(self, call: Call) -> Answer:
        if call.arguments["id"] != self.account.policy_id:
            raise PagerDutyRefusal(404, 2100, "Not Found")
        return Answer(200, {"escalation_policy": shapes.policy(self.account)})

    def _list_oncalls(self, call: Call) -> Answer:
        now = self.world.present.now()
        policies = call.every("escalation_policy_ids")
        users = call.every("user_ids")
        shifts = [
            shift
            for shift in sorted(self.account.rota, key=lambda one: one.level)
            if shift.covers(now)
            and (not users or shift.user_id in users)
            and (not policies or self.account.policy_id in policies)
        ]
        whole = "users" in call.every("include")

        def shape(shift: Any) -> dict[str, Any]:
            person = (
                shapes.user(self.account, self.account.users[shift.user_id])
                if whole
                else shapes.user_reference(self.account, shift.user_id)
            )
            always = shift.start == shift.end
            return {
                "escalation_policy": shapes.policy_reference(self.account),
                "escalation_level": shift.level,
                "schedule": None,
                "user": person,
                "start": None if always else stamp(_at_clock(now, shift.start, later=False)),
                "end": None if always else stamp(_at_clock(now, shift.end, later=True)),
            }

        return self._page(call, "oncalls", shifts, shape)

    def _list_abilities(self, call: Call) -> Answer:
        return Answer(200, {"abilities": list(self.account.abilities)})


def _sort_key(incident: Incident, name: str) -> Any:
    if name == "incident_number":
        return incident.number
    if name == "urgency":
        return incident.urgency
    moment = incident.resolved_at if name == "resolved_at" else incident.created_at
    return moment or incident.created_at


def _at_clock(now: datetime, clock: str, *, later: bool) -> datetime:
    """The nearest moment before or after now at which a wall clock shows this time."""
    hour, minute = map(int, clock.split(":"))
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if later and moment <= now:
        return moment + timedelta(days=1)
    if not later and moment > now:
        return moment - timedelta(days=1)
    return moment
