"""The incident's screen, by keys, on the sandbox: what is pressed is what happens in the services, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from textual.widgets import Button, Input

from cockpit.incident.checklist import State
from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox
from cockpit.sandbox.scenario import Event
from tests.tui.conftest import WIDE, Driver, Open


def incident(sandbox: Sandbox) -> dict[str, Any]:
    """Incident 1924 as the sandbox holds it."""
    return next(one for one in sandbox.state()["pagerduty"]["incidents"] if one["incident_number"] == 1924)


def notes(sandbox: Sandbox) -> list[str]:
    """The texts of our notes in the channel, in order."""
    messages = [m for channel in sandbox.state()["slack"]["channels"] for m in channel["messages"]]
    ours = [m for m in messages if (m.get("metadata") or {}).get("event_type") == "cockpit_action"]
    return [note["text"] for note in sorted(ours, key=lambda note: float(note["ts"]))]


def happen(sandbox: Sandbox, kind: str, **details: object) -> None:
    """Let something happen in the world, now."""
    assert sandbox.story.inject(Event(timedelta(0), kind, {"kind": kind, **details}))


def state(driver: Driver, step: str) -> State:
    """How a step stands on the screen."""
    return driver.screen.view.assessment.step(step).state


async def start(driver: Driver) -> None:
    """Take the incident to where only the community has to be told."""
    await driver.press("a", "p")
    await driver.until(lambda: state(driver, "start.acknowledged") is State.DONE, "acknowledged")
    await driver.until(lambda: state(driver, "start.p1") is State.DONE, "P1")
    await driver.choose_step("start.channel")
    await driver.press("enter")
    await driver.until(lambda: driver.screen.view.snapshot.slack is not None, "the channel")
    await driver.press("l")
    await driver.comes("LinkTicket")
    await driver.write("4038")
    await driver.press("enter")
    await driver.until(lambda: driver.screen.view.snapshot.ticket(4038), "the ticket")


async def test_one_key_acknowledges_and_another_promotes_without_a_question(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("a")
        assert driver.over == "IncidentScreen", "acknowledging asks nothing"
        await driver.until(lambda: incident(sandbox)["status"] == "acknowledged")
        await driver.press("p")
        await driver.until(lambda: (incident(sandbox)["priority"] or {}).get("summary") == "P1")
        await driver.until(lambda: "P1" in driver.shows("#header") and "acknowledged" in driver.shows("#header"))


async def test_an_impossible_command_says_why_and_does_nothing(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("a")
        await driver.until(lambda: state(driver, "start.acknowledged") is State.DONE)
        before = len(driver.app.desk.history(driver.screen.session.case))
        await driver.press("a")
        assert any("acknowledged it already" in words for words in driver.said())
        assert len(driver.app.desk.history(driver.screen.session.case)) == before


async def test_notes_are_written_at_the_channels_foot_and_arrive_once(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        await driver.press("n")
        await driver.write("looking at the proxy")
        draft = driver.screen.session.drafts.of("channel")
        assert draft is not None
        assert draft.text == "looking at the proxy", "the draft is saved as it is typed"
        await driver.press("enter")
        assert driver.screen.channel.input.value == ""
        assert driver.screen.session.drafts.of("channel") is None
        await driver.until(lambda: any("looking at the proxy" in note for note in notes(sandbox)))
        await driver.until(lambda: "looking at the proxy" in driver.shows("#messages"), "it is in the pane")
        await driver.screen.session.idle()
        assert len([note for note in notes(sandbox) if "looking at the proxy" in note]) == 1


async def test_resolving_asks_with_cancel_focused(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("R")
        await driver.comes("Confirm")
        assert isinstance(driver.app.focused, Button)
        assert driver.app.focused.id == "no"
        await driver.press("enter")
        assert driver.over == "IncidentScreen"
        assert incident(sandbox)["status"] == "triggered"
        await driver.press("R")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda: incident(sandbox)["status"] == "resolved")


async def test_a_step_is_attested_set_aside_and_taken_back(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.choose_step("resolve.validated")
        await driver.press("space")
        await driver.comes("Ask")
        await driver.write("seen")
        await driver.press("enter")
        await driver.until(lambda: state(driver, "resolve.validated") is State.DONE)
        await sandbox.advance(1)
        await driver.press("u")
        await driver.until(lambda: state(driver, "resolve.validated") is State.TODO)
        await sandbox.advance(1)
        await driver.press("x")
        await driver.comes("Choose")
        await driver.press("j", "enter")
        await driver.comes("Ask")
        await driver.press("enter")
        assert driver.over == "Ask", "without a reason it isn't set aside"
        await driver.write("a test")
        await driver.press("enter")
        await driver.until(lambda: state(driver, "resolve.validated") is State.NOT_APPLICABLE)


async def test_the_target_is_the_one_on_which_the_question_was_opened(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.choose_step("resolve.validated")
        await driver.press("space")
        await driver.comes("Ask")
        driver.screen.process.listing.select("hands.experts")
        await driver.press("enter")
        await driver.until(lambda: state(driver, "resolve.validated") is State.DONE)
        assert state(driver, "hands.experts") is State.TODO


async def test_the_verdict_is_chosen(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.choose_step("validate.test")
        await driver.press("enter")
        await driver.comes("Choose")
        await driver.press("j", "enter")
        await driver.until(lambda: driver.screen.view.assessment.verdict == "outage")
        assert driver.screen.view.assessment.outage_kind == driver.screen.session.process.words.outage_kinds[1]


async def test_the_selection_stays_by_id_when_the_world_changes(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.choose_step("comms.update")
        await driver.press("a")
        await driver.until(lambda: state(driver, "start.acknowledged") is State.DONE)
        assert driver.screen.process.listing.selected == "comms.update"


async def test_the_evidence_shows_what_was_read_from_where_and_when(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.press("a")
        await driver.until(lambda: state(driver, "start.acknowledged") is State.DONE)
        await driver.choose_step("start.acknowledged")
        await driver.press("e")
        await driver.comes("Detail")
        text = driver.shows("Listing")
        assert "PagerDuty" in text
        assert "13:03:00 UTC" in text
        await driver.press("escape")
        assert driver.over == "IncidentScreen"


async def test_a_thread_is_lifted_on_one_key(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        happen(sandbox, "post", by="kim", text="what changed?", key="q")
        happen(sandbox, "post", by="lou", text="the image is gone", thread="q")
        await driver.until(lambda: driver.screen.view.snapshot.slack.replies, "the thread's reply")
        await driver.press("3")
        assert "1 reply in a thread" in driver.shows("#messages")
        await driver.press("t")
        await driver.until(lambda: any("the image is gone" in note for note in notes(sandbox)))
        assert any("Lou Marsh" in note and "13:03 UTC" in note for note in notes(sandbox))
        await driver.screen.session.idle()
        await driver.press("t")
        assert any("no thread to lift" in words for words in driver.said())


async def test_all_threads_are_lifted_on_one_key_from_anywhere(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(size=WIDE) as driver:
        await start(driver)
        for key, reply in (("q", "the image is gone"), ("r", "an hour more")):
            happen(sandbox, "post", by="kim", text="what changed?", key=key)
            happen(sandbox, "post", by="lou", text=reply, thread=key)
        await driver.until(lambda: len(driver.screen.view.snapshot.slack.replies) == 2)
        await driver.press("1", "T")
        await driver.until(lambda: len([note for note in notes(sandbox) if "From a thread" in note]) == 2)
        await driver.until(lambda: driver.shows("#messages").count("lifted") == 2, "they are marked")
        await driver.screen.session.idle()
        await driver.press("T")
        assert any("no thread to lift" in words for words in driver.said())
        assert len([note for note in notes(sandbox) if "From a thread" in note]) == 2


async def test_reopening_needs_something_that_is_resolved(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("b")
        assert any("nothing to reopen" in words for words in driver.said())
        await driver.press("R")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty.incident.status is Status.RESOLVED)
        await driver.press("b")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda: incident(sandbox)["status"] == "triggered")


async def test_a_key_is_rebound_in_the_config(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(keys={"acknowledge": "A", "nonsense": "Z"}) as driver:
        assert any("nonsense" in words for words in driver.said()), "a name that means nothing is told"
        await driver.press("a")
        assert incident(sandbox)["status"] == "triggered"
        await driver.press("A")
        await driver.until(lambda: incident(sandbox)["status"] == "acknowledged")


async def test_the_filter_shows_only_what_holds_the_words(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.press("slash")
        await driver.write("tech lead")
        steps = [row.id for row in driver.screen.process.listing.rows if not row.id.startswith("phase ")]
        assert steps
        assert all("tech lead" in driver.screen.session.process.step(step).title.lower() for step in steps)
        await driver.press("enter", "escape")
        assert driver.screen.process.words == ""


async def test_what_is_being_written_outlives_any_news(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("n")
        await driver.write("half a sen")
        line = driver.screen.query_one("#note", Input)
        line.cursor_position = 4
        before = driver.screen.view
        driver.screen.session.refresh()
        await driver.until(lambda: driver.screen.view is not before, "news")
        assert driver.screen.query_one("#note", Input) is line
        assert (line.value, line.cursor_position, line.has_focus) == ("half a sen", 4, True)
