"""Text for a person on stdout: columns that line up, and bold or faint where the terminal has them."""

from __future__ import annotations

import os
import shutil
import sys
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

_STRONG, _FAINT, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
GAP: Final = "  "

LEAST: Final = 36
"""Columns below which a wrapped column reads badly."""


class Paper:
    """What is printed on. Plain text unless it is a terminal that takes more and `NO_COLOR` isn't set.

    Emphasis never carries a meaning that a word or a sign doesn't carry too.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream if stream is not None else sys.stdout
        self.emphasis = (
            self.stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
        )
        self.width = shutil.get_terminal_size().columns if self.stream.isatty() else None
        """The terminal's columns; None where lines may be of any length."""

    def write(self, line: str = "") -> None:
        """Print one line."""
        print(line.rstrip(), file=self.stream)

    def strong(self, text: str) -> str:
        """The text in bold."""
        return f"{_STRONG}{text}{_END}" if self.emphasis and text else text

    def faint(self, text: str) -> str:
        """The text in the background."""
        return f"{_FAINT}{text}{_END}" if self.emphasis and text else text

    def heading(self, text: str) -> None:
        """Print an empty line and a heading."""
        self.write()
        self.write(self.strong(text))

    def columns(self, rows: Iterable[Sequence[str]], indent: str = GAP, faint: int | None = None) -> None:
        """Print rows of cells so that each column lines up; `faint` is the column that is in the background.

        The last column may be of any length. On a terminal it is wrapped beside the others, or below them where
        they leave it too little room.
        """
        rows = [tuple(row) for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)][:-1]
        beside = cell_len(indent) + sum(width + cell_len(GAP) for width in widths)
        below = cell_len(indent) + (widths[0] + cell_len(GAP) if widths else 0)
        narrow = self.width is not None and self.width - beside < LEAST
        folded = narrow and any(beside + cell_len(row[-1]) > (self.width or 0) for row in rows)
        for *cells, last in rows:
            padded = [set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True)]
            if faint is not None and faint < len(padded):
                padded[faint] = self.faint(padded[faint])
            start = below if folded else beside
            parts = [last] if self.width is None else wrap(last, max(LEAST, self.width - start))
            if faint == len(padded):
                parts = [self.faint(part) for part in parts]
            head = indent + "".join(cell + GAP for cell in padded)
            first, *rest = ["", *parts] if folded else parts or [""]
            self.write(head + first)
            for part in rest:
                self.write(" " * start + part)
