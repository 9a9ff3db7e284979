"""The palette's commands: the same classes as the keys, with what stands in the way of those that can't be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cockpit.tui.command import Command
from cockpit.tui.commands import COMMANDS
from cockpit.tui.screens.incident import IncidentScreen

if TYPE_CHECKING:
    from collections.abc import Callable


class CockpitCommands(Provider):
    """Every command of the incident's screen, by its name."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for command in COMMANDS:
            if (run := self._run(command)) is not None:
                yield DiscoveryHit(self._title(command), run, help=self._help(command))

    async def search(self, query: str) -> Hits:
        """Those whose name or sentence holds what is typed."""
        matcher = self.matcher(query)
        for command in COMMANDS:
            score = max(matcher.match(self._title(command)), matcher.match(command.help()) * 0.5)
            if score > 0 and (run := self._run(command)) is not None:
                yield Hit(score, matcher.highlight(self._title(command)), run, help=self._help(command))

    def _run(self, command: type[Command]) -> Callable[[], object] | None:
        screen = self.screen
        if not isinstance(screen, IncidentScreen):
            return None
        return lambda: screen.run_action(command.id())

    @staticmethod
    def _title(command: type[Command]) -> str:
        return command.title[0].upper() + command.title[1:]

    def _help(self, command: type[Command]) -> str:
        screen = self.screen
        keys = command.keys(screen.session.settings.keys) if isinstance(screen, IncidentScreen) else ()
        text = f"{keys[0]}: {command.help()}" if keys else command.help()
        if isinstance(screen, IncidentScreen) and (reason := screen.obstacle(command)) is not None:
            return f"Not now: {reason}"
        return text
