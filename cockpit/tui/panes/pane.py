"""What the four panes have in common: a number, a border that says what is inside, a filter, a way in for the focus."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content

from cockpit.incident.facts import Freshness, Source
from cockpit.tui import moments
from cockpit.tui.ink import Line, Lines, paragraph
from cockpit.tui.panes.listing import Listing

if TYPE_CHECKING:
    from datetime import datetime

    from textual.widget import Widget

    from cockpit.engine.view import View


class Trouble(Lines):
    """What a service said when it failed; nothing while it answers. What was read before stays on the screen."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._text = ""

    def show(self, view: View, now: datetime) -> None:
        """Say how the service does."""
        health = view.snapshot.health.get(self._source)
        text = ""
        if health is not None and health.state is not Freshness.OK and health.error:
            read = f" Read {moments.ago(health.read_at, now)}." if health.read_at is not None else ""
            text = f"✗ {health.error}{read}"
        if text != self._text:
            self._text = text
            self.display = bool(text)
            self.repaint()

    def on_mount(self) -> None:
        """Nothing to say at first."""
        self.display = False

    def draw(self, width: int) -> list[Line]:
        """The sentence."""
        return paragraph(self._text, "warn", width) if self._text else []


class Pane(Vertical):
    """One of the four panes.

    What it is made of stays as long as it does, and is looked for once: Textual keeps the answer of every search, and
    searches anew whenever something around it appears or goes.
    """

    number: ClassVar[int]
    name_: ClassVar[str]
    """Its name as the commands know it."""

    def __init__(self) -> None:
        super().__init__(id=self.name_)
        self.words = ""
        """What the person filters by; empty: everything is shown."""

    @cached_property
    def trouble(self) -> Trouble:
        """What the pane's service said when it failed; the checklist has none."""
        return self.query_one(Trouble)

    @cached_property
    def listing(self) -> Listing:
        """What the pane lists."""
        return self.query_one(Listing)

    def show(self, view: View, now: datetime) -> None:
        """Show this view at this moment."""
        raise NotImplementedError

    def way_in(self) -> Widget:
        """What gets the focus when the person comes to this pane."""
        raise NotImplementedError

    def label(self) -> str:
        """The pane's name and what counts in it, in a few words."""
        raise NotImplementedError

    def brief(self) -> str:
        """The label for where there is little room."""
        return self.label()

    def filter_by(self, words: str) -> None:
        """Show only what holds these words."""
        self.words = words
        self.refilter()
        self.entitle()

    def refilter(self) -> None:
        """Apply the filter to what is shown."""

    def entitle(self, foot: str = "") -> None:
        """Write the border: the label above; below, `foot` or what the pane is filtered by."""
        self.border_title = Content(f"{self.number} {self.label()}")
        foot = f"/{self.words} · esc clears" if self.words else foot
        self.border_subtitle = Content(foot)

    def holds(self, text: str) -> bool:
        """Whether a text passes the filter."""
        return not self.words or self.words.casefold() in text.casefold()
