"""A list of which several can be marked, where the sign says which are."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import SelectionList
from textual.widgets.option_list import OptionDoesNotExist


class Marks(SelectionList[int]):
    """Textual's own list puts an X before every line and tells only by its colour whether it counts."""

    def render_line(self, y: int) -> Strip:
        """The line, its box empty while it isn't marked."""
        strip = super().render_line(y)
        try:
            marked = self.get_option_at_index(self.scroll_offset.y + y).value in self.selected
        except OptionDoesNotExist:
            return strip
        left, box, *rest = strip
        return strip if marked else Strip([left, Segment(" ", box.style, box.control), *rest])
