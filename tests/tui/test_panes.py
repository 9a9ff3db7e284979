"""The panes as functions of a view: what each shows, and what stays where it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widget import Widget
from textual.widgets import Input

from cockpit.engine.view import Delivery, DeliveryState, Outbox, Part
from cockpit.incident.facts import Freshness, Health, LogKind, OnCall, Person, Source
from cockpit.tui.panes.channel import WINDOW
from cockpit.tui.screens.incident import IncidentScreen
from tests.incident.build import ANA, BEN, KIM, LOU, OSEI, ROTA, World, at, outage, resolved
from tests.tui.looking import come_to_rest, press, running_text, text_in
from tests.tui.still import StillSession, still_app, view_of


def session_of(app: Any) -> StillSession:
    """The frozen session behind the screen."""
    assert isinstance(app.session, StillSession)
    return app.session


async def test_text_from_outside_is_never_markup() -> None:
    world = (
        outage().said("16:30", "[/foo] [bold]x[/bold] [@click=app.quit]y[/]", KIM).heard(4038, "16:40", "[/b] [red]")
    )
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(200, 50)) as pilot:
        assert "[/foo] [bold]x[/bold] [@click=app.quit]y[/]" in text_in(app, "#messages")
        assert "[/b] [red]" in text_in(app, "#conversation")
        await press(pilot, "3", "e")
        assert "[/foo]" in text_in(app, "Listing")


async def test_evidence_is_shown_for_the_step_under_the_cursor() -> None:
    app = still_app(view_of(outage(), "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        screen.process._folds[2] = False
        screen.process.refilter()
        screen.process.listing.select("start.acknowledged")
        await pilot.pause()
        assert "Ana Ruiz" in text_in(app, "#step-detail")
        assert "✓ sensed" in text_in(app, "#step-detail")


async def test_sensed_attested_and_set_aside_have_signs_of_their_own() -> None:
    world = (
        outage()
        .attest("resolve.validated", "17:00")
        .record("override", "17:01", "hands.experts", data={"reason": "small"})
    )
    world.record("not_applicable", "17:02", "hands.tech_lead", data={"reason": "away"})
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(120, 60)) as pilot:
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        screen.process._folds |= dict.fromkeys(range(1, 9), False)
        screen.process.refilter()
        await pilot.pause()
        lines = text_in(app, "#steps")
        titles = ("Acknowledge it in PagerDuty", "Have the tech lead", "Pull in the experts", "Get the tech lead")
        rows = [next(line for line in lines.splitlines() if title in line) for title in titles]
        assert [row.strip().lstrip("› ")[0] for row in rows] == ["✓", "●", "⊘", "–"]


async def test_the_cursor_and_the_next_step_are_told_apart_without_colour_and_one_key_joins_them() -> None:
    app = still_app(view_of(World().opened("17:40"), "18:02"))
    async with app.run_test(size=(120, 60)) as pilot:

        def rows(mark: str) -> list[str]:
            return [line for line in text_in(app, "#steps").splitlines() if mark in line]

        assert len(rows("next IR")) == 1
        assert rows("›") == rows("next IR")
        await press(pilot, "g")
        assert "Test it by hand" in rows("next IR")[0]
        assert rows("›") != rows("next IR")
        assert len(rows("›")) == 1
        await press(pilot, "g", "enter", "3", "full_stop")
        assert rows("›") == rows("next IR"), "its phase, which was folded, is open again"


async def test_of_a_long_channel_a_window_is_laid_out_filtered_or_not_and_the_top_brings_the_rest() -> None:
    world = outage()
    for number in range(2 * WINDOW + 3):
        world.said("17:30", f"pod {number}", KIM)
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, IncidentScreen)

        def laid_out() -> int:
            return sum(row.stop for row in screen.channel.listing.rows)

        assert f"pod {2 * WINDOW + 2}" in text_in(app, "#messages")
        for words in ("", "pod"):
            screen.channel.filter_by(words)
            assert laid_out() == WINDOW
            assert screen.channel.listing.rows[0].id == "earlier"
        for there in (2 * WINDOW, 2 * WINDOW + 3, 2 * WINDOW + 3):
            await press(pilot, "3", "g")
            await come_to_rest(pilot)
            assert laid_out() == there
        assert "pod 0" in text_in(app, "#messages"), "the first that holds the words, and nothing before it"
        await press(pilot, "G")
        await come_to_rest(pilot)
        assert laid_out() == WINDOW


async def test_a_list_that_is_at_its_top_stays_there_when_its_window_shrinks() -> None:
    world = outage()
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        for minute in range(15):
            world.entry(LogKind.OTHER, f"17:{minute:02}", ANA, summary=f"look {minute}")
        session_of(app).become(view_of(world, "18:02"))
        await come_to_rest(pilot)
        assert "look 14" in text_in(app, "#history"), "news come in at the top, far above the cursor"
        await press(pilot, "1", "c")
        await come_to_rest(pilot)
        assert app.screen.has_class("-writing-reply")
        assert "look 14" in text_in(app, "#history")


async def test_a_narrow_header_says_since_when_rather_than_whose_update_is_due() -> None:
    world = outage()
    world.ticket_now(4038, company="The University of a Very Long Name").said("20:29", "restarting it")
    app = still_app(view_of(world, "20:30"))
    async with app.run_test(size=(80, 24)):
        assert "OFFICIAL since 16:20" in text_in(app, "#header")
        assert "! Update 2 h 10 min late" in text_in(app, "#header")


async def test_a_narrow_header_says_all_that_is_missing() -> None:
    world = World().ticket(4038, "16:05").opened("16:10").alert("16:10", "hub check failed").link(4038, "16:17")
    for now in ("16:12", "16:41"):
        app = still_app(view_of(world, now))
        async with app.run_test(size=(80, 24)):
            header = text_in(app, "#header")
            assert all(f"○ {word}" in header for word in ("P1", "ack", "channel", "told")), header
            assert ("in 13 min" if now == "16:12" else "late") in header
            assert "…" not in header.splitlines()[1]


async def test_the_header_of_what_is_no_outage_misses_nothing() -> None:
    world = World().opened("16:10").alert("16:10", "hub slow").attest("validate.test", "16:20", verdict="not_outage")
    app = still_app(view_of(world, "16:30"))
    async with app.run_test(size=(120, 40)):
        assert "NOT AN OUTAGE" in text_in(app, "#header")
        assert "channel" not in text_in(app, "#header")


async def test_a_placeholder_is_named_in_full_and_leads_nothing() -> None:
    world = World().opened("08:46").assigned("08:46", ROTA)
    world.on_call += [OnCall(LOU, 2), OnCall(ROTA, 1)]
    app = still_app(view_of(world, "09:00"))
    async with app.run_test(size=(120, 40)):
        facts = " ".join(text_in(app, "#incident-facts").split())
        assert "with Out of Hours" in facts
        assert "on call Out of Hours → Lou" in facts
        assert "IR –" in text_in(app, "#header")


async def test_an_official_start_after_the_resolution_has_no_length() -> None:
    world = World().ticket(4038, "16:05").opened("16:10").acknowledged("16:12").priority("16:14", "P1")
    world.channel_opened("16:16").link(4038, "16:17").resolved("16:30").told(4038, "16:40")
    app = still_app(view_of(world, "16:50"))
    async with app.run_test(size=(120, 40)):
        assert "OFFICIAL at 16:40, after it was resolved" in text_in(app, "#header")


async def test_the_header_stops_counting_when_it_is_resolved() -> None:
    app = still_app(view_of(resolved(), "20:30"))
    async with app.run_test(size=(120, 40)):
        assert "OFFICIAL 16:20 to 18:00 (1 h 40 min)" in text_in(app, "#header")


async def test_a_failing_service_keeps_its_facts_on_the_screen_and_says_how_old_they_are() -> None:
    view = view_of(outage(), "18:02")
    app = still_app(view)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "looking at the proxy" in text_in(app, "#messages")
        health = {
            **view.snapshot.health,
            Source.SLACK: Health(Freshness.STALE, at("17:59"), "Slack timed out.", at("18:03")),
        }
        session_of(app).become(replace(view, snapshot=replace(view.snapshot, health=health)))
        await pilot.pause()
        assert "looking at the proxy" in text_in(app, "#messages")
        assert "✗ Slack timed out. Read 3 min ago." in running_text(app, "#channel")
        assert "◐ Slack stale 3 min, again in 1 min" in text_in(app, "#status")


async def test_scroll_belongs_to_the_person_and_news_are_counted() -> None:
    world = outage()
    for minute in range(40):
        world.said(f"17:{minute:02}", f"line {minute}", BEN)
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        listing = screen.channel.listing
        await press(pilot, "3")
        assert listing.at_end, "it opens at its end"
        await press(pilot, "g")
        top, selected = listing.scroll_offset.y, listing.selected
        for minute in range(3):
            world.said(f"18:0{minute}", f"news {minute}", KIM)
        session_of(app).become(view_of(world, "18:03"))
        await pilot.pause()
        assert (listing.scroll_offset.y, listing.selected) == (top, selected)
        assert "3 new ↓" in str(screen.channel.border_subtitle)
        await press(pilot, "G")
        assert "3 new ↓" not in str(screen.channel.border_subtitle)
        assert "news 2" in text_in(app, "#messages")
        assert " new " in text_in(app, "#messages"), "a divider marks what was unread"


async def test_the_ticket_in_the_pane_stays_by_number_and_each_has_its_draft() -> None:
    world = outage().ticket(4041, "16:30", requester=OSEI, company="utopia").link(4041, "16:31")
    app = still_app(view_of(world, "17:00"))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        await press(pilot, "4", "right_square_bracket")
        assert screen.reply.ticket == 4041
        screen.reply.composer.focus()
        await press(pilot, "h", "i")
        await press(pilot, "escape", "left_square_bracket")
        assert (screen.reply.ticket, screen.reply.text) == (4038, "")
        world.ticket(4045, "16:40", company="erewhon").link(4045, "16:41")
        world.tickets = dict(sorted(world.tickets.items(), reverse=True))
        session_of(app).become(view_of(world, "17:01"))
        await pilot.pause()
        assert screen.reply.ticket == 4038
        await press(pilot, "right_square_bracket")
        screen.reply.open_ticket(4041)
        await pilot.pause()
        assert screen.reply.text == "hi"


async def test_a_draft_that_is_taken_back_to_where_it_began_is_kept_as_that() -> None:
    app = still_app(view_of(outage(), "18:02"))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "N", "o", "h", "backspace", "backspace")
        drafts = session_of(app).drafts
        assert (drafts.texts["incident_note"].text, app.screen.query_one(Input).value) == ("", "")


async def test_a_name_of_wide_letters_pushes_no_word_out_of_sight() -> None:
    ito = Person("PITO", "長谷川明日香 Ito", "ito@example.com")
    words = " ".join(str(number) for number in range(10, 60))
    app = still_app(view_of(outage().said("17:30", words, ito), "18:02"))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "3")
        assert words in running_text(app, "#messages")


def delivery(seq: int, state: DeliveryState, **changes: Any) -> Delivery:
    """A delivery of the reply to ticket 4038."""
    values: dict[str, Any] = {"title": "reply to ticket 4038", "destination": "freshdesk:4038", "actor": "Ana Ruiz"}
    data = {"ticket": 4038}
    return Delivery(seq, f"a{seq}", "reply", Part.EFFECT, state=state, at=at("18:00"), data=data, **(values | changes))


async def test_the_outbox_screen_takes_the_decisions_that_only_a_person_can() -> None:
    outbox = Outbox(
        refused=1,
        unknown=1,
        deliveries=(
            delivery(1, DeliveryState.REFUSED, error="Freshdesk refused it: 403."),
            delivery(2, DeliveryState.UNKNOWN, error="No answer came.", asks=True),
        ),
    )
    app = still_app(view_of(outage(), "18:02", outbox))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "1 unknown" in text_in(app, "#status")
        await press(pilot, "O")
        assert "403" in text_in(app, "Listing")
        await press(pilot, "i", "s", "r", "j", "r", "d", "i", "s", "escape")
        assert session_of(app).decisions.taken == [("retry", 1), ("arrived", 2), ("send again", 2)]


async def test_a_letter_of_unknown_fate_blocks_the_next_one() -> None:
    outbox = Outbox(unknown=1, deliveries=(delivery(2, DeliveryState.UNKNOWN, asks=True),))
    app = still_app(view_of(outage(), "18:02", outbox))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await press(pilot, "c", "ctrl+s")
        assert isinstance(app.screen, IncidentScreen)
        assert any("isn't known whether" in str(one.message) for one in app._notifications)


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (40, 10), (79, 23), (110, 30), (400, 120)])
async def test_any_size_can_be_drawn_and_used(size: tuple[int, int]) -> None:
    app = still_app(view_of(outage(), "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.resize_terminal(*size)
        await press(pilot, "1", "2", "3", "4", "tab", "plus", "plus", "question_mark", "escape", "O", "escape")
        await press(pilot, "slash", "escape", "c", "escape", "3", "n", "escape", "j", "k", "g", "G")
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert "Hub unreachable" in text_in(app, "#header")


@pytest.mark.parametrize("theme", ["cockpit", "textual-light", "ansi-dark", "ansi-light", "gruvbox"])
async def test_every_theme_can_be_worn(theme: str) -> None:
    app = still_app(view_of(outage(), "18:02"))
    app.theme = theme
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "j", "k")
        assert "OFFICIAL since 16:20 (1 h 42 min)" in text_in(app, "#header")


async def test_an_empty_world_says_what_it_waits_for() -> None:
    world = World()
    world.health = {source: Health() for source in Source}
    app = still_app(view_of(world, "18:02", loading=True))
    async with app.run_test(size=(120, 40)):
        assert "There is no PagerDuty incident yet" in running_text(app, "#pagerduty")
        assert "No ticket is linked" in text_in(app, "#reply")
        assert "connecting" in text_in(app, "#status")


def inks(app: Any, text: str) -> set[str]:
    """The inks of the channel's runs that hold this text."""
    rows = app.screen.query_one("#messages").rows
    return {ink for row in rows for line in row.lines(90) for part, ink in line if text in part}


async def test_what_was_deleted_stays_struck_and_the_status_card_is_quiet() -> None:
    world = outage().said("17:30", "the password is hunter2", KIM, deleted=True)
    world.said("17:31", "Acknowledged, official since 16:20", ANA, bot=True, card=True, edited=True)
    world.said("17:32", "a plain word", KIM, edited=True)
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(200, 50)):
        assert inks(app, "hunter2") == {"struck"}
        assert inks(app, "(deleted)") == {"dim"}
        assert inks(app, "official since 16:20") == {"dim"}
        assert inks(app, "a plain word") == {"plain"}
        assert text_in(app, "#messages").count("(edited)") == 1, "that the card changes is no news"


async def test_a_thread_says_how_much_of_it_is_lifted() -> None:
    world = outage().said("17:30", "which image?", KIM).threaded("17:31", "Friday's").threaded("17:32", "it is gone")
    world.record("lift", "17:33", data={"ts": world.threads[-2].ts})
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(200, 50)):
        assert "↳ 1 reply in a thread · t lifts · 1 lifted" in text_in(app, "#messages")


async def test_a_reading_without_news_draws_nothing() -> None:
    """Each reading makes a view, several times a minute: over SSH every frame is bytes."""
    app = still_app(view_of(outage(), "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        await come_to_rest(pilot)
        assert app.session is not None
        app.session.become(replace(app.session.view))
        drawn_again = [node for node in app.screen.walk_children(Widget, with_self=True) if node._repaint_required]
        assert drawn_again == []
