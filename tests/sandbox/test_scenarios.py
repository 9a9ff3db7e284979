"""Each scenario runs to its end, and tells what it says that it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cockpit.sandbox import Sandbox, SandboxClock, ScenarioError, scenario_names
from tests.sandbox.conftest import Wire

if TYPE_CHECKING:
    import aiohttp

BEGIN = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)
DAY = 24 * 3600


def started(scenario: str | Path, **options: Any) -> Sandbox:
    return Sandbox(scenario, clock=SandboxClock(BEGIN, 0), rate_limits=False, **options)


def test_these_scenarios_come_with_the_sandbox() -> None:
    assert scenario_names() == ["false_alarm", "fast", "long_outage", "not_reproducible", "quiet", "three_communities"]


@pytest.mark.parametrize("name", scenario_names())
async def test_a_scenario_runs_to_its_end_by_itself(name: str) -> None:
    async with started(name, autoplay=True) as sandbox:
        await sandbox.advance(DAY)
        state = sandbox.state()
        assert state["pending"] == []
        # The ticket alone never gets a channel: what is said there waits.
        assert [one["kind"] for one in state["waiting"]] == (
            ["post"] if name in ("not_reproducible", "false_alarm") else []
        )
        for incident in state["pagerduty"]["incidents"]:
            assert incident["log_entries"][0]["type"] == "trigger_log_entry"
            times = [one["created_at"] for one in incident["log_entries"]]
            assert times == sorted(times)
        for channel in state["slack"]["channels"]:
            stamps = [one["ts"] for one in channel["messages"]]
            assert stamps == sorted(set(stamps))


@pytest.mark.parametrize("name", scenario_names())
async def test_a_scenario_runs_to_its_end_in_steps_while_somebody_plays(
    name: str, session: aiohttp.ClientSession
) -> None:
    async with started(name) as sandbox:
        wire = Wire(sandbox, session)
        open_ones = (await wire.pagerduty("GET", "/incidents", params={"statuses[]": "triggered"})).body["incidents"]
        for incident in open_ones:
            await wire.channel(f"hub_inc_{incident['incident_number']}")
        for _ in range(20):
            await sandbox.advance(1800)
            await wire.pagerduty("GET", "/incidents")
        assert sandbox.story.pending() == []


async def test_the_long_outage_begins_in_the_middle_of_its_day(session: aiohttp.ClientSession) -> None:
    async with started("long_outage") as sandbox:
        wire = Wire(sandbox, session)
        incident = await wire.incident()
        assert (incident["status"], incident["priority"]) == ("triggered", None)
        assert incident["created_at"] == "2026-11-23T08:46:00Z"
        log = (await wire.pagerduty("GET", "/incidents/1924/log_entries")).body["log_entries"]
        assigned = [one["assignees"][0]["summary"] for one in reversed(log) if one["type"] == "assign_log_entry"]
        assert assigned == ["Out of hours", "Ana Ruiz"]
        alerts = (await wire.pagerduty("GET", "/incidents/1924/alerts")).body["alerts"]
        # The trap: a tag that looks like the one for P1 and isn't.
        assert "immediate action needed" in alerts[0]["body"]["details"]["firing"]
        assert "take immediate action" not in alerts[0]["body"]["details"]["firing"]
        ticket = (await wire.freshdesk("GET", "/tickets/4038")).body
        assert ticket["created_at"] == "2026-11-23T09:05:00Z"
        ours = [one["at"] for one in sandbox.story.pending() if not one.get("player")]
        assert ours[0] == "13:14"


async def test_the_long_outage_goes_on_around_the_player(session: aiohttp.ClientSession) -> None:
    async with started("long_outage") as sandbox:
        wire = Wire(sandbox, session)
        await sandbox.advance(30 * 60)
        assert len(sandbox.story.waiting()) == 5
        channel = await wire.channel()
        history = (await wire.slack("conversations.history", channel=channel))["messages"]
        parent = next(one for one in history if one.get("reply_count"))
        replies = (await wire.slack("conversations.replies", channel=channel, ts=parent["ts"]))["messages"]
        assert "Failed to pull image" in replies[1]["text"]
        await sandbox.advance(92 * 60)
        incident = await wire.incident()
        assert (incident["status"], incident["resolved_at"]) == ("resolved", "2026-11-23T15:05:00Z")
        assert incident["last_status_change_by"]["type"] == "service_reference"
        await sandbox.advance(5 * 3600)
        last = (await wire.freshdesk("GET", "/tickets/4038/conversations")).body[-1]
        assert (last["incoming"], last["created_at"]) == (True, "2026-11-23T19:41:00Z")
        texts = [one["text"] for one in (await wire.slack("conversations.history", channel=channel))["messages"]]
        assert any("course at four" in text for text in texts)
        assert not any("course at three" in text or "lunch" in text for text in texts)


async def test_a_robot_resolves_only_what_is_still_open(session: aiohttp.ClientSession) -> None:
    async with started("long_outage") as sandbox:
        wire = Wire(sandbox, session)
        await sandbox.advance(3600)
        await wire.update(status="resolved")
        await sandbox.advance(3 * 3600)
        assert (await wire.log_types()).count("resolve_log_entry") == 1


async def test_a_story_can_begin_later_with_everything_before_as_history(session: aiohttp.ClientSession) -> None:
    async with started("long_outage", begin="18:00") as sandbox:
        wire = Wire(sandbox, session)
        incident = await wire.incident()
        assert incident["priority"]["name"] == "P1"
        assert incident["status"] == "resolved"
        # 18:00 of the story is the clock's now, so the alert of 08:46 was nine hours and a bit ago.
        created = datetime.fromisoformat(incident["created_at"])
        assert BEGIN - created == timedelta(hours=9, minutes=14)
        assert {"reopen_log_entry"} & set(await wire.log_types()) == set()
        conversations = (await wire.freshdesk("GET", "/tickets/4038/conversations")).body
        assert sum(not one["incoming"] and not one["private"] for one in conversations) == 3
    async with started("long_outage", begin="22:00") as sandbox:
        wire = Wire(sandbox, session)
        assert (await wire.incident())["assignments"][0]["assignee"]["summary"] == "Lou Marsh"
        assert "reopen_log_entry" in await wire.log_types()


async def test_times_in_a_text_move_with_the_clock() -> None:
    async with started("long_outage", begin="22:00") as sandbox:
        channel = sandbox.world.slack.incident_channel(None, 1924)
        assert channel is not None
        hand_off = next(one.text for one in channel.messages if one.text.startswith("Hand-off"))
        # 21:55 of a story whose 22:00 is 13:03.
        assert hand_off.endswith("due at 12:58.")


async def test_the_fast_one_is_over_in_twenty_minutes(session: aiohttp.ClientSession) -> None:
    async with started("fast") as sandbox:
        wire = Wire(sandbox, session)
        alerts = (await wire.pagerduty("GET", "/incidents/1924/alerts")).body["alerts"]
        assert "take immediate action" in alerts[0]["body"]["details"]["firing"]
        await sandbox.advance(19 * 60)
        incident = await wire.incident()
        begun, ended = (datetime.fromisoformat(incident[name]) for name in ("created_at", "resolved_at"))
        assert ended - begun == timedelta(minutes=20)


async def test_the_false_alarm_is_a_p1_already(session: aiohttp.ClientSession) -> None:
    async with started("false_alarm") as sandbox:
        incident = await Wire(sandbox, session).incident()
        assert (incident["priority"]["name"], incident["status"]) == ("P1", "acknowledged")
        assert sandbox.world.freshdesk.tickets == {}


async def test_three_communities_write_and_a_double_is_merged(session: aiohttp.ClientSession) -> None:
    async with started("three_communities") as sandbox:
        wire = Wire(sandbox, session)
        await sandbox.advance(10 * 60)
        tickets = (await wire.freshdesk("GET", "/tickets")).body
        assert sorted((one["id"], one["status"]) for one in tickets) == [(4038, 2), (4039, 2), (4040, 2), (4041, 5)]
        notes = (await wire.freshdesk("GET", "/tickets/4041/conversations")).body
        assert "merged into ticket 4038" in notes[0]["body_text"]
        assert (await wire.incident())["alert_counts"]["all"] == 3


async def test_what_begins_with_a_ticket_follows_the_incident_that_the_player_declares(
    session: aiohttp.ClientSession,
) -> None:
    async with started("not_reproducible") as sandbox:
        wire = Wire(sandbox, session)
        assert (await wire.pagerduty("GET", "/incidents")).body["incidents"] == []
        service = (await wire.pagerduty("GET", "/services")).body["services"][0]["id"]
        body = {"type": "incident", "title": "Declared", "service": {"id": service, "type": "service_reference"}}
        declared = (await wire.pagerduty("POST", "/incidents", {"incident": body})).body["incident"]
        channel = await wire.channel(f"hub_inc_{declared['incident_number']}")
        await sandbox.advance(3600)
        texts = [one["text"] for one in (await wire.slack("conversations.history", channel=channel))["messages"]]
        assert any("room's network" in text for text in texts)


async def test_channel_events_end_when_a_colleague_archives_it(wire: Wire) -> None:
    channel = await wire.channel()
    await wire.control("POST", "event", {"kind": "join", "by": "lou"})
    await wire.control("POST", "event", {"kind": "archive", "by": "lou"})
    await wire.control("POST", "event", {"kind": "post", "by": "lou", "text": "too late"})
    state = wire.sandbox.state()
    found = next(one for one in state["slack"]["channels"] if one["id"] == channel)
    assert found["is_archived"]
    assert wire.sandbox.person("lou").slack_id in found["members"]
    assert "too late" not in [one["text"] for one in found["messages"]]


def test_a_scenario_of_ones_own_and_what_is_wrong_with_a_bad_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'begin = "10:00"\n[[events]]\nat = "-1 09:00"\nkind = "alert"\nservice = "User servers"\ntitle = "x"\n'
    )
    incidents = list(Sandbox(path, clock=SandboxClock(BEGIN, 0)).world.pagerduty.incidents.values())
    assert incidents[0].created_at == BEGIN - timedelta(hours=25)
    for text, said in [
        ('begin = "10:00"\n[[events]]\nkind = "explode"\n', "explode"),
        ('begin = "ten"\n', "ten"),
        ("begin = \n", "mine.toml"),
        ('begin = "10:00"\n[[events]]\nat = "09:00"\n', "kind"),
        ('begin = "10:00"\n[[events]]\nat = "09:00"\nkind = "ticket"\nby = "x@y.example"\n', "x@y.example"),
        ('title = "x"\n', "begin"),
        ("begin = 10\n", "10 is no time"),
        ('begin = "10:00"\nevents = "x"\n', "events"),
        ('begin = "10:00"\nevents = ["x"]\n', "events"),
        ('begin = "10:00"\nfirst_responder = "zoe"\n', "first_responder: nobody is called zoe"),
        ('begin = "10:00"\n[people.zoe]\nname = "Zoe"\n', "mine.toml: nothing is called 'email'"),
        (
            'begin = "10:00"\n[[events]]\nat = "09:00"\nkind = "ticket"\nby = "r.osei@rivendell.example"\n'
            'subject = "s"\ntext = "t"\ntags = 5\n',
            "ticket: 'int' object",
        ),
        ('begin = "10:00"\ntitle = "\xff"\n', "mine.toml"),
    ]:
        path.write_text(text, encoding="latin-1")
        with pytest.raises(ScenarioError, match=said):
            Sandbox(path)


async def test_the_alert_lands_on_the_placeholder_whatever_the_clock_says() -> None:
    for hour in (3, 13, 20):
        origin = datetime(2026, 11, 23, hour, 17, tzinfo=UTC)
        async with Sandbox("long_outage", clock=SandboxClock(origin, 0)) as sandbox:
            incident = next(i for i in sandbox.state()["pagerduty"]["incidents"] if i["incident_number"] == 1924)
            entries = (
                incident["log_entries"] if "log_entries" in incident else sandbox.state()["pagerduty"]["log_entries"]
            )
            first = next(e for e in entries if e["type"].startswith("assign"))
            assert "Out of hours" in str(first), hour
