"""What each meaning looks like, and how a line of meanings becomes cells on the screen.

A pane draws `Line`s: runs of text, each with the name of an ink. The inks' colours are component classes in
styles.tcss (`.ink--good` …), so that every theme, the ANSI ones and NO_COLOR included, is the stylesheet's affair,
and text from outside is never read as markup. A screen or a dialog has them once (`INK_CLASSES`), for all that is drawn
in it: Textual works each of them out anew whenever a class changes around it.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.containers import Vertical
from textual.strip import Strip
from textual.widget import Widget

Span = tuple[str, str]
"""A run of text and the name of its ink, one of `INKS`, optionally with `@action` after it: clicking does that."""
Line = tuple[Span, ...]
"""One line on the screen, left to right."""

INKS = (
    "plain", "dim", "strong", "title", "good", "attested", "overridden", "warn", "bad", "accent", "key", "mine",
    "struck", "rule", "new", "alarm",
)  # fmt: skip
"""good: a service proves it. attested: a person says so. overridden: set aside on purpose. key: a key to press.

mine: written by this cockpit. new: unread. alarm: the one thing on the screen that is late or broken."""

INK_CLASSES = {f"ink--{name}" for name in (*INKS, "cursor", "cursor-blurred")}
"""The component classes of a screen on which something is `Inked`."""


@lru_cache(maxsize=256)
def wrap(text: str, width: int) -> tuple[str, ...]:
    """Break text into lines of at most `width` cells, between words where that is possible; at least one line."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_paragraph(paragraph.expandtabs(4).rstrip(), max(1, width)))
    return tuple(lines) or ("",)


def _wrap_paragraph(text: str, width: int) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    lines: list[str] = []
    line, used = "", 0
    for word in text.split(" "):
        cells = cell_len(word)
        if line and used + 1 + cells > width:
            lines.append(line)
            line, used = "", 0
        elif line:
            line, used = f"{line} ", used + 1
        if cells > width:
            *full, word = chop_cells(word, width - used if width > used else width)
            if full:
                lines.append(line + full[0])
                rest = chop_cells("".join([*full[1:], word]), width)
                lines.extend(rest[:-1])
                line, used = rest[-1], cell_len(rest[-1])
                continue
            cells = cell_len(word)
        line, used = line + word, used + cells
    lines.append(line)
    return lines


def paragraph(text: str, ink: str, width: int, *, first: str = "", hang: str | None = None) -> list[Line]:
    """Wrapped text as lines; `first` stands before the first line and `hang` (spaces as wide) before the others."""
    hang = " " * cell_len(first) if hang is None else hang
    parts = wrap(text, width - max(cell_len(first), cell_len(hang)))
    return [((first if index == 0 else hang, ink), (part, ink)) for index, part in enumerate(parts)]


def measure(line: Line) -> int:
    """The width of a line in cells."""
    return sum(cell_len(text) for text, _ in line)


def clip(line: Line, width: int) -> Line:
    """The line cut to `width` cells, with an ellipsis where something is missing."""
    if measure(line) <= width:
        return line
    if width <= 0:
        return ()
    kept: list[Span] = []
    left = width - 1
    for text, ink in line:
        cells = cell_len(text)
        if cells >= left:
            kept.append((set_cell_size(text, left).rstrip() + "…", ink))
            break
        kept.append((text, ink))
        left -= cells
    return tuple(kept)


def spread(left: Line, right: Line, width: int, *, gap: int = 1) -> Line:
    """`left` and `right` at the two ends of `width` cells; the left side is cut when they don't both fit."""
    right_width = measure(right)
    if right_width + gap >= width:
        return clip(left, width)
    left = clip(left, width - right_width - gap)
    return (*left, (" " * (width - measure(left) - right_width), "plain"), *right)


class Paper(Vertical):
    """A box with a background of its own, and the inks for what is drawn on it."""

    COMPONENT_CLASSES = INK_CLASSES


class Inked(Widget):
    """A widget that draws lines of ink, on a screen or paper that has the inks."""

    @cached_property
    def _inkwell(self) -> Widget:
        """The nearest around it that has the inks."""
        return next(
            node
            for node in self.ancestors
            if isinstance(node, Widget) and INK_CLASSES <= node.__class__.COMPONENT_CLASSES
        )

    def inked(self, line: Line, width: int, under: str | None = None) -> Strip:
        """The line as cells, cut or filled up to `width`; `under` names the ink whose background lies beneath."""
        background = Style.null()
        if under is not None:
            # Its colour as blended with what is behind; of the rest only what the stylesheet says of this ink.
            whole = self._inkwell.get_component_rich_style(f"ink--{under}")
            own = self._inkwell.get_component_rich_style(f"ink--{under}", partial=True)
            background = Style(bgcolor=whole.bgcolor, reverse=own.reverse, bold=own.bold)
        segments = []
        for text, ink in line:
            name, _, action = ink.partition("@")
            style = self._inkwell.get_component_rich_style(f"ink--{name or 'plain'}") + background
            if action:
                style += Style.from_meta({"@click": action})
            segments.append(Segment(text, style))
        filler = self._inkwell.get_component_rich_style("ink--plain") + background
        return Strip(segments).adjust_cell_length(width, filler)


class Lines(Inked):
    """A few lines of ink that don't scroll. A subclass says what they are in `draw`."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._drawn: list[Line] = []
        self._drawn_width = -1

    def draw(self, width: int) -> list[Line]:
        """The lines at this width."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        lines = self._drawn
        width = self.size.width
        return self.inked(lines[y] if y < len(lines) else (), width)

    def repaint(self) -> None:
        """Draw again, if that gives other lines than those on the screen."""
        if not self.is_mounted or not self.size.width:
            return
        lines = self.draw(self.size.width)
        if lines != self._drawn or self._drawn_width != self.size.width:
            relaid = len(lines) != len(self._drawn)
            self._drawn, self._drawn_width = lines, self.size.width
            self.refresh(layout=relaid and self.styles.height is not None and self.styles.height.is_auto)

    def on_resize(self) -> None:
        """A new width means new lines."""
        self.repaint()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many rows as there are lines."""
        return len(self.draw(width)) if width > 0 else 1
