"""Linking a ticket: the recent ones, filtered as one types; or any, by its number. It is looked at first."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from cockpit.incident.facts import Source, TicketStatus
from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.screens.prompts import Confirm

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.engine.desk import Offer
    from cockpit.engine.outreach import TicketCheck
    from cockpit.incident.facts import Ticket


class LinkTicket(ModalScreen[tuple[int, str] | None], AnsweredOnce[tuple[int, str] | None]):
    """Choose a ticket; the answer is its number and its subject (empty for one typed by number)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
        Binding("down", "to_list", show=False),
    ]

    def __init__(
        self,
        offer: Callable[[], Awaitable[Offer]],
        check: Callable[[int], Awaitable[TicketCheck]],
        linked: frozenset[int],
    ) -> None:
        super().__init__()
        self._offer, self._check, self._linked = offer, check, linked
        self._tickets: tuple[Ticket, ...] = ()

    def compose(self) -> ComposeResult:
        """The line to type in, the tickets below it."""
        with Vertical(classes="dialog tall") as dialog:
            dialog.border_title = Content("Link a ticket")
            dialog.border_subtitle = Content("enter links · ↓ to the list · esc cancels")
            yield Input(placeholder="words of a recent ticket, or any ticket's number", compact=True)
            yield Label("Asking Freshdesk…", classes="about")
            yield Label("", classes="problem")
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        """Ask which tickets are recent."""
        self._load()

    @work(group="offer")
    async def _load(self) -> None:
        offer = await self._offer()
        if self.gone:
            return
        self._tickets = tuple(ticket for ticket in offer.tickets if ticket.id not in self._linked)
        error = offer.errors.get(Source.FRESHDESK)
        about = f"{error} A number can be linked all the same." if error else "Recent tickets"
        self.query_one(".about", Label).update(Content(about))
        self._fill("")

    def _fill(self, words: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        for ticket in self._tickets:
            text = f"{ticket.id} {ticket.subject} {ticket.company or ''} {ticket.requester.name}"
            if words.casefold() in text.casefold():
                options.add_option(Option(describe(ticket), id=str(ticket.id)))
        if options.option_count:
            options.highlighted = 0  # enter there means the first one, without another key

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.query_one(".problem", Label).update("")
        self._fill(event.value.strip())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        words = event.value.strip().lstrip("#")
        options = self.query_one(OptionList)
        if re.fullmatch(r"[0-9]{1,18}", words):
            self._look_at(int(words))
        elif options.option_count == 1:
            self._look_at(int(options.get_option_at_index(0).id or 0))
        elif options.option_count:
            self.action_to_list()
        else:
            self.query_one(".about", Label).update("No recent ticket holds these words. A number links any ticket.")

    def action_to_list(self) -> None:
        """Into the list."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._look_at(int(event.option.id or 0))

    @work(group="check", exclusive=True)
    async def _look_at(self, number: int) -> None:
        """Read the ticket before it is linked: it may be none of ours, or no ticket any more."""
        from cockpit.services.errors import ServiceError

        problem = self.query_one(".problem", Label)
        problem.update(f"Reading ticket {number}…")
        subject = next((ticket.subject for ticket in self._tickets if ticket.id == number), "")
        try:
            check = await self._check(number)
        except ServiceError as error:
            doubts: tuple[str, ...] = (f"It couldn't be looked at. {error}",)
        else:
            if check.refusal is not None:
                problem.update(Content(check.refusal))
                return
            doubts = check.warnings
            subject = check.ticket.subject if check.ticket is not None else subject
        problem.update("")
        if doubts and not await self.app.push_screen_wait(Confirm(f"Link ticket {number}?", doubts, "Link it")):
            return
        self.dismiss((number, subject))


def describe(ticket: Ticket) -> Content:
    """A ticket on one line: number, community, status, subject."""
    who = ticket.company or ticket.requester.name
    status = TicketStatus.NAMES.get(ticket.status, f"status {ticket.status}")
    return Content.assemble(
        (f"{ticket.id:<6} ", "$text-muted"), f"{who}: {ticket.subject}", (f"  {status}", "$text-muted")
    )
