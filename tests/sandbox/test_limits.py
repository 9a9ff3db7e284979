"""Rate limits: refused beyond them in each service's way, in real time, and off or scaled where asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.sandbox.limits import Bucket, Window
from tests.sandbox.conftest import Wire

BEGIN = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)


@pytest.fixture
async def limited(session: aiohttp.ClientSession) -> AsyncIterator[Wire]:
    async with Sandbox("quiet", clock=SandboxClock(BEGIN, 0)) as sandbox:
        yield Wire(sandbox, session)


async def test_pagerduty_tells_where_its_limit_is(limited: Wire) -> None:
    first = await limited.pagerduty("GET", "/incidents")
    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("960", "959")
    assert int(first.headers["ratelimit-reset"]) <= 60
    second = await limited.pagerduty("GET", "/incidents")
    assert second.headers["ratelimit-remaining"] == "958"


async def test_pagerduty_refuses_beyond_its_limit(session: aiohttp.ClientSession) -> None:
    async with Sandbox("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=3 / 960) as sandbox:
        wire = Wire(sandbox, session)
        replies = [await wire.pagerduty("GET", "/incidents/1924") for _ in range(4)]
        assert [one.status for one in replies] == [200, 200, 200, 429]
        assert replies[3].body["error"]["code"] == 2020
        # Another user's key has its own limit.
        other = f"Token token={sandbox.credentials('ben')['pagerduty_token']}"
        assert (await wire.pagerduty("GET", "/incidents", headers={"Authorization": other})).status == 200


async def test_slack_counts_each_method_by_itself(limited: Wire) -> None:
    answers = [await limited.slack("conversations.list") for _ in range(21)]
    assert [one["ok"] for one in answers] == [True] * 20 + [False]
    assert answers[-1]["error"] == "ratelimited"
    assert (await limited.slack("auth.test"))["ok"]


async def test_slack_counts_each_app_by_itself_but_not_each_person(limited: Wire) -> None:
    for _ in range(20):
        await limited.slack("conversations.list")
    ben = limited.sandbox.credentials("ben")["slack_token"]
    assert (await limited.slack("conversations.list", token=ben))["error"] == "ratelimited"
    assert (await limited.slack("conversations.list", token=limited.sandbox.other_slack_token))["ok"]


async def test_posting_is_about_one_a_second_for_a_channel_after_a_burst(limited: Wire) -> None:
    one, two = await limited.channel("one_inc_1"), await limited.channel("two_inc_2")
    url = limited.sandbox.slack_url + "chat.postMessage"
    headers = {"Authorization": f"Bearer {limited.credentials['slack_token']}"}
    replies = [
        await limited.send("POST", url, headers=headers, json={"channel": one, "text": str(number)})
        for number in range(6)
    ]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert replies[5].headers["Retry-After"] == "1"
    assert (await limited.slack("chat.postMessage", channel=two, text="x"))["ok"]


async def test_freshdesk_counts_the_account_and_what_is_included(limited: Wire) -> None:
    first = await limited.freshdesk("GET", "/tickets/4038")
    assert (first.headers["X-RateLimit-Total"], first.headers["X-RateLimit-Remaining"]) == ("100", "99")
    second = await limited.freshdesk("GET", "/tickets/4038", params={"include": "requester,stats"})
    assert second.headers["X-RateLimit-Used-CurrentRequest"] == "3"
    assert second.headers["X-RateLimit-Remaining"] == "96"
    key = limited.sandbox.credentials("ben")["freshdesk_key"]
    third = await limited.freshdesk("GET", "/tickets/4038", key=key)
    assert third.headers["X-RateLimit-Remaining"] == "95"


async def test_freshdesk_refuses_beyond_its_limit_and_lists_sooner(session: aiohttp.ClientSession) -> None:
    async with Sandbox("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=0.05) as sandbox:
        wire = Wire(sandbox, session)
        lists = [await wire.freshdesk("GET", "/tickets") for _ in range(3)]
        assert [one.status for one in lists] == [200, 200, 429]
        assert int(lists[2].headers["Retry-After"]) >= 1
        others = [(await wire.freshdesk("GET", "/tickets/4038")).status for _ in range(3)]
        assert others == [200, 200, 429]


async def test_limits_can_be_off(wire: Wire) -> None:
    assert all([(await wire.slack("conversations.list"))["ok"] for _ in range(25)])
    assert (await wire.pagerduty("GET", "/incidents")).headers["ratelimit-limit"] == "960"


def test_what_was_spent_comes_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("cockpit.sandbox.limits.time.monotonic", lambda: now[0])
    window = Window(2, 60)
    assert [window.take() for _ in range(3)] == [(True, 1, 60), (True, 0, 60), (False, 0, 60)]
    now[0] += 59.5
    assert window.take() == (False, 0, 1)
    now[0] += 0.6
    assert window.take()[0]


def test_posts_come_back_one_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("cockpit.sandbox.limits.time.monotonic", lambda: now[0])
    bucket = Bucket(2, 1)
    assert [bucket.take()[0] for _ in range(3)] == [True, True, False]
    assert bucket.take() == (False, 0, 1)
    now[0] += 1
    assert [bucket.take()[0] for _ in range(2)] == [True, False]
