"""Every fault of the wire, on a reading and on a writing of each service: the right error, and nothing sent twice."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cockpit.incident.facts import Source
from cockpit.sandbox import Sandbox
from cockpit.services.errors import (
    Forbidden,
    Limited,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    Refused,
    ServiceError,
    Unreachable,
)

Connect = Callable[..., Any]

SERVICES = ("pagerduty", "slack", "freshdesk")

# The slow and the hanging answer come long after this; all others at once, on however busy a machine.
PATIENCE = 1.5

READ: dict[str, type[ServiceError]] = {
    "slow": Unreachable,
    "hang": Unreachable,
    "401": NotAuthorised,
    "403": Forbidden,
    "404": NotFound,
    "429": Limited,
    "500": Unreachable,
    "html": Unreachable,
    "cut": Unreachable,
    "drop_before": Unreachable,
    "drop_after": Unreachable,
}
WRITE: dict[str, type[ServiceError]] = READ | dict.fromkeys(
    ("slow", "hang", "500", "html", "cut", "drop_before", "drop_after"), OutcomeUnknown
)


@dataclass
class Subject:
    """A client that is connected already, one reading and one writing of it."""

    client: Any
    read: Callable[[], Any]
    write: Callable[[], Any]


async def subject(service: str, connect: Connect, sandbox: Sandbox, timeout: float) -> Subject:
    """The fault strikes later: by then the libraries are loaded and what the calls need is known."""
    if service == "slack":
        channel = await connect(service, timeout=30.0).create_channel("inc_faults")
    else:
        await connect(service, timeout=30.0).me()
    client = connect(service, timeout=timeout)
    if service == "pagerduty":
        found = (await client.open_incidents())[0]
        one = Subject(client, lambda: client.incident(found.id), lambda: client.add_note(found.id, "looked"))
    elif service == "slack":
        one = Subject(client, lambda: client.history(channel.id), lambda: client.post(channel.id, "looked"))
    else:
        one = Subject(client, lambda: client.ticket(4038), lambda: client.private_note(4038, "<p>looked</p>"))
    await one.read()
    await one.write()
    return one


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", READ)
async def test_a_reading(service: str, kind: str, connect: Connect, sandbox: Sandbox) -> None:
    one = await subject(service, connect, sandbox, PATIENCE if kind in ("slow", "hang") else 30.0)
    sandbox.fault(service, kind, seconds=60, retry_after=7)
    started = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        await one.read()
    assert type(caught.value) is READ[kind]
    if kind.startswith("drop"):
        assert "Nothing was sent" not in str(caught.value), "it was, over a connection that stood"
    assert time.monotonic() - started < 20, "the sandbox would answer after a minute"
    told(caught.value, service, kind, sandbox)
    sandbox.clear_faults()
    await one.read()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", WRITE)
async def test_a_writing_is_sent_exactly_once(service: str, kind: str, connect: Connect, sandbox: Sandbox) -> None:
    one = await subject(service, connect, sandbox, PATIENCE if kind in ("slow", "hang") else 30.0)
    before = len(sandbox.requests)
    sandbox.fault(service, kind, seconds=60, retry_after=7)
    with pytest.raises(ServiceError) as caught:
        await one.write()
    assert type(caught.value) is WRITE[kind]
    told(caught.value, service, kind, sandbox)
    sent = sandbox.requests[before:]
    assert [(request.write, request.fault) for request in sent] == [(True, kind)]
    assert sent[0].took_effect is (kind in ("cut", "drop_after"))
    sandbox.clear_faults()
    await one.write()
    assert len(sandbox.requests) == before + 2


def told(error: ServiceError, service: str, kind: str, sandbox: Sandbox) -> None:
    """What every error tells, and what none does."""
    assert error.source is Source(service)
    assert error.doing
    assert error.doing in str(error)
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    for secret in sandbox.credentials().values():
        assert secret not in shown or "@" in secret
    if isinstance(error, Limited):
        assert error.retry_after == 7
    if isinstance(error, Refused):
        assert error.status is not None
    if isinstance(error, Forbidden):
        assert error.permission
        assert error.permission in str(error)
    if service == "slack" and kind == "403":
        assert error.permission == "the Slack scope admin"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_credential_that_is_not_taken(service: str, connect: Connect) -> None:
    client = connect(service, token="nobodys-token-0123456789")
    with pytest.raises(NotAuthorised) as caught:
        await client.me()
    assert "credential" in str(caught.value)
    assert "nobodys-token-0123456789" not in str(caught.value) + repr(client)


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_listens_there(service: str, connect: Connect, unused_tcp_port: int) -> None:
    client = connect(service, api_url=f"http://127.0.0.1:{unused_tcp_port}")
    writes = {
        "pagerduty": lambda: client.acknowledge("Q1"),
        "slack": lambda: client.join("C1"),
        "freshdesk": lambda: client.set_status(1, 2),
    }
    for call in (client.me, writes[service]):
        with pytest.raises(Unreachable, match="connection refused") as caught:
            await call()
        assert "Nothing was sent" in str(caught.value)


@pytest.mark.parametrize("service", SERVICES)
async def test_closing_is_instant_while_calls_hang(service: str, connect: Connect, sandbox: Sandbox) -> None:
    one = await subject(service, connect, sandbox, 30.0)
    before = len(sandbox.requests)
    sandbox.fault(service, "hang")
    hanging = [asyncio.ensure_future(one.read()), asyncio.ensure_future(one.write())]
    while len(sandbox.requests) < before + 2:
        await asyncio.sleep(0.01)
    started = time.monotonic()
    await one.client.close()
    errors = await asyncio.gather(*hanging, return_exceptions=True)
    assert time.monotonic() - started < 5, "the calls would hang for half a minute"
    assert [type(error) for error in errors] == [Unreachable, OutcomeUnknown]
    with pytest.raises(Unreachable, match="closed"):
        await one.read()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_call_that_is_cancelled_leaves_the_client_usable(
    service: str, connect: Connect, sandbox: Sandbox
) -> None:
    one = await subject(service, connect, sandbox, 30.0)
    before = len(sandbox.requests)
    sandbox.fault(service, "hang", count=1)
    task = asyncio.ensure_future(one.read())
    while len(sandbox.requests) == before:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await one.read()


async def test_no_write_to_pagerduty_waits_behind_a_reading_that_hangs(connect: Connect, sandbox: Sandbox) -> None:
    one = await subject("pagerduty", connect, sandbox, 30.0)
    sandbox.fault("pagerduty", "hang", method="GET")
    reading = asyncio.ensure_future(one.read())
    await asyncio.wait_for(one.write(), 20)
    assert not reading.done()
    reading.cancel()


async def test_slack_may_have_done_what_it_says_went_wrong(slack: Any, sandbox: Sandbox) -> None:
    """`internal_error` comes with `ok: false`, as refusals do, but is none."""
    sandbox.fault("slack", "500", path="chat.postMessage")
    channel = await slack.create_channel("inc_faults")
    with pytest.raises(OutcomeUnknown):
        await slack.post(channel.id, "x")
