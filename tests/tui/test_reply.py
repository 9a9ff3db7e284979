"""Writing to the community: drafts, blanks, the review, the pause, and what becomes of a letter."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from textual.widgets import Button

from cockpit.sandbox import Sandbox
from cockpit.sandbox.scenario import Event
from tests.tui.conftest import WIDE, Driver, Open

LETTER = "Hello,\n\nwe know of it and are working on it."


def replies(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Our public replies in ticket 4038."""
    ticket = next(t for t in sandbox.state()["freshdesk"]["tickets"] if t["id"] == 4038)
    return [said for said in ticket["conversations"] if not said["incoming"] and not said["private"]]


async def with_ticket(driver: Driver) -> None:
    """Link the ticket and go to its text."""
    driver.screen.session.act("link_ticket", ticket=4038, subject="Hub is not reachable")
    await driver.until(lambda: driver.screen.view.snapshot.ticket(4038), "the ticket")
    await driver.press("c")
    assert driver.screen.focused is driver.screen.reply.composer


async def write_letter(driver: Driver, text: str = LETTER) -> None:
    """Replace what is there by a text that can be sent."""
    driver.screen.reply.composer.text = text
    await driver.pilot.pause()


async def test_a_reply_begins_from_the_text_that_fits_and_its_blanks_block_it(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        assert "R. Osei" in driver.screen.reply.text
        assert driver.screen.reply.composer.selected_text.startswith("⟦"), "the first blank is selected"
        await driver.press("ctrl+s")
        await driver.comes("Review")
        assert driver.app.screen.query_one("#yes", Button).disabled
        await driver.press("s")
        assert driver.over == "Review", "a text with a blank can't be sent"
        await driver.press("escape")
        assert replies(sandbox) == []


async def test_tab_goes_through_the_blanks(cockpit: Open) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        composer = driver.screen.reply.composer
        first = composer.selection
        await driver.write("nobody can log in")
        assert "nobody can log in" in driver.screen.reply.text
        while composer.text.count("⟦"):
            await driver.press("tab")
            assert composer.selected_text.startswith("⟦")
            assert composer.selection != first
            await driver.write("x")
        await driver.press("tab")
        assert driver.screen.current is driver.screen.process, "without a blank, tab goes on to the next pane"


async def test_the_review_shows_the_letter_and_sends_it_once(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver, "Hello,\n\nwe **know** of it.")
        await driver.press("f9")
        await driver.comes("Review")
        text = "\n".join(str(widget.render()) for widget in driver.app.screen.query(".fact"))
        for part in ("R. Osei", "r.osei@rivendell.example", "Rivendell University", "4038", "PUBLIC"):
            assert part in text
        assert "we know of it." in driver.shows("#letter"), "as they will read it"
        assert driver.app.focused is driver.app.screen.query_one("#no", Button)
        await driver.press("enter")
        assert driver.over == "IncidentScreen"
        assert replies(sandbox) == []
        await driver.press("ctrl+s")
        await driver.comes("Review")
        await driver.press("s")
        await driver.until(lambda: len(replies(sandbox)) == 1)
        await driver.until(lambda: driver.screen.reply.text == "", "the draft is gone when the letter has arrived")
        assert driver.screen.session.drafts.of("reply:4038") is None
        assert "sent" in driver.shows("#reply-foot")
        await driver.screen.session.idle()
        assert len(replies(sandbox)) == 1
        await driver.press("1")
        assert driver.screen.current is driver.screen.process, "a pane's number begins no letter"
        assert driver.screen.reply.text == ""


async def test_in_the_pause_one_key_takes_it_back(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(review_hold=3600.0) as driver:
        await with_ticket(driver)
        await write_letter(driver)
        await driver.press("ctrl+s")
        await driver.comes("Review")
        await driver.press("s")
        assert driver.over == "Review", "the pause is on the screen"
        assert "takes it back" in str(driver.app.screen.query_one("#standing").render())
        await driver.press("escape")
        assert "nothing was sent" in str(driver.app.screen.query_one("#standing").render())
        await driver.press("escape")
        assert driver.over == "IncidentScreen"
        kinds = [delivery.kind for delivery in driver.app.desk.history(driver.screen.session.case)]
        assert "reply" not in kinds, "nothing was journalled"
        assert driver.screen.reply.text == LETTER


async def test_quitting_in_the_pause_sends_nothing_and_keeps_the_text(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(size=WIDE, review_hold=3600.0) as driver:
        await with_ticket(driver)
        await write_letter(driver)
        await driver.press("ctrl+s")
        await driver.comes("Review")
        await driver.press("s", "ctrl+q")
    async with cockpit(None, size=WIDE) as driver:
        await driver.until(lambda: driver.screen.reply.text == LETTER, "the draft is back")
        assert "saved 13:03" in driver.shows("#reply-foot")
        assert replies(sandbox) == []


async def test_a_letter_is_held_back_when_the_community_wrote_meanwhile(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver)
        await driver.press("ctrl+s")
        await driver.comes("Review")
        await sandbox.advance(60)
        details = {"kind": "ticket_reply", "by": "r.osei@rivendell.example", "text": "<p>It works again!</p>"}
        assert sandbox.story.inject(Event(timedelta(0), "ticket_reply", details))
        await driver.press("s")
        await driver.until(lambda: driver.screen.view.outbox.refused, "it is held back")
        await driver.until(lambda: "Held back" in driver.shows("#reply-foot"))
        assert "It works again!" in driver.reads("#reply-foot")
        assert replies(sandbox) == []
        assert driver.screen.reply.text == LETTER
        await driver.until(lambda: "It works again!" in driver.shows("#conversation"))
        await driver.press("ctrl+s")
        await driver.comes("Review")
        await driver.press("s")
        await driver.until(lambda: len(replies(sandbox)) == 1, "reviewed again, it goes")
        await driver.until(lambda: not driver.screen.view.outbox.refused, "it takes the place of the one held back")


async def test_another_template_replaces_the_text(cockpit: Open) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await driver.press("ctrl+t")
        await driver.comes("Choose")
        await driver.press("home", *"jjjjj", "enter")
        await driver.until(lambda: driver.screen.reply.purpose.value == "plain")
        assert "⟦" not in driver.screen.reply.text


async def test_the_editor_takes_the_text_and_gives_it_back(cockpit: Open, tmp_path: Any, monkeypatch: Any) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'from outside' > \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    async with cockpit() as driver:
        await with_ticket(driver)
        # There is no terminal to lend to the editor here.
        monkeypatch.setattr(driver.app, "suspend", nullcontext)
        await driver.press("ctrl+e")
        await driver.until(lambda: driver.screen.reply.text == "from outside")
        draft = driver.screen.session.drafts.of("reply:4038")
        assert draft is not None
        assert draft.text == "from outside"


async def test_without_a_ticket_there_is_nobody_to_write_to(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.press("c")
        assert any("No ticket is linked" in words for words in driver.said())


async def test_a_full_disk_is_said_and_loses_nothing_on_the_screen(cockpit: Open) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        database = driver.app.desk.journal._db
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        await write_letter(driver, "x" * 200_000)
        await driver.until(lambda: any("Not saved" in said for said in driver.said()), "it is said")
        await driver.press("y", "z")
        assert sum("Not saved" in said for said in driver.said()) == 1, "once, not for each letter"
        assert driver.screen.reply.composer.text == "yz" + "x" * 200_000
