"""The cockpit with --read-only, every command of it pressed, on services that fail at any write."""

from __future__ import annotations

import pytest

from cockpit.engine.view import READ_ONLY
from cockpit.sandbox import Sandbox
from cockpit.tui.commands import COMMANDS
from tests.engine.test_session import begin
from tests.tui.conftest import Open


async def test_every_key_and_every_step(cockpit: Open, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked, either, that couldn't be done then: each key that would write says why it doesn't."""
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.setenv("VISUAL", "false")
    async with cockpit() as driver:
        await begin(driver.screen.session)
    before = len(sandbox.requests)
    sandbox.fail_writes()
    async with cockpit(read_only=True, status_card=True, size=(80, 24)) as driver:
        screen = driver.screen
        assert "READ-ONLY" in driver.shows("#status")
        writing = [command for command in COMMANDS if command.kind or command.writes]
        assert screen._impossible >= {command.id() for command in writing}, "each is dimmed"
        for command in writing:
            if command.key:
                await driver.pilot.press(command.key.split(",")[0])
            else:
                await screen.run_action(f"screen.{command.id()}")
            assert driver.over == "IncidentScreen", command
        for state in screen.view.assessment.steps:
            if state.step.action != "report":  # a file of one's own: it leaves nobody's machine
                screen.do_step(state)
        await driver.pilot.pause()
        assert driver.over == "IncidentScreen"
        assert READ_ONLY in driver.said()
        assert screen.session.view.outbox.deliveries == ()
        # Nor can anything be typed that would be neither sent nor kept.
        await driver.press("3", "n", "h", "o", "escape", "4", "c", "h", "o")
        assert (screen.channel.input.value, screen.reply.composer.text) == ("", "")
    assert [one for one in sandbox.requests[before:] if one.write] == []


async def test_nothing_is_declared_from_the_list_of_incidents(cockpit: Open, sandbox: Sandbox) -> None:
    sandbox.fail_writes()
    async with cockpit(None, read_only=True, settled=False) as driver:
        await driver.comes("Picker")
        await driver.press("d")
        await driver.until(lambda: READ_ONLY in driver.said(), "it says why not")
        await driver.comes("Picker")
    assert [one for one in sandbox.requests if one.write] == []
