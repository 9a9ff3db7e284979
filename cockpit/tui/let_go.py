"""What Textual (8) would hold on to while the cockpit is open for hours, let go of in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def forget_places() -> None:
    """Empty Textual's memory of where on the screen which regions meet.

    It keeps up to 4,096 answers to each of a dozen questions. What scrolls and changes its size asks ever new ones:
    what is kept would grow for hours, and an answer of an hour ago is never wanted again.
    """
    for method in vars(Region).values():
        if (clear := getattr(method, "cache_clear", None)) is not None:
            clear()


def free_lines() -> None:
    """Have a line that was drawn go when it is wanted no more.

    A line that is cut at its own end only is its own one part. Textual notes that in the line itself, which so holds
    itself, with the dozen small objects that make it: some 1.2 KiB that wait for the garbage collector, and a busy
    screen draws thousands a minute.
    """
    Strip.divide = _divided  # type: ignore[assignment, method-assign]


_by_textual = Strip.divide


def _divided(line: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    """The parts of a line between these cells, as `Strip.divide` gives them."""
    within = [cut for cut in cuts if cut <= line.cell_length]
    return [line] if within == [line.cell_length] else _by_textual(line, within)
