"""The sandbox's own endpoints, its Python face, its thread, and the configuration that it writes."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from cockpit.sandbox import Sandbox, SandboxClock, SandboxThread, ScenarioError, config_toml, serve

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire

BEGIN = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)


async def test_the_state_shows_everything_deleted_threaded_and_hidden(wire: Wire) -> None:
    channel = await wire.channel()
    metadata = {"event_type": "cockpit", "event_payload": {"id": "1"}}
    kept = await wire.post(channel, "kept", metadata=metadata)
    await wire.post(channel, "in a thread", thread_ts=kept)
    gone = await wire.post(channel, "gone")
    await wire.slack("chat.delete", channel=channel, ts=gone)
    state = (await wire.control("GET", "state")).body
    assert state["scenario"] == "quiet"
    found = next(one for one in state["slack"]["channels"] if one["id"] == channel)
    said = {one["text"]: one for one in found["messages"]}
    assert said["kept"]["metadata"] == metadata
    assert said["in a thread"]["thread_ts"] == kept
    assert (said["gone"]["deleted"], said["kept"]["deleted"]) == (True, False)
    incident = state["pagerduty"]["incidents"][0]
    assert incident["log_entries"][0]["type"] == "trigger_log_entry"
    assert incident["alerts"][0]["body"]["details"]["cluster"] == "rivendell"
    assert state["freshdesk"]["tickets"][0]["conversations"] == []
    assert state == wire.sandbox.state()


async def test_every_request_is_recorded_with_its_effect(wire: Wire) -> None:
    await wire.update(status="acknowledged")
    await wire.update(status="nonsense")
    await wire.slack("auth.test")
    requests = (await wire.control("GET", "requests")).body["requests"]
    assert [(one["service"], one["method"], one["path"], one["status"]) for one in requests] == [
        ("pagerduty", "PUT", "/incidents/1924", 200),
        ("pagerduty", "PUT", "/incidents/1924", 400),
        ("slack", "POST", "/auth.test", 200),
    ]
    assert [(one["write"], one["took_effect"]) for one in requests] == [(True, True), (True, False), (False, False)]
    assert json.loads(requests[0]["body"])["incident"]["status"] == "acknowledged"
    assert requests[0]["at"] == "2026-11-23T13:03:00Z"


async def test_faults_are_set_and_cleared_over_http(wire: Wire) -> None:
    fault = {"service": "pagerduty", "kind": "500"}
    assert len((await wire.control("POST", "faults", fault)).body["faults"]) == 1
    await wire.control("POST", "faults", {"faults": [{"service": "slack", "kind": "403"}]})
    assert (await wire.pagerduty("GET", "/incidents")).status == 500
    assert (await wire.slack("auth.test"))["error"] == "missing_scope"
    listed = (await wire.control("POST", "faults", {"clear": "slack"})).body["faults"]
    assert [one["service"] for one in listed] == ["pagerduty"]
    assert (await wire.control("POST", "faults", {"clear": True})).body["faults"] == []
    assert (await wire.pagerduty("GET", "/incidents")).status == 200
    assert (await wire.control("POST", "faults", {"service": "pagerduty", "kind": "boom"})).status == 400
    assert (await wire.control("POST", "faults", {"colour": "red"})).status == 400


async def test_the_clock_is_pushed_over_http_and_answers_carry_its_date(wire: Wire) -> None:
    assert (await wire.control("POST", "advance", {"seconds": 90})).body == {"now": "2026-11-23T13:04:30Z"}
    reply = await wire.pagerduty("GET", "/incidents")
    assert parsedate_to_datetime(reply.headers["Date"]) == BEGIN + timedelta(seconds=90)
    for bad in ({}, {"seconds": -1}, {"seconds": "x"}):
        assert (await wire.control("POST", "advance", bad)).status == 400


async def test_writes_can_be_made_to_fail_as_the_proof_that_a_client_only_reads(wire: Wire) -> None:
    channel = await wire.channel()
    await wire.control("POST", "fail_writes")
    assert (await wire.update(status="acknowledged")).status == 500
    assert (await wire.freshdesk("POST", "/tickets/4038/reply", {"body": "x"})).status == 500
    refused = await wire.slack("chat.postMessage", channel=channel, text="x")
    assert refused == {"ok": False, "error": "internal_error"}
    assert (await wire.incident())["status"] == "triggered"
    assert (await wire.slack("conversations.history", channel=channel))["ok"]
    failed = [one for one in wire.sandbox.requests if one.fault == "fail_writes"]
    assert [one.service for one in failed] == ["pagerduty", "freshdesk", "slack"]
    assert not any(one.took_effect for one in failed)
    await wire.control("POST", "fail_writes", {"on": False})
    assert (await wire.update(status="acknowledged")).status == 200


async def test_an_event_can_be_injected_and_one_for_the_channel_waits_for_it(wire: Wire) -> None:
    post = {"kind": "post", "by": "kim", "text": "first"}
    assert (await wire.control("POST", "event", post)).body == {"applied": False}
    assert (await wire.control("POST", "event", post | {"text": "second"})).body == {"applied": False}
    assert len((await wire.control("GET", "state")).body["waiting"]) == 2
    await wire.sandbox.advance(300)
    channel = await wire.channel()
    # It was let out by the very request that opened the channel, not by a later look.
    assert wire.sandbox.story.waiting() == []
    messages = (await wire.slack("conversations.history", channel=channel)).get("messages")
    said = [(one["text"], one["user"]) for one in messages if "subtype" not in one]
    kim = wire.sandbox.person("kim").slack_id
    assert said == [("second", kim), ("first", kim)]
    assert float(messages[0]["ts"]) >= (BEGIN + timedelta(seconds=300)).timestamp()
    assert (await wire.control("POST", "event", {"kind": "explode"})).status == 400
    assert (await wire.control("POST", "event", {"kind": "acknowledge", "by": "nobody"})).status == 400


async def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    port = int(sandbox.url.rsplit(":", 1)[1])
    outside = socket.gethostbyname(socket.gethostname())
    if not outside.startswith("127."):
        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection(outside, port)


async def test_a_port_that_is_taken_is_an_oserror(sandbox: Sandbox) -> None:
    other = Sandbox("quiet", port=int(sandbox.url.rsplit(":", 1)[1]))
    with pytest.raises(OSError, match=r"."):
        await other.start()
    await other.close()


async def test_serving_until_told_to_stop() -> None:
    until = asyncio.Event()
    seen: list[str] = []

    def ready(sandbox: Sandbox) -> None:
        seen.append(sandbox.url)
        until.set()

    await serve(Sandbox("quiet"), ready, until)
    assert seen[0].startswith("http://127.0.0.1:")


def test_the_thread_carries_the_same_sandbox() -> None:
    with SandboxThread("quiet", clock=SandboxClock(BEGIN, 0)) as thread:
        key = thread.credentials()["pagerduty_token"]
        request = urllib.request.Request(  # noqa: S310
            thread.pagerduty_url + "/incidents/1924",
            headers={"Authorization": f"Token token={key}", "Accept": "application/vnd.pagerduty+json;version=2"},
        )
        with urllib.request.urlopen(request) as reply:  # noqa: S310
            assert json.load(reply)["incident"]["incident_number"] == 1924
        thread.advance(60)
        assert thread.state()["clock"]["now"] == "2026-11-23T13:04:00+00:00"
        thread.fault("pagerduty", "500")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)  # noqa: S310
        thread.clear_faults()
        assert [one.status for one in thread.requests()] == [200, 500]
        assert thread.call(lambda sandbox: len(sandbox.world.pagerduty.incidents)) == 1
    with pytest.raises(RuntimeError):
        thread.state()
    thread.stop()


async def test_the_config_points_a_person_at_the_sandbox(sandbox: Sandbox) -> None:
    config = config_toml(sandbox, "ben")
    assert config["pagerduty"] == {
        "api_url": sandbox.pagerduty_url,
        "token": "u+sandbox-ben",
        "email": "ben.okafor@example.org",
    }
    assert config["slack"]["api_url"] == sandbox.slack_url
    assert config["freshdesk"] == {"url": sandbox.freshdesk_url, "api_key": "fd-sandbox-ben"}
    assert config["me"] == {"name": "Ben Okafor"}
    assert config["people"] == {"placeholder": ["out-of-hours@example.org"], "tech_lead": "kim.tanaka@example.org"}
    await sandbox.advance(60)
    clock = config_toml(sandbox)["clock"]
    assert (clock["origin"], clock["speed"]) == ("2026-11-23T13:04:00+00:00", 0)
    assert "clock" not in config_toml(Sandbox("quiet"))


def test_the_configs_clock_tells_the_sandboxs_time() -> None:
    clock = SandboxClock(BEGIN, 60)
    clock.advance(120)
    told = config_toml(Sandbox("quiet", clock=clock))["clock"]
    wall = datetime.now(UTC)
    real = wall - datetime.fromisoformat(told["started"])
    told_now = datetime.fromisoformat(told["origin"]) + real * told["speed"]
    assert abs((told_now - clock.now()).total_seconds()) < 60


def test_a_clock_stands_still_runs_and_never_goes_back() -> None:
    still = SandboxClock(BEGIN, 0)
    assert still.now() == still.now() == BEGIN
    still.advance(1.5)
    assert still.now() == BEGIN + timedelta(seconds=1.5)
    fast = SandboxClock(BEGIN, 1e6)
    assert fast.now() > BEGIN
    for bad in (
        lambda: still.advance(-1),
        lambda: SandboxClock(BEGIN, -1),
        lambda: SandboxClock(BEGIN.replace(tzinfo=None)),
    ):
        with pytest.raises(ValueError, match=r"sandbox clock"):
            bad()


def test_an_unknown_scenario_names_those_that_there_are() -> None:
    with pytest.raises(ScenarioError, match="long_outage"):
        Sandbox("no_such_thing")


def test_importing_the_sandbox_loads_no_web_server() -> None:
    code = "import sys, cockpit.sandbox; print([name for name in sys.modules if name.startswith('aiohttp')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_what_no_client_should_send_is_refused_and_spoils_nothing(wire: Wire) -> None:
    """Null for text, another type for an id, no time, half a character: the world can be read afterwards."""
    (incident,) = (await wire.pagerduty("GET", "/incidents")).body["incidents"]
    path = f"/incidents/{incident['id']}"
    request = {"requester_id": [], "message": "m", "responder_request_targets": []}
    assert (await wire.pagerduty("POST", f"{path}/responder_requests", request)).status == 400
    changed = {"type": "incident_reference", "service": {"type": "service_reference", "id": []}}
    assert (await wire.pagerduty("PUT", path, {"incident": changed})).status == 400
    assert (await wire.pagerduty("POST", f"{path}/notes", {"note": {"content": "half \ud800"}})).status == 201
    assert (await wire.pagerduty("GET", f"{path}/notes")).body["notes"][0]["content"] == "half ?"
    assert (await wire.slack("users.list", cursor="²"))["error"] == "invalid_cursor"
    channel = (await wire.slack("conversations.create", name="a-channel"))["channel"]["id"]
    assert (await wire.slack("conversations.history", channel=channel, oldest="nan"))["error"] == "invalid_ts_oldest"
    assert (await wire.freshdesk("POST", "/tickets/4038/notes", {"body": None})).status == 400
