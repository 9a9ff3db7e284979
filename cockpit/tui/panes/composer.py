"""The text of a reply, and the way through the blanks of its template."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message as TextualMessage
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

BLANK = re.compile(r"⟦[^⟧\n]*⟧")
"""A field of a template that isn't filled in yet."""


class Composer(TextArea):
    """The text of the reply, as Markdown. Tab goes to the next blank of a template; without one it leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "next_blank_or_leave", "next blank", show=False)]

    def but_the_word_at_the_cursor(self) -> str:
        """The text without the word that is being typed."""
        lines = self.text.split("\n")
        row, column = self.cursor_location
        lines[row] = re.sub(r"\S+\Z", "", lines[row][:column]) + re.sub(r"\A\S+", "", lines[row][column:])
        return "\n".join(lines)

    def next_blank(self) -> bool:
        """Select the next blank after the cursor, or from the top; False when there is none."""
        lines = self.text.split("\n")
        row, column = self.cursor_location
        blanks = [(at, found) for at, line in enumerate(lines) for found in BLANK.finditer(line)]
        if not blanks:
            return False
        at, found = next(((at, found) for at, found in blanks if (at, found.start()) >= (row, column)), blanks[0])
        self.selection = Selection((at, found.start()), (at, found.end()))
        self.scroll_cursor_visible()
        return True

    def action_next_blank_or_leave(self) -> None:
        """To the next blank, else on to the next pane."""
        if not self.next_blank():
            self.post_message(self.Left())

    class Left(TextualMessage):
        """Tab was pressed, and nothing is left to fill in."""
