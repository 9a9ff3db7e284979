"""Commands: the keys, the hints, the palette and the help are made of the same classes."""

from __future__ import annotations

from collections import Counter

from cockpit.engine.actions import KINDS
from cockpit.incident.process import load
from cockpit.tui.command import EVERYWHERE, WRITING
from cockpit.tui.commands import COMMANDS
from cockpit.tui.screens.incident import IncidentScreen
from tests.incident.build import outage
from tests.tui.looking import press
from tests.tui.still import still_app, view_of


def test_every_command_says_what_it_is() -> None:
    for command in COMMANDS:
        assert command.title, command
        assert command.help(load().words).endswith((".", "report link.")), f"{command.__name__} has a sentence"
        assert callable(getattr(IncidentScreen, f"action_{command.id()}", None)), f"{command.id()} does something"
        assert set(command.hinted) <= {*EVERYWHERE, WRITING}
        assert command.kind is None or command.kind in KINDS


def test_no_two_commands_have_one_key() -> None:
    keys = Counter(key for command in COMMANDS for key in command.keys({}))
    assert [key for key, count in keys.items() if count > 1] == []


def test_the_most_used_are_reachable_by_more_than_one_chord() -> None:
    for command in COMMANDS:
        keys = command.key.split(",")
        if any("ctrl+" in key for key in keys) and command.id() != "template":
            assert len(keys) > 1, f"{command.id()} is reachable by one chord only"


async def test_the_help_lists_every_command_with_its_keys() -> None:
    app = still_app(view_of(outage(), "18:02"))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "question_mark")
        listing = app.screen.query_one("Listing")
        text = "\n".join("".join(span[0] for span in line) for row in listing.rows for line in row.lines(200))
        for command in COMMANDS:
            assert command.help(load().words) in text
            assert all(key in text for key in command.keys({}))


async def test_what_cannot_be_done_is_dimmed_in_the_hints_and_told_in_the_palette() -> None:
    from cockpit.tui.palette import CockpitCommands

    app = still_app(view_of(outage(), "18:02"), reasons={"acknowledge": "You have acknowledged it already."})
    async with app.run_test(size=(200, 40)):
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        assert screen.obstacle(next(c for c in COMMANDS if c.id() == "acknowledge")) is not None
        provider = CockpitCommands(screen)
        found = {str(hit.text): str(hit.help) async for hit in provider.discover()}
        assert found["Acknowledge"] == "Not now: You have acknowledged it already."
        assert found["Resolve"].startswith("R: ")
