"""The sandbox on loopback, and clients that speak to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from cockpit.sandbox import Sandbox
from cockpit.services.freshdesk import Freshdesk
from cockpit.services.pagerduty import PagerDuty
from cockpit.services.slack import Slack


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A world with one triggered incident and one ticket."""
    async with Sandbox("quiet", rate_limits=False) as running:
        yield running


@pytest.fixture
async def connect(sandbox: Sandbox) -> AsyncIterator[Callable[..., Any]]:
    """Make a client of that service, as that person; closed at the end."""
    made: list[Any] = []

    def make(service: str, person: str | None = None, **options: Any) -> Any:
        known = sandbox.credentials(person)
        if service == "pagerduty":
            token = options.pop("token", known["pagerduty_token"])
            address = options.pop("api_url", sandbox.pagerduty_url)
            client: Any = PagerDuty(token, known["pagerduty_email"], api_url=address, **options)
        elif service == "slack":
            token = options.pop("token", known["slack_token"])
            client = Slack(token, options.pop("api_url", sandbox.slack_url), **options)
        else:
            key = options.pop("token", known["freshdesk_key"])
            client = Freshdesk(options.pop("api_url", sandbox.freshdesk_url), key, **options)
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def pagerduty(connect: Callable[..., Any]) -> PagerDuty:
    """PagerDuty, as the first responder."""
    client: PagerDuty = connect("pagerduty")
    return client


@pytest.fixture
def slack(connect: Callable[..., Any]) -> Slack:
    """Slack, as the cockpit's bot."""
    client: Slack = connect("slack")
    return client


@pytest.fixture
def freshdesk(connect: Callable[..., Any]) -> Freshdesk:
    """Freshdesk, as the first responder."""
    client: Freshdesk = connect("freshdesk")
    return client
