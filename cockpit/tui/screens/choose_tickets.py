"""Choosing the other tickets to which the same letter is written next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets.selection_list import Selection

from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.screens.marks import Marks

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.incident.facts import Ticket


def name_of(ticket: Ticket) -> str:
    """Whose a ticket is, in a word or two."""
    return ticket.company or ticket.requester.name


class ChooseTickets(ModalScreen[tuple[int, ...] | None], AnsweredOnce[tuple[int, ...] | None]):
    """Choose some tickets, or all; None: as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "cancel", show=False),
        Binding("enter", "done", "done", show=False, priority=True),
        Binding("a", "all", "all", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(self, tickets: tuple[Ticket, ...], chosen: tuple[int, ...]) -> None:
        super().__init__()
        self._tickets, self._chosen = tickets, chosen

    def compose(self) -> ComposeResult:
        """The tickets, each with a mark."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content("Write the same to")
            dialog.border_subtitle = Content("space marks · a all · enter done · esc cancels")
            yield Marks(
                *(
                    Selection(Content(f"{name_of(one)}  {one.id} {one.subject}"), one.id, one.id in self._chosen)
                    for one in self._tickets
                ),
                compact=True,
            )

    def action_down(self) -> None:
        """To the next."""
        self.query_one(Marks).action_cursor_down()

    def action_up(self) -> None:
        """To the previous."""
        self.query_one(Marks).action_cursor_up()

    def action_all(self) -> None:
        """Mark all."""
        self.query_one(Marks).select_all()

    def action_done(self) -> None:
        """These."""
        marked = set(self.query_one(Marks).selected)
        self.dismiss(tuple(one.id for one in self._tickets if one.id in marked))
