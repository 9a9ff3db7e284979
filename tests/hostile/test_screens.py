"""Every pane and screen, with the corpus in every field of every service: cells, and nothing that a terminal obeys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import events
from textual.widgets import Input, TextArea

from cockpit.config import load
from cockpit.engine.desk import Desk
from cockpit.incident.text import clean
from cockpit.sandbox import SandboxThread
from cockpit.settings import PollSettings
from cockpit.tui.app import MOST_PASTED, CockpitApp
from cockpit.tui.screens.incident import IncidentScreen
from tests.fuzz.properties import _OURS
from tests.hostile.judging import unsafe
from tests.hostile.nasties import EVIL, MEGABYTE, everything
from tests.tui.looking import press, running_text
from tests.waiting import until


def look(app: CockpitApp, where: str) -> str:
    """All that is on the screen, each cell judged; the text."""
    shown: list[str] = []
    for strip in app.screen._compositor.render_strips(app.size):
        assert strip.cell_length == app.size.width, where
        for text, style, control in strip:
            assert not control, where
            assert not (problem := unsafe(text, newline=False)), (where, problem)
            assert style is None or style.link is None, (where, style)
        shown.append(strip.text)
    for notification in app._notifications:
        assert not (problem := unsafe(str(notification.message))), (where, problem)
    return "\n".join(shown)


# Each from the incident's own screen and back to it.
ROUND = (
    ("1",), ("plus",), ("plus",), ("2",), ("plus",), ("G",), ("e",), ("o",), ("y",), ("escape",), ("escape",), ("o",),
    ("y",), ("3",), ("plus",), ("g",), ("G",), ("k",), ("o",), ("y",), ("e",), ("escape",), ("plus",), ("4",),
    ("plus",), ("g",), ("o",), ("y",), ("plus",), ("O",), ("escape",), ("question_mark",), ("escape",), ("slash",),
    ("escape",), ("i",), ("j",), ("escape",), ("l",), ("escape",), ("w",), ("escape",), ("I",), ("escape",), ("H",),
    ("escape",), ("d",), ("escape",), ("z",), ("escape",), ("P",), ("escape",), ("1",), ("e",), ("escape",),
)  # fmt: skip


async def test_nothing_but_cells_reaches_the_screen(
    config: Path, world: SandboxThread, tmp_path: Path, monkeypatch: Any
) -> None:
    visited, browser = tmp_path / "visited", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{visited}"\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    settings = replace(
        load(config), state_dir=tmp_path / "state", cache_dir=tmp_path / "cache", review_hold=0.0,
        polls=PollSettings(pagerduty=2, slack=2, freshdesk=2),
    )  # fmt: skip
    app = CockpitApp(Desk(settings), "1924")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(lambda: app.session is not None and isinstance(app.screen, IncidentScreen))
        session = app.session
        assert session is not None
        session.act("link_ticket", ticket=4038, subject="Hub is down")
        session.act("acknowledge")
        session.act("open_channel")
        session.act("incident_note", text=clean(everything()))
        await until(lambda: session.view.snapshot.slack and session.view.snapshot.tickets, "all is read")
        await until(lambda: not session.view.outbox.deliveries, "all is delivered")
        refused = False
        for keys in ROUND:
            await press(pilot, *keys)
            look(app, f"after {keys} on {app.screen}")
            assert not (problem := unsafe(app.clipboard)), (keys, problem)
            refused |= any("no web address" in str(one.message) for one in app._notifications)
        while not isinstance(app.screen, IncidentScreen):
            await press(pilot, "escape")
        await pilot.resize_terminal(80, 24)
        for key in "1234":
            await press(pilot, key)
            look(app, f"pane {key} at 80x24")
        await the_reply(app, pilot, world)
        await until(visited.exists, "the ticket's own is opened")
    opened = visited.read_text().splitlines()
    assert all(url.startswith(("http://127.0.0.1", "https://")) and EVIL not in url for url in opened), opened
    assert refused, "and what is none isn't"


async def the_reply(app: CockpitApp, pilot: Any, world: SandboxThread) -> None:
    """A text out of a canned response, and one out of the clipboard: what goes is what the review showed."""
    screen = app.screen
    assert isinstance(screen, IncidentScreen)
    await press(pilot, "4", "c")
    await press(pilot, "ctrl+t")
    choices = app.screen.query_one("OptionList")
    await until(lambda: choices.option_count > 6, "Freshdesk's come below ours")
    await pilot.pause()
    look(app, "the templates")
    await press(pilot, "end", "enter")
    await until(lambda: app.screen is screen and screen.reply.composer.has_focus)
    await pilot.pause()
    assert not unsafe(screen.reply.text)
    look(app, "a canned response")
    await press(pilot, "ctrl+s")
    look(app, "its review")
    await press(pilot, "s", "s")
    assert app.screen is not screen, "with blanks, mentions and a million characters it doesn't go"
    await press(pilot, "escape")
    composer = screen.reply.composer
    composer.text = ""
    app.post_message(events.Paste(MEGABYTE))
    await until(lambda: any("nothing was pasted" in str(one.message) for one in app._notifications))
    assert composer.text == ""
    pasted = f"Hello\n{everything()}"[:MOST_PASTED].replace("\x1b[201~", "")
    app.post_message(events.Paste(pasted))
    await until(lambda: composer.text.startswith("Hello"))
    assert not unsafe(composer.text)
    look(app, "a paste")
    app.clear_notifications()
    composer.text = "Hello **all**,\n\n<b onclick=x>it</b> works: <img src=http://evil.example/x.png> [x](javascript:y)"
    await press(pilot, "ctrl+s")
    await until(lambda: not app.screen.query("Toast"), "nothing lies over the letter")
    look(app, "the review")
    assert "<img src=http://evil.example/x.png>" in running_text(app, "#letter"), "what goes is seen"
    await press(pilot, "s", "s")
    await until(lambda: app.screen is screen, "it is sent")
    bodies: list[str] = []

    def sent() -> bool:
        ticket = next(one for one in world.state()["freshdesk"]["tickets"] if one["id"] == 4038)
        bodies[:] = [one["body"] for one in ticket["conversations"] if not one["incoming"] and not one["private"]]
        return bool(bodies)

    await until(sent)
    body = bodies[0].removeprefix("<div>").removesuffix("</div>")  # Freshdesk's own
    assert "<" not in _OURS.sub("", body), "no markup but ours reaches the community"
    await press(pilot, "escape", "slash")
    app.post_message(events.Paste("\x1b]52;c;aGk=\x07words"))
    await until(lambda: app.screen.query_one("#filter", Input).value == "words")
    look(app, "the filter")
    await press(pilot, "escape", "P")
    app.post_message(events.Paste("a\x9b2J\u202eb"))
    await until(lambda: app.screen.query_one(TextArea).text == "ab")
    look(app, "the private note")
    await press(pilot, "escape")
