"""Everything about one thing: a step's evidence, an entry of the history, a message; with its link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from cockpit.tui.ink import Line, Paper, paragraph
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.row import Row
from cockpit.tui.screens.answered import AnsweredOnce


class Detail(ModalScreen[None], AnsweredOnce[None]):
    """Labelled facts, one below the other. `o` opens the link, `y` copies it all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,e,enter", "dismiss(None)", "close", show=False),
        Binding("o", "open", "open", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, title: str, facts: Sequence[tuple[str, str]], url: str | None = None) -> None:
        super().__init__()
        self._title, self._facts, self._url = title, [fact for fact in facts if fact[1]], url
        if url:
            self._facts.append(("link", url))

    def compose(self) -> ComposeResult:
        """The facts, in a list that scrolls."""
        with Paper(classes="dialog fitted") as dialog:
            dialog.border_title = Content(self._title)
            keys = "o opens the link · y copies · esc closes" if self._url else "y copies · esc closes"
            dialog.border_subtitle = Content(keys)
            yield Listing(cursor=False)

    def on_mount(self) -> None:
        """Fill the list."""
        label_cells = max((len(label) for label, _ in self._facts), default=0) + 2
        rows = []
        for index, (label, text) in enumerate(self._facts):

            def draw(width: int, label: str = label, text: str = text) -> list[Line]:
                lines = paragraph(text, "plain", max(8, width - label_cells))
                head = f"{label:<{label_cells}}"
                return [((head if i == 0 else " " * label_cells, "dim"), *line) for i, line in enumerate(lines)]

            rows.append(Row(str(index), draw))
        listing = self.query_one(Listing)
        listing.show_rows(rows)
        listing.focus()

    def action_open(self) -> None:
        """Open the link in the browser."""
        if self._url:
            self.app.open_url(self._url)

    def action_copy(self) -> None:
        """Copy everything that is shown."""
        self.app.copy_to_clipboard("\n".join(f"{label}: {text}" for label, text in self._facts))
        self.notify("Copied.", timeout=2)
