"""Keys pressed faster than the cockpit draws: the first answer counts, and none falls through to what lies below."""

from __future__ import annotations

import asyncio

from textual import events
from textual.widgets import Input

from cockpit.engine.view import Part
from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox
from cockpit.tui.screens.picker import Picker
from cockpit.tui.screens.review import Review
from tests.tui.conftest import Open
from tests.tui.test_reply import replies, with_ticket, write_letter
from tests.waiting import until


async def test_what_is_typed_in_one_go_with_the_key_that_opens_a_line_goes_there(cockpit: Open) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        # As commands these would acknowledge, ask to resolve, ask for an incident, and so on.
        await driver.press_at_once("escape", "n", *"aRilxHpT", "enter", "escape", "c", *"Rap", "escape", "N", *"aRx")
        assert driver.over == "Ask"
        assert driver.app.screen.query_one(Input).value == "aRx"
        assert driver.screen.reply.text.count("Rap") == 1
        await driver.press("escape")
        waiting = driver.screen.view.outbox.deliveries
        assert [one.data.get("text") for one in waiting if one.kind == "note"] == ["aRilxHpT"]
        assert driver.screen.view.snapshot.pagerduty.incident.status is Status.TRIGGERED


async def test_what_is_pasted_at_once_waits_for_the_line_too(cockpit: Open) -> None:
    async with cockpit() as driver:
        driver.app.post_message(events.Key("n", "n"))
        driver.app.post_message(events.Paste("node 7 is gone"))
        driver.app.post_message(events.Key("exclamation_mark", "!"))
        await driver.typed_out()
        assert driver.screen.channel.input.value == "node 7 is gone!"


async def test_a_key_pressed_again_out_of_impatience_doesnt_answer_what_it_opened(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.choose_step("validate.test")
        await driver.press_at_once("enter", "enter", "enter")
        assert driver.over == "Choose"
        assert driver.screen.view.outbox.deliveries == ()


async def test_the_key_that_leaves_is_held_for_nobody(cockpit: Open) -> None:
    async with cockpit() as driver:
        driver.app._ahead.append(events.Key("j", "j"))
        driver.app._turns = asyncio.create_task(asyncio.Event().wait())
        driver.app.post_message(events.Key("ctrl+q", None))
        await until(lambda: driver.app._exit, "it leaves")


async def test_a_letter_that_is_sent_twice_in_haste_goes_once(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver)
        await driver.press("ctrl+s")
        await driver.comes("Review")
        review = driver.app.screen
        assert isinstance(review, Review)
        for _ in range(3):  # as three presses do that wait in the queue together
            review.action_send()
        await driver.until(lambda: replies(sandbox), "the letter goes")
        view = lambda: driver.screen.view
        await driver.until(lambda: all(one.part is Part.NOTE for one in view().outbox.deliveries), "none is under way")
        assert len(replies(sandbox)) == 1
        assert len(driver.app.screen_stack) == 2, "the incident's screen is still there"


async def test_a_key_for_a_screen_that_is_not_there_yet_does_nothing(cockpit: Open) -> None:
    async with cockpit() as driver:
        desk = driver.app.desk
        picker = Picker(desk.offer, desk.settings.now, leave=True)
        driver.app.push_screen(picker)
        await driver.app.run_action("back", picker)
        await driver.comes("Picker")
        await driver.press("escape")
        assert driver.over == "IncidentScreen"


async def test_what_was_confirmed_twice_is_done_once(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("R")
        await driver.until(lambda: driver.over != "IncidentScreen", "resolving asks first")
        await driver.press("tab")
        await driver.press_at_once("enter", "enter", "enter")
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty.incident.status is Status.RESOLVED)
        assert driver.over == "IncidentScreen"


async def test_keys_ahead_of_a_screen_do_no_harm(cockpit: Open) -> None:
    async with cockpit() as driver:
        for opening in ("i", "l", "question_mark", "O", "x", "e"):
            await driver.press_at_once(opening, opening, "escape", "enter", "k", "slash", "escape", "escape", "escape")
            while driver.over != "IncidentScreen":
                await driver.press("escape")
        assert driver.screen.is_mounted
        assert len(driver.app.screen_stack) == 2


async def test_another_incident_takes_away_what_lies_over_the_first(cockpit: Open) -> None:
    async with cockpit() as driver:
        first = driver.screen
        await driver.press("question_mark")
        await driver.comes("HelpScreen")
        case = driver.app.desk.journal.new_case("Another", driver.app.desk.settings.now())
        await driver.app.open(case)
        await driver.comes("IncidentScreen")
        assert first not in driver.app.screen_stack
        assert len(driver.app.screen_stack) == 2
