"""The help: the commands that matter where one is, then every one by its group, from the same classes as the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from cockpit.tui import signs
from cockpit.tui.ink import Line, Paper, paragraph
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.row import Row
from cockpit.tui.screens.answered import AnsweredOnce

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.incident.process import Words
    from cockpit.tui.command import Command

PLACES = {
    "process": "In the process",
    "pagerduty": "In the PagerDuty pane",
    "channel": "In the channel",
    "reply": "In the reply pane",
    "writing": "While writing",
}
KEY_CELLS = 16


class HelpScreen(ModalScreen[None], AnsweredOnce[None]):
    """Keys and what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "dismiss(None)", "close", show=False)]

    def __init__(self, commands: Sequence[type[Command]], keymap: Mapping[str, str], where: str, words: Words) -> None:
        super().__init__()
        self._commands, self._keymap, self._where, self._words = commands, keymap, where, words

    def compose(self) -> ComposeResult:
        """One list that scrolls."""
        with Paper(classes="dialog tall") as dialog:
            dialog.border_title = Content("Help")
            dialog.border_subtitle = Content("j k scroll · ctrl+p finds a command · esc closes")
            yield Listing(cursor=False)

    def on_mount(self) -> None:
        """Write the rows."""
        rows = [self._heading(PLACES[self._where])]
        here = [command for command in self._commands if self._where in command.hinted]
        rows += [self._row(command, "here ") for command in here]
        for group in dict.fromkeys(command.group for command in self._commands):
            rows.append(self._heading(group))
            rows += [self._row(command) for command in self._commands if command.group == group]
        rows.append(self._heading("Moving"))
        rows += [
            self._plain("j k g G", "Down, up, first, last; also the arrows, home, end and the page keys."),
            self._plain("ctrl+p", "The palette: every command by name, and the themes."),
        ]
        rows.append(self._heading("Signs"))
        every = [signs.SENSED, signs.ATTESTED, *signs.STATES.values()]
        rows += [self._plain(sign.sign, sign.word, sign.ink) for sign in every]
        listing = self.query_one(Listing)
        listing.show_rows(rows)
        listing.focus()

    @staticmethod
    def _heading(text: str) -> Row:
        return Row(f"heading {text}", lambda width: [(), ((text, "title"),)])

    def _row(self, command: type[Command], prefix: str = "") -> Row:
        keys = ", ".join(command.keys(self._keymap)) or "palette"
        return self._plain(keys, command.help(self._words), row_id=prefix + command.id())

    @staticmethod
    def _plain(keys: str, text: str, ink: str = "key", row_id: str = "") -> Row:
        def draw(width: int) -> list[Line]:
            lines = paragraph(text, "plain", max(8, width - KEY_CELLS))
            return [((f"{keys if index == 0 else '':<{KEY_CELLS}}", ink), *line) for index, line in enumerate(lines)]

        return Row(row_id or f"{keys} {text}", draw)
