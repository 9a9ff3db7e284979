"""A list of rows, each of one or more lines, drawn line by line: it costs what is on the screen, not what is in it.

The cursor and the scroll position belong to the person: both are kept by the rows' ids when the rows change.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.cache import FIFOCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.tui.ink import Inked, Line
from cockpit.tui.panes.row import Row, pointed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events


class Listing(Inked, ScrollView, can_focus=True):
    """A scrollable list with a cursor, or (`cursor=False`) only scrollable. `tail`: it stays at its end by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="up"),
        Binding("g,home", "first", "First", show=False, id="first"),
        Binding("G,end", "last", "Last", show=False, id="last"),
        Binding("pagedown,ctrl+d", "move_page(1)", "Page down", show=False, id="page_down"),
        Binding("pageup,ctrl+u", "move_page(-1)", "Page up", show=False, id="page_up"),
    ]

    @dataclass
    class Moved(Message):
        """The cursor rests on another row."""

        listing: Listing
        row: str | None

        @property
        def control(self) -> Listing:
            """The listing."""
            return self.listing

    @dataclass
    class Scrolled(Message):
        """The person looks at another part of the list."""

        listing: Listing

        @property
        def control(self) -> Listing:
            """The listing."""
            return self.listing

    def __init__(self, *, cursor: bool = True, tail: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self.selected: str | None = None
        self.empty: Callable[[int], Sequence[Line]] = lambda width: ()
        self._cursor = cursor
        self._tail = tail
        # Whether the person was at the end when they last scrolled: growing text or a smaller window doesn't change it.
        self._pinned = True
        self._ends: list[int] = []
        self._width = 0
        self._forget_drawn()

    # --- what it shows ---------------------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[Row], *, keep_top: bool = False) -> None:
        """Show these rows. The cursor stays on the same id, or near where it was when that is gone.

        A window at the very top stays there, so that what comes in above is seen, unless `keep_top` asks to stay on
        the row that is there now.
        """
        was = self._index(self.selected)
        followed = was is not None and self._nearest(len(self.rows) - 1) == was
        anchor, below = self._anchor(keep_top)
        self.rows = rows
        self._strips.clear()
        if self._index(self.selected) is None:
            near = self._nearest(min(was or 0, len(rows) - 1)) if rows and not self._tail else None
            if self._tail and rows and self._cursor:
                near = self._nearest(len(rows) - 1)
            self._select(rows[near].id if near is not None and self._cursor else None)
        elif self._tail and self._cursor and followed and not self.has_focus:
            near = self._nearest(len(rows) - 1)
            self._select(rows[near].id if near is not None else None)
        self._lay_out()
        if self._tail and self._pinned:
            self._to_end()
        elif anchor is not None and (index := self._index(anchor)) is not None:
            self._to(self._start(index) + below)
        self.refresh()

    def select(self, row_id: str | None) -> None:
        """Put the cursor on a row and bring it into view; a row that isn't there is ignored."""
        if (index := self._index(row_id)) is None or not self._cursor:
            return
        self._select(row_id)
        self._reveal(index)
        self.refresh()

    @property
    def at_end(self) -> bool:
        """Whether the last line can be seen."""
        return self.scroll_offset.y >= self.virtual_size.height - self.size.height

    def _select(self, row_id: str | None) -> None:
        if row_id != self.selected:
            self.selected = row_id
            self.post_message(self.Moved(self, row_id))

    def _lay_out(self) -> None:
        self._width = self.scrollable_content_region.width
        # Without a width nothing is laid out: it is drawn when there is one.
        self._ends = list(accumulate(row.height(self._width) for row in self.rows)) if self._width > 0 else []
        self.virtual_size = Size(self._width, self._ends[-1] if self._ends else 0)

    def _index(self, row_id: str | None) -> int | None:
        if row_id is None:
            return None
        return next((index for index, row in enumerate(self.rows) if row.id == row_id), None)

    def _start(self, index: int) -> int:
        return self._ends[index - 1] if 0 < index <= len(self._ends) else 0

    def _anchor(self, keep_top: bool = False) -> tuple[str | None, int]:
        """The row at the top of the window, and how many of its lines are above it."""
        top = self.scroll_offset.y
        index = bisect_right(self._ends, top)
        if (not top and not keep_top) or index >= min(len(self.rows), len(self._ends)):
            return None, 0
        if keep_top and (stop := self._nearest(index, 1)) is not None:
            index = stop  # a divider at the top may not be there any more
        return self.rows[index].id, top - self._start(index)

    def _nearest(self, index: int, step: int = -1) -> int | None:
        """The row at `index`, or the next one in either direction on which the cursor may rest."""
        for candidates in (
            range(index, -1 if step < 0 else len(self.rows), step),
            range(index, len(self.rows) if step < 0 else -1, -step),
        ):
            for candidate in candidates:
                if 0 <= candidate < len(self.rows) and self.rows[candidate].stop:
                    return candidate
        return None

    # --- moving ------------------------------------------------------------------------------------------------

    def _to(self, y: int) -> None:
        # Forced: whether there is a scroll bar is only known after the next layout.
        self.scroll_to(y=y, animate=False, force=True)

    def _to_end(self) -> None:
        self._to(max(0, self.virtual_size.height - self.size.height))

    def _reveal(self, index: int) -> None:
        if index >= len(self._ends):
            return
        start, end = self._start(index), self._ends[index]
        while index > 0 and not self.rows[index - 1].stop and end - self._start(index - 1) < self.size.height:
            index -= 1
            start = self._start(index)
        top, height = self.scroll_offset.y, self.size.height
        if start < top or end - start > height:
            self._to(start)
        elif end > top + height:
            self._to(end - height)

    def _go(self, index: int, step: int) -> None:
        if self.rows and (found := self._nearest(max(0, min(index, len(self.rows) - 1)), step)) is not None:
            self._select(self.rows[found].id)
            self._reveal(found)
            self.refresh()

    def action_move(self, step: int) -> None:
        """Move the cursor by rows, or the window by lines where there is no cursor."""
        if not self._cursor:
            self.scroll_relative(y=step, animate=False)
            return
        at = self._index(self.selected)
        target = 0 if at is None else at + step
        if 0 <= target < len(self.rows) and any(
            row.stop for row in (self.rows[target:] if step > 0 else self.rows[: target + 1])
        ):
            self._go(target, 1 if step > 0 else -1)
        elif step < 0:
            self._to(0)

    def action_move_page(self, step: int) -> None:
        """Move by as much as can be seen."""
        if not self._cursor:
            self.scroll_relative(y=step * max(1, self.size.height - 1), animate=False)
            return
        at = self._index(self.selected) or 0
        line = (self._start(at) if self._ends else 0) + step * max(1, self.size.height - 1)
        self._go(bisect_right(self._ends, max(0, line)), step)

    def action_first(self) -> None:
        """To the beginning."""
        self._go(0, 1)
        self._to(0)

    def action_last(self) -> None:
        """To the end."""
        self._go(len(self.rows) - 1, -1)
        self._to_end()

    # --- drawing -----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line of what can be seen."""
        line = y + self.scroll_offset.y
        if not self.rows:
            # The present width, not the one at which rows were laid out last: there may have been no layout yet.
            words = self.empty(self.scrollable_content_region.width)
            return self.inked((*words, *[()] * (y + 1))[y], self.size.width)
        index = bisect_right(self._ends, line)
        if index >= len(self._ends):
            return self.inked((), self.size.width)
        row = self.rows[index]
        under = None
        if self._cursor and row.id == self.selected:
            under = "cursor" if self.has_focus else "cursor-blurred"
        key = (row, line - self._start(index), self._width, under)
        if (strip := self._strips.get(key)) is None:
            within = line - self._start(index)
            drawn = self._lines(row)[within]
            strip = self.inked(pointed(drawn) if under == "cursor" and not within else drawn, self._width, under)
            self._strips[key] = strip
        return strip

    def _forget_drawn(self) -> None:
        """Begin to remember what is drawn: twice as much as can be seen, for who scrolls to and fro.

        A line takes several KiB, with all that Textual keeps in it. Not in Textual's LRUCache: its entries hold each
        other, and what is let go of waits for the garbage collector.
        """
        lines = 2 * max(1, self.size.height)
        self._strips: FIFOCache[tuple[object, ...], Strip] = FIFOCache(lines)
        self._drawn: FIFOCache[tuple[Row, int], Sequence[Line]] = FIFOCache(lines)

    def _lines(self, row: Row) -> Sequence[Line]:
        """The lines of a row that can be seen, drawn once for all of them."""
        key = (row, self._width)
        if (lines := self._drawn.get(key)) is None:
            lines = self._drawn[key] = row.lines(self._width)
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are, where the stylesheet asks for a height that fits."""
        return sum(row.height(width - 1) for row in self.rows) if width > 1 else 1

    def notify_style_update(self) -> None:
        """Another theme: forget the cells drawn in the old one."""
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again for the new width, and stay where the person was."""
        anchor, below = self._anchor()
        self._forget_drawn()
        self._lay_out()
        if self._tail and self._pinned:
            self._to_end()
        elif anchor is not None and (index := self._index(anchor)) is not None:
            self._to(self._start(index) + below)
        elif self.has_focus and (index := self._index(self.selected)) is not None:
            # A window at the top that nobody is in stays there, where news come in.
            self._reveal(index)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell the pane that another part is in view."""
        super().watch_scroll_y(old_value, new_value)
        self._pinned = self.at_end
        self.post_message(self.Scrolled(self))

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on the row."""
        index = bisect_right(self._ends, event.y + self.scroll_offset.y)
        if self._cursor and index < len(self.rows) and self.rows[index].stop:
            self._select(self.rows[index].id)
            self.refresh()
