"""The wrong recipient: a text goes to whom it was begun for, with nothing in it that nobody read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from textual.widgets import Button, TextArea

from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox
from cockpit.sandbox.scenario import Event
from cockpit.tui.panes.listing import Listing
from tests.tui.conftest import Driver, Open
from tests.tui.test_incident import happen
from tests.tui.test_opening import picker
from tests.tui.test_reply import LETTER, replies, with_ticket, write_letter


def private_notes(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The private notes on ticket 4038."""
    ticket = next(t for t in sandbox.state()["freshdesk"]["tickets"] if t["id"] == 4038)
    return [said for said in ticket["conversations"] if said["private"]]


async def reviewed(driver: Driver, text: str) -> str:
    """Review a text; what stands under it."""
    await write_letter(driver, text)
    await driver.press("ctrl+s")
    await driver.comes("Review")
    return driver.reads("#standing")


async def test_the_guards_stop_a_reply_and_say_which_words(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        for text, words in (
            (" ", "It is empty"),
            ("Hi,\n⟦state⟧", "“state” isn't filled in (line 2)"),
            ("Hi {{ticket.id}}", "{{ticket.id}} isn't filled in (line 1)"),
            ("thanks <@U0123ABC>", "“<@U0123ABC>” is a mention out of Slack (line 1)"),
        ):
            assert words in await reviewed(driver, text)
            assert driver.app.screen.query_one("#yes", Button).disabled
            await driver.press("s", "s")
            assert driver.over == "Review", "what isn't finished never goes"
            await driver.press("escape")
        for text, words in (
            ("Hi,\nproxy.hub.internal is down", "Line 2 names an internal host: “proxy.hub.internal”"),
            ("token: abcd1234efgh", "Line 1 holds what looks like a secret: “token: •••”"),
        ):
            assert words in await reviewed(driver, text)
            await driver.press("s")
            assert driver.over == "Review", "asked once more"
            assert "Send it all the same?" in driver.reads("#standing")
            assert driver.app.focused is driver.app.screen.query_one("#no", Button)
            await driver.press("escape")
        assert replies(sandbox) == []
        await reviewed(driver, "proxy.hub.internal is down")
        await driver.press("s", "s")
        await driver.until(lambda: len(replies(sandbox)) == 1, "whoever has read it can send it all the same")


async def test_a_ticket_that_changed_hands_meanwhile_is_not_written_to_unseen(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver)
        other = next(one for one in sandbox.world.freshdesk.contacts.values() if one.name != "R. Osei")
        sandbox.world.freshdesk.tickets[4038].requester_id = other.id
        sandbox.world.freshdesk.tickets[4038].updated_at = sandbox.clock.now() + timedelta(seconds=1)
        driver.screen.session.refresh()
        ticket = lambda: driver.screen.view.snapshot.ticket(4038).ticket
        await driver.until(lambda: ticket().requester.name == other.name, "the ticket is another's")
        await driver.press("ctrl+s")
        await driver.comes("Review")
        assert f"Begun to R. Osei, but ticket 4038 is {other.name}'s now" in driver.reads("#standing")
        await driver.press("s")
        assert driver.over == "Review"
        assert replies(sandbox) == []


async def test_an_update_that_the_resolution_has_overtaken_is_asked_about(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver)
        happen(sandbox, "resolve", by="bot")
        driver.screen.session.refresh()
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty.incident.status is Status.RESOLVED)
        words = "It is a first response, but the incident is resolved."
        assert words in driver.reads("#reply-foot")
        await driver.press("ctrl+s")
        await driver.comes("Review")
        assert words in driver.reads("#standing")
        await driver.press("s", "s")
        await driver.until(lambda: len(replies(sandbox)) == 1, "who means it sends it all the same")


async def test_what_was_said_since_it_was_begun_is_shown_before_it_goes(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver)
        await sandbox.advance(60)
        details = {"kind": "ticket_reply", "by": "r.osei@rivendell.example", "text": "<p>It works again!</p>"}
        assert sandbox.story.inject(Event(timedelta(0), "ticket_reply", details))
        await driver.until(lambda: len(driver.screen.view.snapshot.ticket(4038).conversations) == 2)
        await driver.press("ctrl+s")
        await driver.comes("Review")
        shown = driver.reads("#letter")
        assert "NEW since you began R. Osei wrote at 13:04: It works again!" in shown
        assert shown.index("It works again!") < shown.index("working on it")
    async with cockpit(None) as driver:
        await driver.until(lambda: driver.screen.reply.text == LETTER, "the draft is back")
        await driver.press("c", "ctrl+s")
        await driver.comes("Review")
        assert "It works again!" in driver.reads("#letter"), "and still knows when it was begun"


async def test_an_unlinked_ticket_does_not_give_its_place_to_another_while_one_writes(
    cockpit: Open, sandbox: Sandbox
) -> None:
    async with cockpit() as driver:
        details = {"ticket": "mordor", "by": "g.moreau@mordor.example", "subject": "Down", "text": "<p>Down.</p>"}
        assert sandbox.story.inject(Event(timedelta(0), "ticket", {"kind": "ticket", **details}))
        await with_ticket(driver)
        driver.screen.session.act("link_ticket", ticket=4039, subject="Down")
        await driver.until(lambda: len(driver.screen.view.snapshot.tickets) == 2)
        await write_letter(driver, "Only for R. Osei")
        await sandbox.advance(1)  # of two acts in one moment nobody can tell which came last
        driver.screen.session.act("unlink_ticket", ticket=4038)
        await driver.until(lambda: [f.ticket.id for f in driver.screen.view.snapshot.tickets] == [4039])
        await driver.write(" indeed")
        assert driver.screen.reply.ticket == 4038
        assert "no longer linked" in driver.reads("#reply-foot")
        await driver.press("ctrl+s")
        assert driver.over == "IncidentScreen", "there is nobody to send it to"
        await driver.press("escape")
        await driver.until(lambda: driver.screen.reply.ticket == 4039, "out of the text, the other ticket is shown")
        assert driver.screen.reply.text == ""
        assert driver.screen.session.drafts.of("reply:4038").text.endswith("Only for R. Osei")
        assert driver.screen.session.drafts.of("reply:4039") is None


async def test_a_private_note_is_another_thing_than_a_reply(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(review_hold=0.0) as driver:
        await with_ticket(driver)
        await write_letter(driver, "")
        await driver.press("escape", "P")
        await driver.comes("PrivateNote")
        assert "PRIVATE: colleagues only" in driver.reads("#private-note")
        driver.app.screen.query_one(TextArea).text = "mordor has it too, see hub.internal"
        await driver.press("escape", "P")
        await driver.comes("PrivateNote")
        assert "hub.internal" in driver.app.screen.query_one(TextArea).text, "kept as it was typed"
        border = driver.app.screen.query_one("#private-note").styles.border_top[1]
        await driver.press("f9")
        await driver.comes("Review")
        review = driver.app.screen.query_one("#review")
        assert "private note" in str(review.border_title)
        assert "✎ PRIVATE: colleagues only" in driver.reads("#review")
        assert "PUBLIC" not in driver.reads("#review")
        assert review.styles.border_top[1] == border
        await driver.press("s")
        await driver.until(lambda: len(private_notes(sandbox)) == 1, "it is there, and private")
        await driver.until(lambda: driver.screen.session.drafts.of("ticket note:4038") is None)
        assert replies(sandbox) == []
        await driver.press("c")
        await write_letter(driver)
        await driver.press("ctrl+s")
        await driver.comes("Review")
        assert "✉ PUBLIC" in driver.reads("#review")
        assert driver.app.screen.query_one("#review").styles.border_top[1] != border, "another colour"


async def test_what_looks_wrong_is_said_as_one_types_but_not_of_a_word_that_is_not_finished(cockpit: Open) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver, "")
        await driver.write("see proxy.hub.internal")
        assert "ready: ctrl+s" in driver.reads("#reply-foot")
        await driver.write(" for")
        assert "? Line 1 names an internal host: “proxy.hub.internal”" in driver.reads("#reply-foot")
        await write_letter(driver, "proxy.hub.internal ⟦state⟧ ")
        assert "! “state” isn't filled in" in driver.reads("#reply-foot"), "what is final comes first"


async def test_another_incident_in_the_middle_of_a_reply_leaves_it_with_its_own(
    cockpit: Open, sandbox: Sandbox
) -> None:
    details = {"ticket": "mordor", "by": "g.moreau@mordor.example", "subject": "Down", "text": "<p>Down.</p>"}
    assert sandbox.story.inject(Event(timedelta(0), "ticket", {"kind": "ticket", **details}))
    async with cockpit() as driver:
        await with_ticket(driver)
        await write_letter(driver, "Only for R. Osei")
        await driver.press("end")
        await driver.write(", please")  # not saved yet when the incident is left
        first = driver.screen.session.case.key
        await driver.press("escape", "i")
        await picker(driver)
        driver.app.screen.query_one(Listing).select("ticket 4039")
        await driver.press("enter")
        await driver.until(lambda: driver.screen.session.case.key != first, "another is open")
        await driver.until(lambda: driver.screen.view.snapshot.tickets, "with its ticket")
        assert [one.ticket.id for one in driver.screen.view.snapshot.tickets] == [4039]
        await driver.press("c")
        assert "Osei, please" not in driver.screen.reply.text
        await write_letter(driver, "For the other")
        await driver.press("escape", "i")
        await picker(driver)
        await driver.press("g", "enter")
        await driver.until(lambda: driver.screen.session.case.key == first, "the first again")
        await driver.until(lambda: driver.screen.reply.text == "Only for R. Osei, please", "as it was typed")
        assert driver.screen.reply.ticket == 4038
        assert driver.screen.reply.bound is not None
        assert driver.screen.reply.bound.requester == "R. Osei"
        assert replies(sandbox) == []
