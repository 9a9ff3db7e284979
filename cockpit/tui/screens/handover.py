"""The hand-off before it happens: to whom, and the brief as it will be posted in the channel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from cockpit.tui.ink import Line, Paper, paragraph
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.row import Row
from cockpit.tui.screens.answered import AnsweredOnce

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class HandoverReview(ModalScreen[str | None], AnsweredOnce[str | None]):
    """Who takes over and what the channel will read; *Cancel* has the focus.

    The answer is how it was agreed, in the person's words, which may be empty; None: nobody hands anything over.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
        Binding("left,right", "other", "other", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, facts: Sequence[tuple[str, str]], brief: str) -> None:
        super().__init__()
        self._facts, self._brief = facts, brief

    def compose(self) -> ComposeResult:
        """The facts, the brief in a list that scrolls, how it was agreed, the two buttons."""
        with Paper(classes="dialog tall", id="review") as dialog:
            dialog.border_title = Content("Hand over")
            dialog.border_subtitle = Content("tab goes on · j k scroll · esc cancels")
            for label, text in self._facts:
                yield Static(Content.assemble((f"{label:<11}", "$text-muted"), text), classes="fact")
            public = "Posted in the channel, for everyone, as follows:"
            yield Static(Content.styled(public, "bold $text-warning"), classes="fact public")
            yield Listing(cursor=False, id="letter")
            yield Input(placeholder="agreed how? on the phone, …  (may stay empty)", id="agreed", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no", compact=True)
                yield Button("Hand over", id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Draw the brief; it doesn't go at one key."""

        def draw(width: int) -> list[Line]:
            return [line for words in self._brief.split("\n") for line in _as_slack_shows(words, width)]

        self.query_one(Listing).show_rows([Row("brief", draw)])
        self.query_one("#no", Button).focus()

    def action_other(self) -> None:
        """To the other button."""
        yes, no = self.query_one("#yes", Button), self.query_one("#no", Button)
        (no if yes.has_focus else yes).focus()

    def action_scroll(self, rows: int) -> None:
        """Scroll the brief."""
        self.query_one(Listing).action_move(rows)

    @on(Input.Submitted)
    def _on(self) -> None:
        self.query_one("#no", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        agreed = self.query_one("#agreed", Input).value.strip()
        self.dismiss(agreed if event.button.id == "yes" else None)


class BriefScreen(ModalScreen[None], AnsweredOnce[None]):
    """The brief, for who has just come: what was handed over, by whom and when, and how it stands now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,B,enter", "dismiss(None)", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, title: str, parts: Sequence[tuple[str, str]]) -> None:
        """`parts` are headings, each with a brief below it."""
        super().__init__()
        self._title, self._parts = title, parts

    def compose(self) -> ComposeResult:
        """The parts, in a list that scrolls."""
        with Paper(classes="dialog tall", id="brief") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = Content("j k scroll · esc closes")
            yield Listing(cursor=False, id="letter")

    def on_mount(self) -> None:
        """Draw it."""

        def draw(width: int) -> list[Line]:
            lines: list[Line] = []
            for heading, words in self._parts:
                lines += [*([()] if lines else []), *paragraph(heading, "title", width)]
                lines += [line for row in words.split("\n") for line in _as_slack_shows(row, width)]
            return lines

        listing = self.query_one(Listing)
        listing.show_rows([Row("brief", draw)])
        listing.focus()

    def action_scroll(self, rows: int) -> None:
        """Scroll it."""
        self.query_one(Listing).action_move(rows)


def _as_slack_shows(words: str, width: int) -> list[Line]:
    """A line of the brief: its heading, between asterisks in Slack's markup, stands out."""
    found = re.match(r"\*([^*]+)\*(.*)", words)
    if found is None:
        return paragraph(words, "plain", width)
    if not found[2]:
        return paragraph(found[1], "strong", width)
    return paragraph(found[2].lstrip(": "), "plain", width, first=f"{found[1]}: ", hang="  ")
