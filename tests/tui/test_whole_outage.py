"""The main scenario from alert to both resolutions, by real keys; what it left is read over the sandbox's HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from cockpit.incident.checklist import State
from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox, SandboxClock
from tests.conftest import BEGIN
from tests.tui.conftest import Driver, Open


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The long outage, on a clock that only the test moves."""
    async with Sandbox("long_outage", clock=SandboxClock(BEGIN, 0), rate_limits=False) as running:
        yield running


async def clock(driver: Driver, time: str) -> None:
    """Let the story go on until that time of its day (UTC)."""
    hour, minute = (int(part) for part in time.split(":"))
    then = BEGIN.replace(hour=hour, minute=minute)
    await driver.sandbox.advance((then - driver.sandbox.clock.now()).total_seconds())


async def done(driver: Driver, *steps: str) -> None:
    """Wait until those steps are done."""
    for step in steps:
        await driver.until(lambda step=step: state(driver, step) is State.DONE, f"{step} is done")


def state(driver: Driver, step: str) -> State:
    """How a step stands."""
    return driver.screen.view.assessment.step(step).state


async def send_reply(driver: Driver) -> None:
    """Fill what is blank in the composer, review the letter and send it."""
    composer = driver.screen.reply.composer
    for _ in range(10):
        if "⟦" not in composer.text:
            break
        await driver.write("we are looking at it")
        if "⟦" in composer.text:
            await driver.press("tab")
    sent = counted(driver, "reply")
    await driver.press("ctrl+s")
    await driver.comes("Review")
    await driver.press("s")
    await driver.until(lambda: counted(driver, "reply") == sent + 1, "the reply is told in the channel")
    await driver.until(lambda: driver.over == "IncidentScreen", "the review closes")
    await driver.press("escape")


def counted(driver: Driver, kind: str) -> int:
    """How many records of a kind the channel's log holds, as the cockpit read it."""
    slack = driver.screen.view.snapshot.slack
    return sum(message.record is not None and message.record.kind == kind for message in slack.messages) if slack else 0


async def ask(sandbox: Sandbox) -> dict[str, Any]:
    """The whole world, over HTTP."""
    async with aiohttp.ClientSession() as http, http.get(f"{sandbox.url}/_sandbox/state") as answer:
        assert answer.status == 200
        world: dict[str, Any] = await answer.json()
        return world


async def test_the_long_outage_by_keyboard(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit("1924") as driver:
        screen = driver.screen
        # 1 validate: the tag only looks like one, so a person tests and says what it is.
        assert state(driver, "validate.classify") is State.TODO
        assert "isn't" in screen.view.assessment.step("validate.classify").evidence
        await driver.choose_step("validate.test")
        await driver.press("enter")
        await driver.until(lambda: driver.over != "IncidentScreen", "the verdict is asked for")
        await driver.press("enter")
        await done(driver, "validate.test")

        # 2 officially start.
        await clock(driver, "13:06")
        await driver.press("a")
        await done(driver, "start.acknowledged")
        await clock(driver, "13:12")
        await driver.press("p")
        await done(driver, "start.p1")
        await driver.press("l")
        await driver.comes("LinkTicket")
        await driver.write("4038")
        await driver.press("enter")
        await done(driver, "start.ticket")
        await clock(driver, "13:13")
        await driver.choose_step("start.channel")
        await driver.press("enter")
        await done(driver, "start.channel")
        await driver.until(lambda: counted(driver, "acknowledge") == 1, "what waited for the channel is told")
        assert screen.view.assessment.official_start.at is None
        await clock(driver, "13:18")
        await driver.press("c")
        await send_reply(driver)
        await done(driver, "start.informed")
        assert screen.view.assessment.official_start.at == BEGIN.replace(hour=13, minute=18)

        # 3 work on it, and narrate.
        await clock(driver, "13:31")
        await driver.press("n")
        await driver.write("the hub's pod restarts again and again")
        await driver.press("enter", "escape")
        await done(driver, "work.narrated")
        await clock(driver, "13:34")
        await driver.until(lambda: len(screen.view.snapshot.slack.replies) == 2, "the thread is seen")
        assert state(driver, "work.no_threads") is State.TODO
        for lifted in (1, 2):
            await driver.press("t")
            await driver.until(lambda: driver.over == "IncidentScreen")
            await driver.until(lambda lifted=lifted: counted(driver, "lift") >= lifted, "a reply is lifted")
        await done(driver, "work.no_threads")

        # 5 the update falls due and is written.
        await clock(driver, "15:19")
        await driver.until(lambda: screen.view.snapshot.pagerduty.incident.status is Status.RESOLVED, "from outside")
        assert state(driver, "resolve.pagerduty") is State.DONE
        await driver.press("c")
        await send_reply(driver)

        # 7 "resolved", too early.
        await clock(driver, "19:42")
        await driver.until(lambda: state(driver, "resolve.holds") is not State.DONE, "still broken")
        await driver.press("b")
        await driver.until(lambda: driver.over != "IncidentScreen", "reopening asks first")
        await driver.press("tab", "enter")
        await driver.until(lambda: screen.view.snapshot.pagerduty.incident.status is not Status.RESOLVED, "reopened")
        await driver.press("a")
        await done(driver, "start.acknowledged")
        await driver.press("c")
        await send_reply(driver)
        await done(driver, "comms.answered")

        # 6 the real cause, validated.
        await clock(driver, "22:47")
        await driver.choose_step("resolve.validated")
        await driver.press("space")
        await driver.until(lambda: driver.over != "IncidentScreen", "a note is asked for")
        await driver.write("Kim reviewed it")
        await driver.press("enter")
        await done(driver, "resolve.validated")

        # 7 tell them, then resolve in both systems.
        await driver.choose_step("resolve.told")
        await driver.press("enter")
        await driver.until(lambda: screen.focused is screen.reply.composer, "the composer")
        await send_reply(driver)
        await done(driver, "resolve.told")
        for step in ("resolve.pagerduty", "resolve.freshdesk"):
            await driver.choose_step(step)
            await driver.press("enter")
            await driver.until(lambda: driver.over != "IncidentScreen", "resolving asks first")
            await driver.press("tab", "enter")
            await done(driver, step)
        await done(driver, "resolve.holds")
        await driver.until(lambda: not screen.view.outbox.deliveries, "the outbox is empty")
        history = driver.app.desk.history(screen.session.case)

    world = await ask(sandbox)
    incident = next(one for one in world["pagerduty"]["incidents"] if one["incident_number"] == 1924)
    assert (incident["status"], incident["priority"]["summary"]) == ("resolved", "P1")
    ticket = next(one for one in world["freshdesk"]["tickets"] if one["id"] == 4038)
    assert ticket["status"] == 4
    ours = [said for said in ticket["conversations"] if not said["incoming"] and not said["private"]]
    assert len(ours) == 4
    last_incoming = max(said["created_at"] for said in ticket["conversations"] if said["incoming"])
    assert max(said["created_at"] for said in ours) > last_incoming

    (channel,) = [one for one in world["slack"]["channels"] if one["name"] == "jupyterhub_u_inc_1924"]
    notes = [one for one in channel["messages"] if (one.get("metadata") or {}).get("event_type") == "cockpit_action"]
    ids = Counter(note["metadata"]["event_payload"]["id"] for note in notes)
    assert set(ids) == {delivery.action_id for delivery in history}, "one note for each action"
    assert set(ids.values()) == {1}, "and only one"
    assert all(note["thread_ts"] is None for note in notes)
    kinds = Counter(note["metadata"]["event_payload"]["kind"] for note in notes)
    assert kinds == {
        "attest": 2, "acknowledge": 2, "set_priority": 1, "link_ticket": 1, "open_channel": 1, "reply": 4, "note": 1,
        "lift": 2, "reopen_incident": 1, "resolve_incident": 1, "resolve_ticket": 1,
    }  # fmt: skip


def test_the_story_is_the_one_of_the_process(sandbox: Sandbox) -> None:
    assert sandbox.clock.now() == BEGIN
    assert (
        timedelta(hours=4)
        < BEGIN - datetime.fromisoformat(sandbox.state()["pagerduty"]["incidents"][-1]["created_at"])
        < timedelta(hours=5)
    )
