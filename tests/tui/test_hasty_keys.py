"""Keys pressed faster than the cockpit draws: the first answer counts, and none falls through to what lies below."""

from __future__ import annotations

from textual import events
from textual.keys import key_to_character

from cockpit.engine.view import Part
from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox
from cockpit.tui.screens.picker import Picker
from cockpit.tui.screens.review import Review
from tests.tui.conftest import Driver, Open
from tests.tui.test_reply import replies, with_ticket, write_letter


async def press_at_once(driver: Driver, *keys: str) -> None:
    """Press keys without waiting for what each brings about."""
    for key in keys:
        driver.app.post_message(events.Key(key, key_to_character(key)))
    await driver.pilot.pause()


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
        view = lambda: driver.screen.view  # noqa: E731
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
        await press_at_once(driver, "enter", "enter", "enter")
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty.incident.status is Status.RESOLVED)  # type: ignore[union-attr]
        assert driver.over == "IncidentScreen"


async def test_keys_ahead_of_a_screen_do_no_harm(cockpit: Open) -> None:
    async with cockpit() as driver:
        for opening in ("i", "l", "question_mark", "O", "x", "e"):
            await press_at_once(driver, opening, opening, "escape", "enter", "k", "slash", "escape", "escape", "escape")
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
