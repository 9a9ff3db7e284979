"""Where HTTP ends: each request becomes a Call, meets limits and faults, is answered, and is recorded."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

from cockpit.sandbox.clock import stamp
from cockpit.sandbox.exchange import Answer, Call, Handler
from cockpit.sandbox.faults import Fault, Faults, indiscreet, refusal
from cockpit.sandbox.freshdesk_http import FreshdeskApi
from cockpit.sandbox.limits import Limits
from cockpit.sandbox.pagerduty_http import PagerDutyApi
from cockpit.sandbox.slack_http import SlackApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cockpit.sandbox.story import Story

_SLACK_READINGS = (
    "auth.test", "chat.getPermalink", "conversations.history", "conversations.info", "conversations.list",
    "conversations.members", "conversations.replies", "pins.list", "team.info", "users.info", "users.list",
    "users.lookupByEmail",
)  # fmt: skip
"""All else is a write, what isn't known included, by whatever verb it comes."""
_MOST_RECORDED = 100_000
_PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We'll be back soon</h1>"


@dataclass(slots=True)
class Recorded:
    """A request that reached the sandbox."""

    service: str
    method: str
    path: str
    query: str
    at: str
    """The sandbox's time, ISO 8601 in UTC."""
    write: bool
    """Whether it asked for a change."""
    body: str = ""
    """What a write sent."""
    status: int = 0
    """The answer's status; 0 while there is none, and for a connection that was dropped."""
    took_effect: bool = False
    """Whether the world changed."""
    fault: str | None = None
    """The fault that befell it."""


class Gateway:
    """The three services behind one door."""

    def __init__(self, story: Story, faults: Faults, *, limit_scale: float | None) -> None:
        world = story.world
        self.story = story
        self.world = world
        self.faults = faults
        self.limits = Limits(world, limit_scale)
        self.fail_writes = False
        """Answer every write with 500: the proof that a client only reads."""
        self.recorded: deque[Recorded] = deque(maxlen=_MOST_RECORDED)
        self._handlers: dict[str, Handler] = {
            "pagerduty": PagerDutyApi(world).handle,
            "slack": SlackApi(world).handle,
            "freshdesk": FreshdeskApi(world).handle,
        }
        self._prefixes = {"pagerduty": "/pagerduty", "slack": "/slack/api", "freshdesk": "/freshdesk"}
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """What to hang into the web application."""
        return [web.route("*", f"{prefix}{{tail:.*}}", self._serve) for prefix in self._prefixes.values()]

    def close(self) -> None:
        """Let go of requests that hang."""
        self._closing.set()

    def _call(self, request: web.Request, body: bytes) -> Call:
        service = next(name for name, prefix in self._prefixes.items() if request.path.startswith(prefix))
        prefix = self._prefixes[service]
        base = f"{request.scheme}://{request.host}{prefix}"
        query = tuple((name, value) for name, value in request.query.items())
        path = request.path.removeprefix(prefix) or "/"
        return Call(service, request.method, path, base, query, request.headers, body)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        call = self._call(request, await request.read())
        self.story.run_due()
        write = _is_write(call)
        at = stamp(self.world.present.clock.now())
        body = call.body.decode("utf-8", "replace") if write else ""
        record = Recorded(call.service, call.method, call.path, request.query_string, at, write, body)
        self.recorded.append(record)
        if self.fail_writes and write:
            record.status, record.fault = 500, "fail_writes"
            return self._response(refusal(Fault(call.service, "500"), call), {})
        fault = self.faults.strike(call)
        if fault is not None:
            record.fault = fault.kind
            if fault.kind == "hang":
                await self._closing.wait()
            if fault.kind in ("hang", "drop_before"):
                return _drop(request)
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
                self.story.run_due()
            if fault.kind == "html":
                record.status = 200
                said = escape(call.header("Authorization"))
                return web.Response(text=f"{_PAGE}<pre>{said}</pre></body></html>", content_type="text/html")
            if fault.kind in ("echo", "redirect"):
                answer = indiscreet(fault, call)
                record.status = answer.status
                return self._response(answer, {})
            if fault.kind.isdecimal():
                answer = refusal(fault, call)
                record.status = answer.status
                return self._response(answer, {})
        refused, headers = self.limits.check(call)
        before = self.world.present.changes
        answer = refused if refused is not None else self._handlers[call.service](call)
        record.status = answer.status
        record.took_effect = self.world.present.changes != before
        self.story.run_due()
        if fault is not None and fault.kind == "drop_after":
            record.status = 0
            return _drop(request)
        return self._response(answer, headers, cut=fault is not None and fault.kind == "cut")

    def _response(self, answer: Answer, headers: Mapping[str, str], *, cut: bool = False) -> web.Response:
        date = format_datetime(self.world.present.clock.now(), usegmt=True)
        merged = {"Date": date, **headers, **answer.headers}
        if answer.body is None:
            return web.Response(status=answer.status, headers=merged)
        text = json.dumps(answer.body, ensure_ascii=False)
        if cut:
            text = text[: len(text) // 2]
        # Half a character, which JSON can hold and no encoding can, would spoil each answer that shows it.
        return web.Response(
            status=answer.status, body=text.encode("utf-8", "replace"), content_type="application/json",
            charset="utf-8", headers=merged,
        )  # fmt: skip


def _is_write(call: Call) -> bool:
    if call.service == "slack":
        return call.path.strip("/") not in _SLACK_READINGS
    return call.method not in ("GET", "HEAD", "OPTIONS")


def _drop(request: web.Request) -> web.Response:
    """Close the connection; what is returned finds nobody to go to."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
