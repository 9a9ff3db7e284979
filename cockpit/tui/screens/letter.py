"""The first letter to a community that hasn't written: its subject, its text, and from there the review."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, TextArea

from cockpit.incident.replies import Purpose
from cockpit.tui.panes.composer import Composer
from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.screens.review import Letter, Review

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.incident.facts import Person
    from cockpit.incident.guards import Finding


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter as it stands: its subject, who gets a copy (addresses), its text."""

    subject: str
    cc: tuple[str, ...]
    body: str


class FirstLetter(ModalScreen[Draft | None], AnsweredOnce[Draft | None]):
    """Write it; the answer, after the review, is the letter. `typed` is told of every change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("ctrl+s,f9", "review", "review", show=False, priority=True),
    ]

    def __init__(
        self,
        to: Person,
        community: str,
        draft: Draft,
        *,
        typed: Callable[[Draft], object],
        possible: Callable[[Draft], str | None],
        findings: Callable[[Draft], tuple[Finding, ...]],
        hold: float,
    ) -> None:
        super().__init__()
        self._to, self._community, self._draft = to, community, draft
        self._typed, self._possible, self._findings, self._hold = typed, possible, findings, hold
        self.passed: list[str] = []
        """What was found in the letter and passed in its review, by its keys."""

    def compose(self) -> ComposeResult:
        """To whom, who gets a copy, the subject, the text, how it stands."""
        with Vertical(classes="dialog tall", id="first-letter") as dialog:
            dialog.border_title = Content("Write to the community first")
            dialog.border_subtitle = Content("tab next blank · ctrl+s or F9 reviews · esc keeps it as a draft")
            yield Label(Content(f"To {self._to.name} <{self._to.email}>, {self._community}"), classes="about")
            yield Label(Content("Copy to (addresses, with a comma between them)"), classes="field")
            yield Input(", ".join(self._draft.cc), id="cc", placeholder="nobody", compact=True)
            yield Label(Content("Subject"), classes="field")
            yield Input(self._draft.subject, id="subject", placeholder="the subject", compact=True)
            yield Composer(
                self._draft.body, id="body", soft_wrap=True, show_line_numbers=False, compact=True,
                highlight_cursor_line=False,
            )  # fmt: skip
            yield Label("", classes="problem")

    def on_mount(self) -> None:
        """Begin at the first thing that is missing."""
        composer = self.query_one(Composer)
        composer.focus()
        composer.next_blank()
        self._judge()

    @property
    def _written(self) -> Draft:
        cc = re.split(r"[,;\s]+", self.query_one("#cc", Input).value)
        subject = self.query_one("#subject", Input).value.strip()
        return Draft(subject, tuple(dict.fromkeys(filter(None, cc))), self.query_one(Composer).text)

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _changed(self) -> None:
        if (written := self._written) != self._draft:
            self._draft = written
            self._typed(written)
        self._judge()

    def _judge(self) -> None:
        reason = self._possible(self._written)
        self.query_one(".problem", Label).update(Content(f"! {reason}" if reason else "ready: ctrl+s reviews it"))

    @on(Input.Submitted, "#cc")
    def _from_copy(self) -> None:
        self.query_one("#subject", Input).focus()

    @on(Input.Submitted, "#subject")
    def _to_text(self) -> None:
        self.query_one(Composer).focus()

    @on(Composer.Left)
    def _to_copy(self) -> None:
        self.query_one("#cc", Input).focus()

    def action_review(self) -> None:
        """Show it as they will read it; from there it goes."""
        draft = self._written
        letter = Letter(
            self._to,
            self._community,
            f"a new one: {draft.subject}",
            Purpose.FIRST_RESPONSE,
            draft.body,
            self._findings(draft),
            cc=draft.cc,
        )

        def decided(sent: tuple[int, ...] | None) -> None:
            if sent is not None:
                self.passed = letter.passed
                self.dismiss(draft)

        self.app.push_screen(Review(letter, self._hold), decided)
