"""The cockpit on the small world, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.keys import key_to_character
from textual.pilot import Pilot

from cockpit.engine.desk import Desk
from cockpit.incident.facts import Freshness
from cockpit.sandbox import Sandbox
from cockpit.settings import PollSettings
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.incident import IncidentScreen
from tests.conftest import settings_for
from tests.tui.looking import running_text, text_in
from tests.waiting import until

SMALL, WIDE = (100, 30), (120, 40)
"""Columns and lines. A test that looks at what only a wide terminal has room for asks for it: drawing takes longest."""


class Driver:
    """A person at the cockpit: presses keys, waits for what comes of them, looks."""

    def __init__(self, app: CockpitApp, pilot: Pilot[None], sandbox: Sandbox) -> None:
        self.app, self.pilot, self.sandbox = app, pilot, sandbox

    @property
    def screen(self) -> IncidentScreen:
        """The incident's screen, whatever lies over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, IncidentScreen))

    @property
    def over(self) -> str:
        """What lies on top, by its class's name."""
        return type(self.app.screen).__name__

    async def press(self, *keys: str) -> None:
        """Press keys, and let them be dealt with."""
        await self.pilot.press(*keys)
        await self.typed_out()

    async def typed_out(self) -> None:
        """Wait until everything that was typed has had its effect."""
        await self.pilot.pause()
        await until(lambda: self.app.typed_out, "the keys have had their effect")
        await self.pilot.pause()

    async def press_at_once(self, *keys: str) -> None:
        """Press keys without waiting for what each brings about."""
        for key in keys:
            self.app.post_message(events.Key(key, key_to_character(key)))
        await self.typed_out()

    async def write(self, text: str) -> None:
        """Type a text, faster than the screen follows: it is drawn once, and not for each letter."""
        names = {
            " ": "space",
            ".": "full_stop",
            "\n": "enter",
            ",": "comma",
            "'": "apostrophe",
            ":": "colon",
            "/": "slash",
            "-": "minus",
        }
        await self.press_at_once(*(names.get(letter, letter) for letter in text))

    async def paste(self, text: str) -> None:
        """Paste a text, as a terminal does: one event, however long it is."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def comes(self, name: str) -> None:
        """Wait until that screen lies on top."""
        await until(lambda: self.over == name, f"{name} opens (now {self.over})")
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until the world, as the cockpit knows it, is so; and the screen shows it."""
        await until(condition, what)
        await self.pilot.pause()

    async def choose_step(self, step: str) -> None:
        """Put the cursor on a step; its phase is unfolded for that."""
        process = self.screen.process
        process._folds[self.screen.session.process.step(step).phase] = False
        process.refilter()
        await self.press("1")
        process.listing.select(step)
        await self.pilot.pause()
        assert process.listing.selected == step

    def said(self) -> list[str]:
        """The quiet notifications."""
        return [str(notification.message) for notification in self.app._notifications]

    def shows(self, selector: str) -> str:
        """The text in a part of the screen."""
        return text_in(self.app, selector)

    def reads(self, selector: str) -> str:
        """The same as one line of words."""
        return running_text(self.app, selector)


Open = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def cockpit(sandbox: Sandbox, tmp_path: Path) -> Open:
    """Opens the cockpit on the sandbox; `settled`: waits until all three services were read."""

    @asynccontextmanager
    async def opened(
        reference: str | None = "1924",
        *,
        size: tuple[int, int] = SMALL,
        settled: bool = True,
        machine: str = "state",
        **changes: object,
    ) -> AsyncIterator[Driver]:
        # Slower than the engine's tests: each reading is drawn, and drawing is what these tests spend their time on.
        changes.setdefault("polls", PollSettings(pagerduty=1.0, slack=0.4, freshdesk=1.0))
        desk = Desk(settings_for(sandbox, tmp_path / machine, **changes))
        app = CockpitApp(desk, reference)
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                driver = Driver(app, pilot, sandbox)
                if settled:
                    await until(lambda: app.session is not None, "a session opens")
                    await driver.until(lambda: all_read(app), "all three are read")
                yield driver
        finally:
            if app.session is not None:
                await app.session.close()
            await desk.close()

    return opened


def all_read(app: CockpitApp) -> bool:
    """Whether each service was read at least once."""
    assert app.session is not None
    return all(health.state is Freshness.OK for health in app.session.view.snapshot.health.values())
