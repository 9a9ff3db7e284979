"""The sandbox's own endpoints, under `/_sandbox/`: look at the world, push its clock, break its wire."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from cockpit.sandbox import freshdesk_shapes, pagerduty_shapes, slack_shapes
from cockpit.sandbox.clock import stamp
from cockpit.sandbox.faults import Fault
from cockpit.sandbox.scenario import ScenarioError, read_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.sandbox.gateway import Gateway
    from cockpit.sandbox.pagerduty_values import Incident
    from cockpit.sandbox.slack import Channel


def world_state(gateway: Gateway) -> dict[str, Any]:
    """Everything that the sandbox holds, as JSON values: deleted messages, thread replies and metadata too."""
    story, world = gateway.story, gateway.world
    clock = world.present.clock
    desk = world.freshdesk
    return {
        "scenario": story.scenario.name,
        "clock": {"now": clock.now().isoformat(), "origin": clock.origin.isoformat(), "speed": clock.speed},
        "changes": world.present.changes,
        "waiting": story.waiting(),
        "pending": story.pending(),
        "faults": gateway.faults.listed(),
        "fail_writes": gateway.fail_writes,
        "people": {key: asdict(person) for key, person in world.people.items()},
        "pagerduty": {"incidents": [_incident(gateway, one) for one in world.pagerduty.incidents.values()]},
        "slack": {"channels": [_channel(gateway, one) for one in world.slack.channels.values()]},
        "freshdesk": {
            "tickets": [
                freshdesk_shapes.ticket_shape(desk, one, {"description", "requester", "company", "stats"})
                | {"conversations": [freshdesk_shapes.conversation_shape(desk, each) for each in one.conversations]}
                for one in desk.tickets.values()
            ]
        },
    }


def _incident(gateway: Gateway, incident: Incident) -> dict[str, Any]:
    account = gateway.world.pagerduty
    return pagerduty_shapes.incident_shape(account, incident, {"body"}) | {
        "log_entries": [pagerduty_shapes.log_entry(account, incident, one, set()) for one in incident.log],
        "alerts": [pagerduty_shapes.alert(account, incident, one) for one in incident.alerts],
        "notes": [pagerduty_shapes.note(account, one) for one in incident.notes],
        "channel_id": incident.channel_id,
    }


def _channel(gateway: Gateway, channel: Channel) -> dict[str, Any]:
    slack = gateway.world.slack
    shape = slack_shapes.channel_shape(slack, channel, "")
    return shape | {
        "members": list(channel.members),
        "pins": [pin[0] for pin in channel.pins],
        "messages": [
            slack_shapes.message_shape(slack, channel, one, metadata=True)
            | {"deleted": one.deleted, "text": one.text, "thread_ts": one.thread_ts}
            for one in channel.messages
        ],
    }


class Control:
    """Answers under `/_sandbox/`."""

    def __init__(self, gateway: Gateway, advance: Callable[[float], None]) -> None:
        self.gateway = gateway
        self._advance = advance

    def routes(self) -> list[web.RouteDef]:
        """What to hang into the web application."""
        return [
            web.get("/_sandbox/state", self._state),
            web.get("/_sandbox/requests", self._requests),
            web.get("/_sandbox/faults", self._list_faults),
            web.post("/_sandbox/faults", self._set_faults),
            web.post("/_sandbox/advance", self._push),
            web.post("/_sandbox/event", self._event),
            web.post("/_sandbox/fail_writes", self._fail_writes),
        ]

    async def _body(self, request: web.Request) -> dict[str, Any]:
        try:
            body = await request.json() if request.can_read_body else {}
        except json.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            raise web.HTTPBadRequest(text="the body has to be a JSON object")
        return body

    async def _state(self, _request: web.Request) -> web.Response:
        self.gateway.story.run_due()
        return web.json_response(world_state(self.gateway))

    async def _requests(self, _request: web.Request) -> web.Response:
        return web.json_response({"requests": [asdict(one) for one in self.gateway.recorded]})

    async def _list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self.gateway.faults.listed()})

    async def _set_faults(self, request: web.Request) -> web.Response:
        """`{"clear": true}` or `{"clear": "slack"}`, and a fault's own fields, or a list of them under `faults`."""
        body = await self._body(request)
        clear = body.pop("clear", False)
        wanted = body.pop("faults", [body] if body else [])
        try:
            faults = [Fault(**one) for one in wanted]
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if clear:
            self.gateway.faults.clear(clear if isinstance(clear, str) else None)
        for fault in faults:
            self.gateway.faults.add(fault)
        return web.json_response({"faults": self.gateway.faults.listed()})

    async def _push(self, request: web.Request) -> web.Response:
        try:
            self._advance(float((await self._body(request))["seconds"]))
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text="seconds: has to be a number, 0 or more") from error
        return web.json_response({"now": stamp(self.gateway.world.present.clock.now())})

    async def _event(self, request: web.Request) -> web.Response:
        """Let an event of the scenario's kinds happen now; one about a channel that isn't there yet waits."""
        body = await self._body(request)
        self.gateway.story.run_due()
        try:
            applied = self.gateway.story.inject(read_event(body))
        except ScenarioError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"applied": applied})

    async def _fail_writes(self, request: web.Request) -> web.Response:
        """Refuse every write with 500, or with `{"on": false}` no longer."""
        self.gateway.fail_writes = bool((await self._body(request)).get("on", True))
        return web.json_response({"fail_writes": self.gateway.fail_writes})
