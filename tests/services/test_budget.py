"""Who may ask a service how much: polls wait for their share and for a 429, people don't; a write goes once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cockpit.incident.facts import Source
from cockpit.sandbox import Sandbox
from cockpit.services.budget import POLLS_SHARE, Budget, polled, polling
from cockpit.services.call import Call
from cockpit.services.errors import Limited
from tests.waiting import until

Connect = Callable[..., Any]
CALL = Call(Source.SLACK, "read")
SERVICES = ("pagerduty", "slack", "freshdesk")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The budget's clock, which only the test moves."""
    now = [1000.0]
    monkeypatch.setattr("cockpit.services.budget.time.monotonic", lambda: now[0])
    return now


async def spend(budget: Budget, scope: str, times: int) -> None:
    """A person asks so many times."""
    for _ in range(times):
        await budget.turn(CALL, scope)


async def test_polls_use_their_share_of_a_minute_and_no_more(clock: list[float]) -> None:
    budget = Budget(50, {"conversations.list": 20})
    assert POLLS_SHARE == 0.6
    await spend(budget, "conversations.history", 29)
    assert budget.wait("conversations.history") <= 0
    clock[0] += 10
    await spend(budget, "conversations.history", 1)
    assert budget.wait("conversations.history") == 50, "until the first of them is a minute old"
    assert budget.wait("conversations.list") <= 0, "what is counted by itself waits by itself"
    await spend(budget, "conversations.list", 12)
    assert budget.wait("conversations.list") == 60
    clock[0] += 50.1
    assert budget.wait("conversations.history") <= 0


async def test_people_are_never_kept_waiting(clock: list[float]) -> None:
    budget = Budget(5)
    budget.close("", 60)
    budget.told("", 0, 5)
    await asyncio.wait_for(spend(budget, "", 20), 20)
    assert budget.wait("") > 60, "but what they used isn't there for polls"
    assert budget.wait("another") > 60, "and while a person waits for a 429, polls ask for nothing at all"


async def test_a_service_that_tells_how_little_is_left_is_spared_polls(clock: list[float]) -> None:
    budget = Budget(50)
    budget.told("", 41, 100, 20)
    assert budget.wait("") <= 0
    budget.told("", 39, 100, 20)
    assert budget.wait("") == 20, "the rest is for people"
    clock[0] += 20.1
    assert budget.wait("") <= 0
    budget.told("", 39, 100)
    budget.told("", 99, 100)
    assert budget.wait("") <= 0


async def test_a_poll_tells_that_it_waits_out_a_429(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(seconds: float) -> None:
        clock[0] += seconds + 0.001

    monkeypatch.setattr("cockpit.services.budget.asyncio.sleep", sleep)
    budget = Budget(50)
    with polling(lambda limit: None):
        wait = budget.close("a", 10)
    assert 10 <= wait <= 12, "some more than asked for, since others were told the same"
    told: list[Limited] = []
    inside: list[bool] = []

    def put_off(limit: Limited) -> None:
        told.append(limit)
        inside.append(polled())

    with polling(put_off):
        await budget.turn(CALL, "b")
        assert told == []
        await budget.turn(CALL, "a")
        assert polled()
    assert [one.retry_after for one in told] == [pytest.approx(wait)]
    assert clock[0] >= 1000 + wait
    assert inside == [False], "what hears of it does nothing in the poll's name"


def test_a_sandbox_may_be_polled_faster_than_it_documents() -> None:
    budget = Budget(5)
    budget.hurry = 100
    asyncio.run(spend(budget, "", 299))
    assert budget.wait("") <= 0


async def connected(service: str, connect: Connect) -> tuple[Any, Callable[[], Any], Callable[[], Any]]:
    """A client that knows what it needs, one reading of it and one writing."""
    client = connect(service, timeout=60.0)
    if service == "pagerduty":
        found = (await client.open_incidents())[0]
        return client, lambda: client.incident(found.id), lambda: client.add_note(found.id, "looked")
    if service == "slack":
        channel = await client.create_channel("inc_budget")
        await client.history(channel.id)
        return client, lambda: client.history(channel.id), lambda: client.post(channel.id, "looked")
    await client.ticket(4038)
    return client, lambda: client.ticket(4038), lambda: client.private_note(4038, "<p>looked</p>")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_reading_is_asked_again_after_a_429_and_a_write_is_not(
    service: str, connect: Connect, sandbox: Sandbox
) -> None:
    _, read, write = await connected(service, connect)
    before = len(sandbox.requests)
    sandbox.fault(service, "429", count=1, retry_after=1)
    await read()
    assert [request.status for request in sandbox.requests[before:]] == [429, 200]
    sandbox.fault(service, "429", count=1, retry_after=1)
    with pytest.raises(Limited):
        await write()
    assert [request.status for request in sandbox.requests[before:]] == [429, 200, 429]
    sandbox.clear_faults()
    await write()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_person_is_not_kept_waiting_by_a_long_429_and_the_next_request_is_tried(
    service: str, connect: Connect, sandbox: Sandbox
) -> None:
    _, read, write = await connected(service, connect)
    sandbox.fault(service, "429", count=1, retry_after=500)
    with pytest.raises(Limited) as caught:
        await read()
    assert caught.value.retry_after == 500
    await write()
    await read()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_write_passes_a_poll_that_hangs(service: str, connect: Connect, sandbox: Sandbox) -> None:
    """And so does a reading by which a write is guarded."""
    _, read, write = await connected(service, connect)
    before = len(sandbox.requests)
    sandbox.fault(service, "hang", count=1)
    with polling(lambda limit: None):
        poll = asyncio.ensure_future(read())
    await until(lambda: len(sandbox.requests) > before, "the poll is on its way")
    await read()
    await write()
    assert not poll.done()
    poll.cancel()


async def test_a_search_passes_a_poll_that_lists_the_people(connect: Connect, sandbox: Sandbox) -> None:
    client = connect("slack", timeout=60.0)
    sandbox.fault("slack", "hang", count=1, path="users.list")
    with polling(lambda limit: None):
        poll = asyncio.ensure_future(client.people())
    await until(lambda: sandbox.requests, "the poll is on its way")
    assert await client.colleagues()
    assert not poll.done()
    poll.cancel()
