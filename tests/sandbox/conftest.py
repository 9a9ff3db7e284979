"""A started sandbox with a frozen clock, and plain clients of its three services."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from cockpit.sandbox import Sandbox, SandboxClock

BEGIN = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)
PAGERDUTY_ACCEPT = "application/vnd.pagerduty+json;version=2"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read whole."""

    status: int
    body: Any
    headers: Any


class Wire:
    """HTTP to a sandbox, with a person's credentials and the headers that each service wants."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        self.credentials = sandbox.credentials()

    async def send(self, method: str, url: str, **options: Any) -> Reply:
        async with self.session.request(method, url, **options) as response:
            text = await response.text()
            is_json = response.content_type == "application/json" and text
            return Reply(response.status, await response.json() if is_json else text, response.headers)

    def pagerduty_headers(self, **changes: str | None) -> dict[str, str]:
        headers: dict[str, str | None] = {
            "Authorization": f"Token token={self.credentials['pagerduty_token']}",
            "Accept": PAGERDUTY_ACCEPT,
            "From": self.credentials["pagerduty_email"],
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in headers.items() if value is not None}

    async def pagerduty(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        params: Any = None,
        headers: dict[str, str | None] | None = None,
    ) -> Reply:
        merged = self.pagerduty_headers(**(headers or {}))
        url = self.sandbox.pagerduty_url + path
        if json is None:
            return await self.send(method, url, params=params, headers=merged)
        return await self.send(method, url, params=params, headers=merged, json=json)

    async def slack(self, method: str, *, token: str | None = None, **arguments: Any) -> Any:
        """Call a Slack method with a JSON body; the answer's body."""
        headers = {"Authorization": f"Bearer {token or self.credentials['slack_token']}"}
        reply = await self.send("POST", self.sandbox.slack_url + method, headers=headers, json=arguments)
        return reply.body

    async def freshdesk(
        self, method: str, path: str, json: Any = None, *, params: Any = None, key: str | None = None, **headers: str
    ) -> Reply:
        pair = f"{key or self.credentials['freshdesk_key']}:X"
        merged = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode(), **headers}
        url = self.sandbox.freshdesk_url + "/api/v2" + path
        if json is None:
            return await self.send(method, url, params=params, headers=merged)
        return await self.send(method, url, params=params, headers=merged, json=json)

    async def control(self, method: str, path: str, json: Any = None) -> Reply:
        return await self.send(method, f"{self.sandbox.url}/_sandbox/{path}", json=json)

    async def incident(self, number: int = 1924) -> dict[str, Any]:
        found: dict[str, Any] = (await self.pagerduty("GET", f"/incidents/{number}")).body["incident"]
        return found

    async def update(self, number: int = 1924, **changes: Any) -> Reply:
        return await self.pagerduty("PUT", f"/incidents/{number}", {"incident": {"type": "incident", **changes}})

    async def log_types(self, number: int = 1924) -> list[str]:
        reply = await self.pagerduty("GET", f"/incidents/{number}/log_entries", params={"limit": "100"})
        return [entry["type"] for entry in reply.body["log_entries"]]

    async def priority(self, name: str = "P1") -> dict[str, str]:
        reply = await self.pagerduty("GET", "/priorities")
        found = next(one["id"] for one in reply.body["priorities"] if one["name"] == name)
        return {"id": found, "type": "priority_reference"}

    async def channel(self, name: str = "jupyterhub_u_inc_1924") -> str:
        """A channel with the bot in it; its id."""
        created = await self.slack("conversations.create", name=name)
        assert created["ok"], created
        found: str = created["channel"]["id"]
        return found

    async def post(self, channel: str, text: str, **more: Any) -> str:
        posted = await self.slack("chat.postMessage", channel=channel, text=text, **more)
        assert posted["ok"], posted
        ts: str = posted["ts"]
        return ts


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def wire(sandbox: Sandbox, session: aiohttp.ClientSession) -> Wire:
    return Wire(sandbox, session)
