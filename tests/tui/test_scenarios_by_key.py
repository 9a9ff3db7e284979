"""The other scenarios, each from opening to end by real keys; what they left is read over the sandbox's HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.incident.checklist import State
from cockpit.incident.deadlines import Due
from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.settings import PollSettings
from tests.conftest import BEGIN
from tests.tui.conftest import Driver, Open
from tests.tui.test_incident import happen
from tests.tui.test_whole_outage import ask, counted, done, state


@pytest.fixture
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """The test's scenario, on a clock that only the test moves."""
    async with Sandbox(request.param, clock=SandboxClock(BEGIN, 0), rate_limits=False) as running:
        yield running


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)


SELDOM = PollSettings(pagerduty=5.0, slack=5.0, freshdesk=5.0)
"""Between the readings that what is done asks for itself, and `r`: each reading is drawn, which costs the most."""

MUCH = PollSettings(pagerduty=5.0, slack=5.0, freshdesk=0.5)
"""For several tickets, of which hours go by in seconds: usual polls would have used up their share of a minute."""


def play(scenario: str) -> pytest.MarkDecorator:
    """Play that scenario."""
    return pytest.mark.parametrize("sandbox", [scenario], indirect=True)


async def enter(driver: Driver, step: str) -> None:
    """Do what a step asks for."""
    await driver.choose_step(step)
    await driver.press("enter")


async def attest(driver: Driver, step: str, words: str = "") -> None:
    """Attest a step, with a note or a link."""
    await driver.choose_step(step)
    await driver.press("space")
    await driver.comes("Ask")
    if words:
        await driver.paste(words)
    await driver.press("enter")
    await done(driver, step)


async def judge(driver: Driver, *keys: str) -> None:
    """Say what the test by hand came to: the keys that choose it."""
    await enter(driver, "validate.test")
    await driver.comes("Choose")
    await driver.press(*keys, "enter")


async def link(driver: Driver, ticket: int) -> None:
    """Link a ticket."""
    await driver.press("l")
    await driver.comes("LinkTicket")
    await driver.paste(str(ticket))
    await driver.press("enter")
    await driver.until(lambda: driver.screen.view.snapshot.ticket(ticket), f"{ticket} is linked")


async def say(driver: Driver, text: str, to_all: int = 1) -> None:
    """In the composer: write the letter, review it for each of `to_all` communities, send it."""
    composer = driver.screen.reply.composer
    await driver.until(lambda: driver.screen.focused is composer, "the composer")
    sent = counted(driver, "reply")
    await driver.press("f7")
    await driver.paste(text)
    assert composer.text == text
    await driver.press("ctrl+s")
    await driver.comes("Review")
    if to_all > 1:
        await driver.press("t")
        await driver.comes("ChooseTickets")
        await driver.press("a", "enter")
        await driver.comes("Review")
    for _ in range(to_all):
        shown = driver.app.screen
        await driver.press("s")
        await driver.until(lambda shown=shown: driver.app.screen is not shown, "that one is reviewed")
    await driver.comes("IncidentScreen")
    # Before there is a channel nothing is told in it.
    if driver.screen.view.snapshot.slack is not None:
        await driver.until(lambda: counted(driver, "reply") == sent + to_all, "what was sent is told")
    await driver.until(lambda: not driver.screen.view.outbox.deliveries or not driver.screen.view.snapshot.slack)
    await driver.press("escape")


async def begin(driver: Driver) -> None:
    """Acknowledge, promote, open the channel."""
    await driver.press("a")
    await done(driver, "start.acknowledged")
    await driver.press("p")
    await done(driver, "start.p1")
    await enter(driver, "start.channel")
    await done(driver, "start.channel")


async def resolve_tickets(driver: Driver, count: int) -> None:
    """Resolve the tickets, one after the other, each after its question."""
    for left in range(count, 0, -1):
        assert len(driver.screen.tickets_by_end()[0]) == left
        await enter(driver, "resolve.freshdesk")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda left=left: len(driver.screen.tickets_by_end()[0]) < left, "one is resolved")
    await done(driver, "resolve.freshdesk")


async def minutes(driver: Driver, count: float) -> None:
    """Let the story go on, and look at what came of it."""
    await driver.sandbox.advance(count * 60)
    await driver.press("r")


def incident_in(world: dict[str, Any]) -> dict[str, Any]:
    """The incident of the scenario."""
    found: dict[str, Any] = max(world["pagerduty"]["incidents"], key=lambda one: one["incident_number"])
    return found


def told(world: dict[str, Any], ticket: int) -> list[str]:
    """Our public replies on a ticket."""
    found = next(one for one in world["freshdesk"]["tickets"] if one["id"] == ticket)
    return [said["body_text"] for said in found["conversations"] if not said["incoming"] and not said["private"]]


def ticket_status(world: dict[str, Any], ticket: int) -> int:
    """How a ticket stands."""
    return int(next(one["status"] for one in world["freshdesk"]["tickets"] if one["id"] == ticket))


def kinds(world: dict[str, Any]) -> Counter[str]:
    """Our notes in the channels by kind, each action once."""
    messages = [message for channel in world["slack"]["channels"] for message in channel["messages"]]
    ours = [m["metadata"]["event_payload"] for m in messages if (m.get("metadata") or {}).get("event_payload")]
    acts = [one for one in ours if "id" in one]
    assert len({one["id"] for one in acts}) == len(acts), "one note for each action"
    return Counter(one["kind"] for one in acts)


@play("fast")
async def test_twenty_minutes_and_then_all_that_follows(cockpit: Open, sandbox: Sandbox, tmp_path: Path) -> None:
    link_of_report = "https://reports.example/1924"
    async with cockpit("1924", polls=SELDOM) as driver:
        screen = driver.screen
        assert state(driver, "validate.classify") is State.DONE, "the tag certainly means an outage"
        assert state(driver, "validate.test") is State.NOT_APPLICABLE
        await begin(driver)
        await minutes(driver, 3.5)
        await link(driver, 4038)
        await driver.press("c")
        await say(driver, "Dear G. Moreau,\n\nwe can confirm that logins fail, and are on it. Again by 14:30 UTC.")
        await done(driver, "start.informed")
        assert screen.view.assessment.official_start.at is not None

        await minutes(driver, 12)
        await attest(driver, "resolve.validated", "Kim signed in")
        await enter(driver, "resolve.told")
        await say(driver, "Dear G. Moreau,\n\nlogins work again; a client secret had expired.")
        await done(driver, "resolve.told")
        assert state(driver, "resolve.pagerduty") is not State.DONE
        await minutes(driver, 3.5)
        await done(driver, "resolve.pagerduty")  # the alert ended, and the incident with it: nobody pressed a key
        await minutes(driver, 4)
        await driver.until(lambda: state(driver, "resolve.holds") is State.CANT_TELL, "they wrote: is it over?")
        assert "read it, and answer" in screen.view.assessment.step("resolve.holds").evidence
        await driver.press("c")
        await say(driver, "Dear G. Moreau,\n\nthank you for telling us.")
        await resolve_tickets(driver, 1)
        await done(driver, "resolve.holds")

        assert not screen.view.assessment.quiet(8), "now the last phase shows"
        due = {one.id: one.state for one in screen.view.assessment.deadlines}
        assert {due["draft"], due["review"], due["publish"]} == {Due.OK}
        await minutes(driver, 60)
        await attest(driver, "after.postmortem", "https://sandbox.pagerduty.example/postmortems/1")
        await attest(driver, "after.actions", "https://issues.example/77")
        await enter(driver, "after.draft")
        await driver.comes("Ask")
        await driver.press("enter")
        await done(driver, "after.draft")
        assert "| **Duration** |" in (tmp_path / "incident-1924.md").read_text()
        await attest(driver, "after.reviewed", "Lou read it")
        await attest(driver, "after.closed")
        await attest(driver, "after.published", link_of_report)
        await enter(driver, "after.sent")
        await say(driver, f"Dear G. Moreau,\n\nwe wrote down what happened: {link_of_report}")
        await done(driver, "after.sent")
        happen(sandbox, "archive", by="lou")
        await driver.press("r")
        await done(driver, "after.archived")
        assert screen.view.assessment.phase_done(8)
        assert screen.view.assessment.next_step() is None
        assert {one.state for one in screen.view.assessment.deadlines} == {Due.MET}

    world = await ask(sandbox)
    incident = incident_in(world)
    begun, ended = (datetime.fromisoformat(incident[name]) for name in ("created_at", "resolved_at"))
    assert ended - begun == timedelta(minutes=20)
    assert incident["priority"]["summary"] == "P1"
    assert ticket_status(world, 4038) == 4
    assert [link_of_report in text for text in told(world, 4038)] == [False, False, False, True]
    (channel,) = [one for one in world["slack"]["channels"] if one["name"].endswith("_inc_1924")]
    assert channel["is_archived"]
    assert kinds(world) == {
        "acknowledge": 1, "set_priority": 1, "open_channel": 1, "link_ticket": 1, "reply": 4, "resolve_ticket": 1,
        "attest": 6, "report": 1,
    }  # fmt: skip


@play("false_alarm")
async def test_a_false_alarm_is_resolved_and_only_then_no_p1_any_more(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit("1924", polls=SELDOM) as driver:
        screen = driver.screen
        assert screen.view.snapshot.pagerduty.incident.priority == "P1"
        await minutes(driver, 6)
        await judge(driver, "end", "up")
        await done(driver, "validate.test")
        await driver.until(lambda: state(driver, "validate.false_alarm") is State.TODO, "it asks to be closed")
        assert "resolve it first, then remove P1" in screen.view.assessment.step("validate.false_alarm").evidence
        assert state(driver, "start.informed") is State.NOT_APPLICABLE
        await enter(driver, "validate.false_alarm")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda: screen.view.snapshot.pagerduty.incident.status is Status.RESOLVED, "resolved")
        assert state(driver, "validate.false_alarm") is State.TODO
        assert screen.view.snapshot.pagerduty.incident.priority == "P1"
        await minutes(driver, 1)
        await enter(driver, "validate.false_alarm")
        await done(driver, "validate.false_alarm")
        assert screen.view.assessment.next_step() is None
        assert screen.view.outbox.refused == 0
        await minutes(driver, 20)

    incident = incident_in(await ask(sandbox))
    assert (incident["status"], incident["priority"]) == ("resolved", None)
    log = sorted(incident["log_entries"], key=lambda entry: entry["created_at"])
    resolved = [n for n, one in enumerate(log) if one["type"] == "resolve_log_entry"]
    changed = [n for n, one in enumerate(log) if one["type"].startswith("priority_change")]
    assert len(resolved) == 1
    assert len(changed) == 2
    assert changed[0] < resolved[0] < changed[1], "P1 went only when it was resolved"


@play("three_communities")
async def test_three_communities_are_told_by_one_letter_each_on_its_own_clock(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit("1924", polls=MUCH) as driver:
        screen = driver.screen
        await judge(driver, "down", "down")
        await done(driver, "validate.test")
        await begin(driver)
        for ticket in (4038, 4039, 4040):
            await link(driver, ticket)
        await minutes(driver, 9)
        await driver.press("l")
        await driver.comes("LinkTicket")
        await driver.paste("4041")
        await driver.press("enter")
        problem = lambda: str(driver.app.screen.query_one(".problem").render())
        await driver.until(lambda: "merged into ticket 4038" in problem(), "the double isn't linked")
        await driver.press("escape")
        screen.reply.open_ticket(4038)
        await driver.press("c")
        await say(driver, "Hi R. Osei,\n\nservers don't start; we are on it. Again by 13:50 UTC.", to_all=3)
        await done(driver, "start.informed")
        assert set(due_by_ticket(driver)) == {4038, 4039, 4040}

        await minutes(driver, 15)
        await driver.until(lambda: screen.view.snapshot.slack.replies, "the thread is seen")
        await driver.press("T")
        await done(driver, "work.no_threads")
        await minutes(driver, 15)
        await driver.until(lambda: state(driver, "comms.answered") is not State.DONE, "Mordor asks")
        screen.reply.open_ticket(4039)
        await driver.press("c")
        await say(driver, "Dear G. Moreau,\n\nyour nodes move to another zone before the exam.")
        await done(driver, "comms.answered")
        due = due_by_ticket(driver)
        assert due[4038] == due[4040] < due[4039], "each has its own clock"
        await minutes(driver, 100)
        overdue = lambda: {
            one.ticket: one.state for one in screen.view.assessment.deadlines if one.id == "community_update"
        }
        await driver.until(lambda: overdue()[4038] is Due.OVERDUE, "the others' update is late")
        assert overdue()[4039] is not Due.OVERDUE
        screen.reply.open_ticket(4038)
        await driver.press("c")
        await say(driver, "Hi R. Osei,\n\nwe wait for the provider. Again by 16:00 UTC.", to_all=3)
        await done(driver, "comms.update")

        await minutes(driver, 31)
        await done(driver, "resolve.pagerduty")
        await attest(driver, "resolve.validated", "Kim looked at all three")
        screen.reply.open_ticket(4038)
        await enter(driver, "resolve.told")
        await say(driver, "Hi R. Osei,\n\nservers start again.", to_all=3)
        await done(driver, "resolve.told")
        await resolve_tickets(driver, 3)
        await done(driver, "resolve.holds")
        assert not screen.view.outbox.deliveries

    world = await ask(sandbox)
    assert [ticket_status(world, ticket) for ticket in (4038, 4039, 4040)] == [4, 4, 4]
    assert [len(told(world, ticket)) for ticket in (4038, 4039, 4040)] == [3, 4, 3]
    for ticket, name in ((4038, "R. Osei"), (4039, "G. Moreau"), (4040, "P. Lindqvist")):
        assert all(name in text for text in told(world, ticket)), "each is greeted by name"
    assert kinds(world)["reply"] == 10, "each letter is its own delivery, with its own note"
    assert (kinds(world)["link_ticket"], kinds(world)["resolve_ticket"], kinds(world)["lift"]) == (3, 3, 1)


def due_by_ticket(driver: Driver) -> dict[int | None, datetime]:
    """Until when each community is to hear from us."""
    deadlines = driver.screen.view.assessment.deadlines
    return {one.ticket: one.due for one in deadlines if one.id == "community_update"}


@play("not_reproducible")
async def test_a_ticket_that_cannot_be_reproduced_is_asked_about_and_closed(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit("ticket:4038", settled=False, polls=SELDOM) as driver:
        await driver.until(lambda: driver.app.session is not None, "a session opens")
        await driver.until(lambda: driver.screen.view.snapshot.ticket(4038), "the ticket is read")
        screen = driver.screen
        assert screen.view.snapshot.pagerduty is None
        await judge(driver, "end")
        await say(driver, "Dear P. Lindqvist,\n\nwe could not see it. Who is hit, since when, and what do they see?")
        evidence = lambda: screen.view.assessment.step("validate.test").evidence
        await driver.until(lambda: "no answer yet" in evidence(), "it waits for them")
        assert state(driver, "validate.test") is State.TODO
        await minutes(driver, 35)
        await driver.until(lambda: "no answer yet" not in evidence(), "they answered")
        assert state(driver, "validate.test") is State.TODO, "it is judged again"
        await minutes(driver, 80)
        await judge(driver, "end", "up")
        await done(driver, "validate.test")
        assert state(driver, "start.p1") is State.NOT_APPLICABLE
        await driver.press("c")
        await say(driver, "Dear P. Lindqvist,\n\nglad that it was found; we close this.")
        await done(driver, "comms.answered")
        assert screen.view.assessment.next_step().step.id == "resolve.freshdesk"
        await driver.press("ctrl+p")
        await driver.comes("CommandPalette")
        await driver.paste("resolve ticket")
        await driver.until(lambda: "Resolve ticket" in driver.shows("CommandList"), "it is found by its name")
        await driver.press("enter")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await done(driver, "resolve.freshdesk")
        assert screen.view.assessment.next_step() is None

    world = await ask(sandbox)
    assert world["pagerduty"]["incidents"] == [], "nothing was declared"
    assert ticket_status(world, 4038) == 4
    assert len(told(world, 4038)) == 2
