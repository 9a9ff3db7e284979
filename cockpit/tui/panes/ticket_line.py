"""The head of the reply's pane: which tickets there are, which one is open, whom a reply would reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.incident.facts import TicketStatus
from cockpit.tui import signs
from cockpit.tui.ink import Line, Lines, Span, clip

if TYPE_CHECKING:
    from cockpit.engine.view import View


class TicketLine(Lines):
    """Which tickets there are, which one is open, whom a reply would reach."""

    def __init__(self) -> None:
        super().__init__(id="ticket-line")
        self._view: View | None = None
        self._ticket: int | None = None

    def show(self, view: View, ticket: int | None) -> None:
        """Show the view's tickets, with this one open."""
        self._view, self._ticket = view, ticket
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """The tickets when there are several, then the recipient."""
        if self._view is None or self._ticket is None:
            return []
        lines: list[Line] = []
        tickets = self._view.snapshot.tickets
        if len(tickets) > 1:
            spans: list[Span] = [("[ ", "key@screen.previous_ticket")]
            for facts in tickets:
                open_ = facts.ticket.id == self._ticket
                due, ink = self._due(facts.ticket.id)
                name = facts.ticket.company or facts.ticket.requester.name
                spans += [(f"{due} ", ink), (name, "title" if open_ else "dim"), ("  ", "plain")]
            lines.append(clip((*spans[:-1], (" ]", "key@screen.next_ticket")), width))
        current = self._view.snapshot.ticket(self._ticket)
        if current is not None:
            ticket = current.ticket
            who = ticket.requester.name + (f", {ticket.company}" if ticket.company else "")
            status = TicketStatus.NAMES.get(ticket.status, f"status {ticket.status}")
            agent = f" · {ticket.agent.name}" if ticket.agent else " · no agent"
            lines.append(clip((("To ", "dim"), (who, "strong"), (f" · {status}{agent}", "dim")), width))
            lines.append(clip(((ticket.subject, "dim"),), width))
        return lines

    def _due(self, ticket: int) -> tuple[str, str]:
        assert self._view is not None
        for deadline in self._view.assessment.deadlines:
            if deadline.ticket == ticket:
                sign = signs.DUE[deadline.state]
                return sign.sign, sign.ink
        return "·", "dim"
