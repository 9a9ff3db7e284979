"""A row of a listing: what it draws, and the marks that rows have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cockpit.tui.ink import Line


class Row:
    """One entry of a listing. `draw` gives its lines at a width.

    `stop` is false for a row on which the cursor doesn't rest (a divider). A long list holds thousands of rows: each
    keeps how many lines it has, and not the lines.
    """

    __slots__ = ("_height", "_width", "draw", "id", "stop")

    def __init__(self, row_id: str, draw: Callable[[int], Sequence[Line]], *, stop: bool = True) -> None:
        self.id = row_id
        self.draw = draw
        self.stop = stop
        self._width = -1
        self._height = 0

    def lines(self, width: int) -> Sequence[Line]:
        """The row's lines at this width; at least one."""
        return self.draw(width) or ((),)

    def height(self, width: int) -> int:
        """How many lines it has at this width."""
        if width != self._width:
            self._height = len(self.lines(width))
            self._width = width
        return self._height


def divider(row_id: str, text: str, ink: str = "dim") -> Row:
    """A row with a few words in the middle of a rule."""

    def draw(width: int) -> list[Line]:
        left = max(0, (width - len(text) - 2) // 2)
        rule = "rule" if ink == "dim" else ink
        return [(("─" * left, rule), (f" {text} ", ink), ("─" * max(0, width - left - len(text) - 2), rule))]

    return Row(row_id, draw, stop=False)


POINTER = "›"
"""The cursor's sign, in the first cell of a row that leaves it blank."""


def pointed(line: Line) -> Line:
    """The line with the cursor's sign before it, where there is a blank for it: a colour alone may not be seen."""
    if not line or not line[0][0].startswith(" "):
        return line
    (text, ink), *rest = line
    return ((POINTER, "key"), (text[1:], ink), *rest)
