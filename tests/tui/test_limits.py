"""A service that limits us: the status line counts down how long it asks to wait, at any width."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual import events

from cockpit.engine.view import Delivery, DeliveryState, Outbox, Part, View
from cockpit.incident.facts import Freshness, Health, Source
from cockpit.sandbox import Sandbox
from cockpit.tui.app import CockpitApp
from tests.incident.build import at, outage
from tests.tui.conftest import Open
from tests.tui.looking import text_in
from tests.tui.still import still_app, view_of
from tests.waiting import until


def limited(view: View, *sources: Source, read: bool = True) -> View:
    """The same, with these services asking to wait 11.2 s."""
    until = view.now + timedelta(seconds=11.2)
    ill = Health(Freshness.STALE, view.now - timedelta(seconds=42) if read else None, "Too many.", until, limited=True)
    health = {**view.snapshot.health, **dict.fromkeys(sources, ill)}
    return replace(view, snapshot=replace(view.snapshot, health=health))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=str)
async def test_one_service_asks_to_wait(size: tuple[int, int]) -> None:
    app = still_app(limited(view_of(outage(), "18:02"), Source.SLACK))
    async with app.run_test(size=size):
        assert "◐ Slack 40 s, asks to wait 12 s" in text_in(app, "#status")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_all_three_ask_to_wait(size: tuple[int, int]) -> None:
    app = still_app(limited(view_of(outage(), "18:02"), *Source))
    async with app.run_test(size=size):
        shown = text_in(app, "#status")
        for name in ("PD", "Slack", "FD"):
            assert f"◐ {name} asks to wait 12 s" in shown or f"◐ {name} 40 s, asks to wait 12 s" in shown


async def test_a_service_that_was_never_read_asks_to_wait() -> None:
    app = still_app(limited(view_of(outage(), "18:02"), Source.SLACK, read=False))
    async with app.run_test(size=(80, 24)):
        assert "Slack asks to wait 12 s" in text_in(app, "#status")


async def test_what_is_queued_counts_down_as_well() -> None:
    now = at("18:02")
    one = Delivery(
        1, "a", "note", Part.NOTE, "note “x”", "slack", DeliveryState.QUEUED, "Ana Ruiz", now, retry_at=now
    )  # fmt: skip
    later = replace(one, seq=2, retry_at=now + timedelta(seconds=7))
    app = still_app(view_of(outage(), "18:02", outbox=Outbox(queued=2, deliveries=(one, later))))
    async with app.run_test(size=(80, 24)):
        assert "2 queued, again in 7 s" in text_in(app, "#status")


async def test_whoever_types_pastes_or_moves_the_mouse_looks_at_the_screen() -> None:
    app = still_app(view_of(outage(), "18:02"))
    async with app.run_test(size=(80, 24)) as pilot:
        session: Any = app.session
        assert session.touched == 0, "that it was opened doesn't count"
        for touch in (pilot.press("j"), pilot.hover("#status"), pasted(app)):
            before = session.touched
            await touch
            await until(lambda before=before: session.touched > before)


async def pasted(app: CockpitApp) -> None:
    """Something is pasted."""
    app.post_message(events.Paste("node 7"))


async def test_a_limit_of_the_world_outside_shows_at_once(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(size=(80, 24)) as driver:
        sandbox.fault("freshdesk", "429", retry_after=40)
        # Up to a fifth longer than asked for, since others were told the same.
        await driver.until(lambda: re.search(r"◐ FD (now, |\d+ s, )?asks to wait [34]\d s", driver.reads("#status")))
