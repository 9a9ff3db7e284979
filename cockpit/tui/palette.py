"""The palette's commands: the same classes as the keys, with what stands in the way of those that can't be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cockpit.tui.commands import COMMANDS
from cockpit.tui.screens.incident import IncidentScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.tui.command import Command


class CockpitCommands(Provider):
    """Every command of the incident's screen, by its name."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        if isinstance(screen := self.screen, IncidentScreen):
            for command in COMMANDS:
                yield DiscoveryHit(_title(screen, command), _run(screen, command), help=_help(screen, command))

    async def search(self, query: str) -> Hits:
        """Those whose name or sentence holds what is typed."""
        if not isinstance(screen := self.screen, IncidentScreen):
            return
        matcher, words = self.matcher(query), screen.session.process.words
        for command in COMMANDS:
            title = _title(screen, command)
            score = max(matcher.match(title), matcher.match(command.help(words)) * 0.5)
            if score > 0:
                yield Hit(score, matcher.highlight(title), _run(screen, command), help=_help(screen, command))


def _run(screen: IncidentScreen, command: type[Command]) -> Callable[[], object]:
    return lambda: screen.run_action(command.id())


def _title(screen: IncidentScreen, command: type[Command]) -> str:
    title = command.named(screen.session.process.words)
    return title[0].upper() + title[1:]


def _help(screen: IncidentScreen, command: type[Command]) -> str:
    if (reason := screen.obstacle(command)) is not None:
        return f"Not now: {reason}"
    keys, text = command.keys(screen.session.settings.keys), command.help(screen.session.process.words)
    return f"{keys[0]}: {text}" if keys else text
