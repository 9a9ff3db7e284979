"""A private note on a ticket: written apart from the reply, so that the one is never taken for the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from cockpit.incident.replies import Purpose
from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.screens.review import PRIVATE, Letter, Review

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.incident.facts import Ticket
    from cockpit.incident.guards import Finding


class PrivateNote(ModalScreen[tuple[str, list[str]] | None], AnsweredOnce[tuple[str, list[str]] | None]):
    """Write it; the answer, after the review, is the text and what was passed in it. `typed` hears every change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("ctrl+s,f9", "review", "review", show=False, priority=True),
    ]

    def __init__(
        self,
        ticket: Ticket,
        text: str,
        *,
        typed: Callable[[str], object],
        findings: Callable[[str], tuple[Finding, ...]],
        hold: float,
    ) -> None:
        super().__init__()
        self._ticket, self._text = ticket, text
        self._typed, self._findings, self._hold = typed, findings, hold

    def compose(self) -> ComposeResult:
        """On what, for whom it is not, the text."""
        with Vertical(classes="dialog tall private", id="private-note") as dialog:
            dialog.border_title = Content("✎ Private note")
            dialog.border_subtitle = Content("ctrl+s or F9 reviews · esc keeps it as a draft")
            yield Label(Content(f"On ticket {self._ticket.id}: {self._ticket.subject}"), classes="about")
            yield Label(Content.styled(PRIVATE, "bold $text-accent"), classes="about")
            yield TextArea(self._text, id="body", soft_wrap=True, compact=True, highlight_cursor_line=False)

    def on_mount(self) -> None:
        """To the text."""
        self.query_one(TextArea).focus()

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        if event.text_area.text != self._text:
            self._text = event.text_area.text
            self._typed(self._text)

    def action_review(self) -> None:
        """Show it as colleagues will read it; from there it goes."""
        text = self._text
        letter = Letter(
            self._ticket.requester,
            self._ticket.company,
            f"{self._ticket.id}  {self._ticket.subject}",
            Purpose.PLAIN,
            text,
            self._findings(text),
            private=True,
        )

        def decided(sent: tuple[int, ...] | None) -> None:
            if sent is not None:
                self.dismiss((text, letter.passed))

        self.app.push_screen(Review(letter, self._hold), decided)
