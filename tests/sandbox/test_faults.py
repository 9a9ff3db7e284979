"""Each fault, on each service, and whether the request took effect under it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire


async def note(wire: Wire) -> Any:
    return await wire.freshdesk("POST", "/tickets/4038/notes", {"body": "x", "private": True})


def notes(wire: Wire) -> int:
    return len(wire.sandbox.world.freshdesk.tickets[4038].conversations)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
async def test_a_refusal_comes_in_each_services_own_shape(wire: Wire, status: int) -> None:
    wire.sandbox.fault("*", str(status), retry_after=7)
    pagerduty = await wire.pagerduty("GET", "/incidents")
    assert (pagerduty.status, set(pagerduty.body["error"])) == (status, {"message", "code"})
    freshdesk = await wire.freshdesk("GET", "/tickets/4038")
    assert freshdesk.status == status
    headers = {"Authorization": f"Bearer {wire.credentials['slack_token']}"}
    slack = await wire.send("POST", wire.sandbox.slack_url + "auth.test", headers=headers)
    errors = {401: "invalid_auth", 403: "missing_scope", 404: "channel_not_found", 429: "ratelimited"}
    assert slack.status == (status if status in (429, 500) else 200)
    assert slack.body["ok"] is False
    assert slack.body["error"] == errors.get(status, "internal_error")
    if status == 403:
        assert {"needed", "provided"} <= set(slack.body)
    if status == 429:
        assert freshdesk.headers["Retry-After"] == slack.headers["Retry-After"] == "7"
        assert pagerduty.headers["ratelimit-reset"] == "7"
    wire.sandbox.clear_faults()
    assert (await wire.pagerduty("GET", "/incidents")).status == 200


async def test_a_refused_write_takes_no_effect(wire: Wire) -> None:
    wire.sandbox.fault("freshdesk", "500")
    assert (await note(wire)).status == 500
    assert notes(wire) == 0
    assert not wire.sandbox.requests[-1].took_effect


async def test_a_page_in_place_of_json_before_the_write(wire: Wire) -> None:
    wire.sandbox.fault("freshdesk", "html")
    reply = await note(wire)
    assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert notes(wire) == 0


async def test_json_that_ends_in_the_middle_after_the_write(wire: Wire) -> None:
    wire.sandbox.fault("freshdesk", "cut")
    with pytest.raises(json.JSONDecodeError):
        await note(wire)
    assert notes(wire) == 1


@pytest.mark.parametrize(("kind", "effect"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_connection_dropped_before_or_after_the_write(wire: Wire, kind: str, effect: int) -> None:
    wire.sandbox.fault("freshdesk", kind, count=1)
    with pytest.raises(aiohttp.ClientError):
        await note(wire)
    assert notes(wire) == effect
    recorded = wire.sandbox.requests[-1]
    assert (recorded.status, recorded.took_effect, recorded.fault) == (0, bool(effect), kind)
    assert (await note(wire)).status == 201
    assert notes(wire) == effect + 1


async def test_a_slow_answer_is_slow(wire: Wire) -> None:
    wire.sandbox.fault("pagerduty", "slow", seconds=0.2)
    begun = time.monotonic()
    assert (await wire.pagerduty("GET", "/incidents")).status == 200
    assert time.monotonic() - begun >= 0.2


async def test_a_hanging_service_says_nothing_and_closing_does_not_wait_for_it(wire: Wire) -> None:
    wire.sandbox.fault("slack", "hang")
    asked = asyncio.ensure_future(wire.slack("auth.test"))
    while not wire.sandbox.requests:
        await asyncio.sleep(0.01)
    assert not asked.done()
    begun = time.monotonic()
    await wire.sandbox.close()
    assert time.monotonic() - begun < 2
    with pytest.raises(aiohttp.ClientError):
        await asked


async def test_a_fault_can_be_for_one_path_one_method_and_a_few_times(wire: Wire) -> None:
    wire.sandbox.fault("pagerduty", "500", path="/incidents/*/notes", method="post", count=2)
    body = {"note": {"content": "x"}}
    statuses = [(await wire.pagerduty("POST", "/incidents/1924/notes", body)).status for _ in range(3)]
    assert statuses == [500, 500, 201]
    wire.sandbox.fault("slack", "429", path="chat.postMessage")
    assert (await wire.slack("auth.test"))["ok"]
    assert (await wire.slack("chat.postMessage", channel="x", text="x"))["error"] == "ratelimited"


async def test_a_fault_can_befall_every_second_request(wire: Wire) -> None:
    wire.sandbox.fault("freshdesk", "429", every=2)
    statuses = [(await wire.freshdesk("GET", "/tickets/4038")).status for _ in range(4)]
    assert statuses == [200, 429, 200, 429]


async def test_an_unknown_fault_is_refused(wire: Wire) -> None:
    with pytest.raises(ValueError, match="explode"):
        wire.sandbox.fault("slack", "explode")
    with pytest.raises(ValueError, match="jira"):
        wire.sandbox.fault("jira", "500")
