"""Clocks that turn: one quiet signal each, in the ways that the config names; snoozing; and notices, said once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from cockpit.sandbox import Sandbox
from cockpit.tui import moments, signalling
from tests.incident.build import outage
from tests.tui.conftest import Open
from tests.tui.still import SETTINGS, StillDesk, StillSession, still_app, view_of
from tests.tui.test_incident import notes, start

NOW = datetime(2026, 11, 23, 18, 2, tzinfo=UTC)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to the terminal, screen and all."""
    found: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: found.append(data))
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM_PROGRAM", "WezTerm")
    return found


async def turn(signals: frozenset[str], *times: str) -> Any:
    """A cockpit on the outage while its clock reaches these times, one after the other."""
    from dataclasses import replace

    from cockpit.tui.app import CockpitApp

    settings = replace(SETTINGS, signals=signals)
    session = StillSession(view_of(outage(), times[0]), settings=settings)
    app = CockpitApp(StillDesk(session, settings=settings))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for time in times[1:]:
            session.become(view_of(outage(), time))
            await pilot.pause()
    return app


async def test_a_clock_that_turns_is_told_once_by_every_way(written: list[str]) -> None:
    # The update to mordor is due at 18:20: soon from 17:50 on.
    await turn(frozenset({"bell", "title", "notify"}), "17:40", "17:49", "17:51", "17:52", "18:19")
    told = [one for one in written if one.startswith("\x1b]9;")]
    assert len(told) == written.count("\a") > 0, "the bell and the notification come together"
    assert sum("Update: due at" in one for one in told) == 1, "each clock once, however many views follow"
    titles = [one for one in written if "\x1b]2;" in one]
    assert "late (and 1 more) · #1924" in titles[-1]
    assert len(titles) == len(set(titles)), "it is written only when it is another"
    assert "\x1b[22;2t" in titles[0], "the title that was there is kept"
    assert written.index("\x1b[23;2t") > written.index(titles[-1]), "and given back at the end"


async def test_what_is_due_at_the_start_is_on_the_screen_and_rings_nobody(written: list[str]) -> None:
    await turn(frozenset({"bell", "notify"}), "18:30", "18:31")
    assert not [one for one in written if one == "\a" or one.startswith("\x1b]9;")]


async def test_without_signals_nothing_is_told(written: list[str]) -> None:
    await turn(frozenset(), "17:40", "17:51", "18:30")
    assert not [one for one in written if one == "\a" or one.startswith(("\x1b]2;", "\x1b]9;", "\x1b[22"))]


@pytest.mark.parametrize(
    ("environment", "begins"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;"),
        ({"TERM": "xterm-kitty"}, "\x1b]9;"),
        ({"TERM": "foot-extra"}, "\x1b]777;notify;cockpit;"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/tmux"}, None),
    ],
)
def test_a_terminal_is_notified_in_its_own_way_if_it_has_one(environment: dict[str, str], begins: str | None) -> None:
    told = signalling.notification("Update: due; \x1b]52;c;evil\x07 at 18:20\nnow", environment)
    if begins is None:
        assert told is None
    else:
        assert told is not None
        assert told.startswith(begins)
        inside = told.removeprefix(begins).removesuffix("\x1b\\")
        assert inside.isprintable(), "nothing in it ends the sequence or begins another"
        assert "evil" not in inside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18:30", NOW.replace(hour=18, minute=30)),
        ("7:05 UTC", NOW.replace(day=24, hour=7, minute=5)),
        ("45 min", NOW + timedelta(minutes=45)),
        ("1 h 30 min", NOW + timedelta(hours=1, minutes=30)),
        ("2d", NOW + timedelta(days=2)),
        ("soon", None),
        ("", None),
        ("25:00", None),
        ("45", None),
    ],
)
def test_a_person_says_until_when(text: str, expected: datetime | None) -> None:
    assert moments.when(text, NOW) == expected


async def test_a_clock_is_snoozed_with_a_reason_and_the_header_says_so(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        await driver.press("z")
        await driver.comes("Choose")
        await driver.press("enter")
        await driver.comes("Choose")
        await driver.press("end", "enter")
        await driver.comes("Ask")
        for letter in "14:00":
            await driver.press("colon" if letter == ":" else letter)
        await driver.press("enter")
        await driver.comes("Ask")
        await driver.press("enter")
        assert driver.over == "Ask", "a reason is needed"
        await driver.write("we are calling them")
        await driver.press("enter")
        snoozed = lambda: [d for d in driver.screen.view.assessment.deadlines if d.snoozed_until]
        await driver.until(snoozed, "it is quiet")
        assert f"{snoozed()[0].snoozed_until:%H:%M}" == "14:00"
        await driver.until(lambda: any("Snoozed" in note and "calling them" in note for note in notes(sandbox)))


async def test_the_header_shows_what_is_snoozed() -> None:
    world = outage()
    data = {"deadline": "narrate", "until": "2026-11-23T19:00:00+00:00", "reason": "all at lunch"}
    world.record("snooze", "17:50", data=data)
    for deadline in view_of(world, "18:02").assessment.deadlines:
        if deadline.id != "narrate" and deadline.state != "met":
            more = {"deadline": deadline.id, "until": data["until"], "reason": "x"}
            world.record("snooze", "17:51", data=more | ({"ticket": deadline.ticket} if deadline.ticket else {}))
    app = still_app(view_of(world, "18:02"))
    async with app.run_test(size=(140, 40)):
        from tests.tui.looking import text_in

        assert "snoozed until 19:00" in text_in(app, "#header")


async def test_a_notice_is_said_once_and_listed_in_the_outbox() -> None:
    from tests.tui.looking import press, text_in

    app = still_app(view_of(outage(), "18:02", notices=("The channel is [archived]: unarchive it.",)))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        app.session.become(view_of(outage(), "18:03", notices=("The channel is [archived]: unarchive it.",)))
        await pilot.pause()
        said = [str(one.message) for one in app._notifications]
        assert said == ["The channel is [archived]: unarchive it."]
        assert "1 notice" in text_in(app, "#status")
        await press(pilot, "O")
        assert "The channel is [archived]: unarchive it." in text_in(app)
