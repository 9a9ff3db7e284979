"""Several communities, and those that haven't written: linking with care, one letter to all, writing first."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button, Input, OptionList

from cockpit.sandbox import Sandbox
from cockpit.tui.panes.composer import Composer
from tests.tui.conftest import Driver, Open
from tests.tui.test_incident import happen, notes
from tests.tui.test_reply import replies, with_ticket, write_letter


def public(sandbox: Sandbox) -> dict[int, list[str]]:
    """Our public replies by ticket."""
    tickets: list[dict[str, Any]] = sandbox.state()["freshdesk"]["tickets"]
    return {
        one["id"]: [said["body"] for said in one["conversations"] if not said["incoming"] and not said["private"]]
        for one in tickets
    }


def problem(driver: Driver) -> str:
    """What the question on top says is wrong."""
    return str(driver.app.screen.query_one(".problem").render())


async def test_a_ticket_that_is_gone_or_another_communitys_is_not_linked_blindly(
    cockpit: Open, sandbox: Sandbox
) -> None:
    happen(sandbox, "ticket", ticket="m", by="g.moreau@mordor.example", subject="Hub is down", text="<p>Down.</p>")
    async with cockpit() as driver:
        await driver.press("l")
        await driver.comes("LinkTicket")
        await driver.write("999999")
        await driver.press("enter")
        await driver.until(lambda: "no ticket 999999" in problem(driver))
        assert driver.over == "LinkTicket"
        await driver.press("ctrl+u")
        await driver.paste("9" * 5000)
        await driver.press("enter")
        assert "No recent ticket" in str(driver.app.screen.query_one(".about").render())
        await driver.press("ctrl+u")
        await driver.write("4039")
        await driver.press("enter")
        await driver.comes("Confirm")
        said = " ".join(str(fact.render()) for fact in driver.app.screen.query(".fact"))
        assert "Mordor Institute" in said
        assert "rivendell/prod" in said
        assert driver.app.focused is driver.app.screen.query_one("#no", Button)
        await driver.press("enter")
        await driver.comes("LinkTicket")
        await driver.press("enter")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda: driver.screen.view.snapshot.ticket(4039), "linked all the same")


async def test_a_ticket_can_be_linked_while_freshdesk_cannot_be_asked(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("l")
        await driver.comes("LinkTicket")
        await driver.until(lambda: driver.app.screen.query_one(OptionList).option_count, "the recent ones are there")
        sandbox.fault("freshdesk", "500")
        await driver.press("down", "enter")
        await driver.comes("Confirm")
        said = " ".join(str(fact.render()) for fact in driver.app.screen.query(".fact"))
        assert "couldn't be looked at" in said
        await driver.press("tab", "enter")
        await driver.comes("IncidentScreen")
        records = lambda: [r for r in driver.screen.view.snapshot.records if r.kind == "link_ticket"]
        await driver.until(records, "the link is noted")


async def test_one_letter_goes_to_all_each_reviewed_with_its_own_name(cockpit: Open, sandbox: Sandbox) -> None:
    for key, by in (("m", "g.moreau@mordor.example"), ("u", "p.lindqvist@utopia.example")):
        happen(sandbox, "ticket", ticket=key, by=by, subject="Hub is down", text="<p>Down.</p>")
    async with cockpit() as driver:
        for number in (4039, 4040):  # in this order, which is the letter's
            driver.screen.session.act("link_ticket", ticket=number, subject="Hub is down")
            await sandbox.advance(1)
        await with_ticket(driver)
        await driver.until(lambda: len(driver.screen.view.snapshot.tickets) == 3)
        driver.screen.reply.open_ticket(4038)
        await write_letter(driver, "Hi R. Osei,\n\nwe know of it. R. Osei told us first.")
        await driver.press("ctrl+s")
        await driver.comes("Review")
        assert "t chooses other communities" in driver.shows("#others")
        await driver.press("t")
        await driver.comes("ChooseTickets")
        assert driver.reads("Marks").count("▐ ▌") == 2, "none is marked, and that isn't told by a colour alone"
        await driver.press("a")
        assert driver.reads("Marks").count("▐X▌") == 2
        await driver.press("enter")
        await driver.comes("Review")
        assert "each reviewed next" in driver.reads("#others")
        await driver.press("s")
        await driver.until(lambda: "Moreau" in driver.reads("#letter"), "the next is reviewed")
        assert "R. Osei told us first" in driver.reads("#letter"), "only the greeting is another"
        await driver.press("s")
        assert "names “R. Osei”, who wrote ticket 4038" in driver.reads("#standing"), "the guard stops it, and says why"
        await driver.press("s")
        await driver.until(lambda: "Lindqvist" in driver.reads("#letter"))
        await driver.press("escape")
        await driver.comes("IncidentScreen")
        await driver.until(lambda: len(replies(sandbox)) == 1 and len(public(sandbox)[4039]) == 1)
        await driver.screen.session.idle()
        assert public(sandbox)[4040] == [], "one left out isn't written to"
        assert "Moreau" in public(sandbox)[4039][0]


async def test_writing_first_opens_a_ticket_after_the_review(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("w")
        await driver.comes("Choose")
        await driver.press("enter")
        await driver.comes("FirstLetter")
        assert "isn't filled in" in problem(driver), "what the facts can't say blocks it"
        assert driver.app.screen.query_one("#cc", Input).value == "t.brandt@rivendell.example", "the second of the two"
        composer = driver.app.screen.query_one(Composer)
        assert composer.selected_text.startswith("⟦")
        composer.text = "Hi R. Osei,\n\nyour hub does not answer; we are on it."
        await driver.pilot.pause()
        draft = driver.screen.session.drafts.of("letter:rivendell/prod")
        assert draft is not None
        assert draft.text == composer.text, "it is saved as it is typed"
        await driver.press("escape")
        await driver.comes("IncidentScreen")
        await driver.press("w")
        await driver.comes("Choose")
        await driver.press("enter")
        await driver.comes("FirstLetter")
        assert driver.app.screen.query_one(Composer).text == draft.text, "and is there again"
        await driver.press("tab")
        assert driver.app.focused is driver.app.screen.query_one("#cc", Input), (
            "without a blank, tab goes to the copies"
        )
        await driver.press("end")
        await driver.paste(", a.brandt")
        assert "isn't an address" in problem(driver)
        await driver.paste("@rivendell.example")
        await driver.press("f9")
        await driver.comes("Review")
        facts = " ".join(str(fact.render()) for fact in driver.app.screen.query(".fact"))
        assert "t.brandt@rivendell.example, a.brandt@rivendell.example" in facts
        assert driver.app.focused is driver.app.screen.query_one("#no", Button)
        await driver.press("s")
        await driver.comes("IncidentScreen")
        opened = lambda: [t for t in sandbox.state()["freshdesk"]["tickets"] if t["source"] == 10]
        await driver.until(opened, "the ticket is opened")
        await driver.until(lambda: driver.screen.view.snapshot.ticket(opened()[0]["id"]), "and linked")
        assert driver.screen.session.drafts.of("letter:rivendell/prod") is None
        assert len(opened()) == 1
        assert opened()[0]["cc_emails"] == ["t.brandt@rivendell.example", "a.brandt@rivendell.example"]
        assert not any("does not answer" in note for note in notes(sandbox)), "none of the text is in the channel"


async def test_a_canned_response_begins_a_reply_with_its_placeholders_filled(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        await driver.press("ctrl+t")
        await driver.comes("Choose")
        options = driver.app.screen.query_one("OptionList")
        await driver.until(lambda: options.option_count > 6, "Freshdesk's come below ours")
        texts = [str(options.get_option_at_index(i).prompt) for i in range(options.option_count)]
        options.highlighted = next(i for i, text in enumerate(texts) if "Outage: update" in text)
        await driver.press("enter")
        await driver.until(lambda: "the current state is" in driver.screen.reply.text)
        text = driver.screen.reply.text
        assert text.startswith("Hi R. Osei,")
        assert "{{" not in text
        assert "⟦ticket.agent.name⟧" in text, "the ticket has no agent yet"
        assert driver.screen.reply.purpose.value == "update"
        await driver.press("ctrl+s")
        await driver.comes("Review")
        assert driver.app.screen.query_one("#yes", Button).disabled
        assert "ticket.agent.name" in driver.reads("#standing")


async def test_a_canned_response_that_is_gone_says_so(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await with_ticket(driver)
        before = driver.screen.reply.text
        await driver.press("ctrl+t")
        await driver.comes("Choose")
        options = driver.app.screen.query_one("OptionList")
        await driver.until(lambda: options.option_count > 6)
        sandbox.world.freshdesk.canned.clear()
        await driver.press("end", "enter")
        await driver.until(lambda: any("gone" in words for words in driver.said()))
        assert driver.screen.reply.text == before
