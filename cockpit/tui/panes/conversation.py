"""What was said in a ticket, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.tui import moments
from cockpit.tui.ink import Line, clip, wrap
from cockpit.tui.panes.row import Row, divider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cockpit.incident.facts import Conversation


def rows_of(pieces: Iterable[Conversation]) -> list[Row]:
    """The pieces in order, each day under its name."""
    rows: list[Row] = []
    day = None
    for piece in pieces:
        if piece.at.date() != day:
            day = piece.at.date()
            rows.append(divider(f"day {day}", moments.day(piece.at)))
        rows.append(_row(piece))
    return rows


def _row(piece: Conversation) -> Row:
    def draw(width: int) -> list[Line]:
        mark, ink = ("▸", "accent") if piece.incoming else ("◂", "mine")
        aside = " · private note" if piece.private else ""
        head: Line = ((f"{moments.clock(piece.at)} ", "dim"), (f"{mark} {piece.author.name}", ink), (aside, "warn"))
        text_ink = "dim" if piece.private else "plain"
        return [
            clip(head, width),
            *((("  ", "plain"), (part, text_ink)) for part in wrap(piece.text, max(4, width - 2))),
        ]

    return Row(f"piece {piece.id}", draw)
