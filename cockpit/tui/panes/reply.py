"""Pane 4: the tickets, what was said in them, and the reply that is being written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.message import Message as TextualMessage
from textual.widgets import TextArea

from cockpit.incident.facts import Source, TicketStatus
from cockpit.incident.replies import Purpose, problems
from cockpit.tui import command, moments, signs
from cockpit.tui.ink import Line, Lines, Span, clip, paragraph, wrap
from cockpit.tui.panes.composer import Composer
from cockpit.tui.panes.listing import Listing, Row, divider
from cockpit.tui.panes.pane import Pane, Trouble

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from cockpit.engine.view import View
    from cockpit.incident.facts import Conversation, TicketFacts

PURPOSES = {
    Purpose.FIRST_RESPONSE: "first response",
    Purpose.UPDATE: "update",
    Purpose.RESOLUTION: "resolution",
    Purpose.NEED_MORE: "asking for more",
    Purpose.REPORT_LINK: "report link",
    Purpose.PLAIN: "plain reply",
}
"""What a reply is for, in words."""


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


class ReplyFoot(Lines):
    """Under the text: what it is, whether it is saved, why it can't be sent yet."""

    def __init__(self) -> None:
        super().__init__(id="reply-foot")
        self._lines: tuple[tuple[str, str], ...] = ()

    def show(self, *lines: tuple[str, str]) -> None:
        """Show these lines, each a text and its ink."""
        self._lines = lines
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """Each from a line of its own on."""
        return [line for text, ink in self._lines for line in paragraph(text, ink, width)]


class ReplyPane(Pane):
    """The tickets and the reply."""

    number = 4
    name_: ClassVar[str] = command.REPLY

    @dataclass
    class Typed(TextualMessage):
        """The text for a ticket has changed."""

        ticket: int
        text: str
        purpose: Purpose

    @dataclass
    class Opened(TextualMessage):
        """Another ticket is in the pane: its draft is wanted."""

        ticket: int

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._now: datetime | None = None
        self.ticket: int | None = None
        """The ticket in the pane, by number."""
        self.purpose = Purpose.PLAIN
        """What the reply is for."""
        self.saved_at: datetime | None = None
        self.outcome: str | None = None
        """What becomes of the reply that was sent last, in words."""
        self._ink = "dim"
        self.following: str | None = None
        """The id of the action that sends the text, while it is on its way."""

    def compose(self) -> ComposeResult:
        """The tickets, the conversation, the text, its standing."""
        yield Trouble(Source.FRESHDESK)
        yield TicketLine()
        yield Listing(id="conversation", cursor=False, tail=True)
        yield Composer(
            id="composer", soft_wrap=True, show_line_numbers=False, compact=True, highlight_cursor_line=False
        )
        yield ReplyFoot()

    @property
    def listing(self) -> Listing:
        """The conversation."""
        return self.query_one(Listing)

    @property
    def composer(self) -> Composer:
        """The text."""
        return self.query_one(Composer)

    @property
    def facts(self) -> TicketFacts | None:
        """The ticket in the pane, as it is known."""
        return self._view.snapshot.ticket(self.ticket) if self._view and self.ticket is not None else None

    def way_in(self) -> Widget:
        """The conversation; the text is one key further."""
        return self.listing

    def label(self) -> str:
        """The ticket's number, and that what is sent is public."""
        if self.ticket is None:
            return "Reply"
        return f"Reply · ticket {self.ticket} · public"

    def brief(self) -> str:
        """The ticket's number."""
        return f"Reply {self.ticket}" if self.ticket is not None else "Reply"

    def show(self, view: View, now: datetime) -> None:
        """Show the tickets as they stand."""
        before, self._view, self._now = self._view, view, now
        tickets = view.snapshot.tickets
        if self.ticket is None or view.snapshot.ticket(self.ticket) is None:
            self.open_ticket(tickets[0].ticket.id if tickets else None)
        if before is None or tickets is not before.snapshot.tickets or before.loading != view.loading:
            self.refilter()
            self.entitle()
        self.query_one(Trouble).show(view, now)
        self.query_one(TicketLine).show(view, self.ticket)
        self.listing.empty = self._nothing
        self.set_class(self.ticket is None, "-no-ticket")
        self.judge()

    def open_ticket(self, ticket: int | None) -> None:
        """Put a ticket into the pane, and ask for its draft."""
        if ticket == self.ticket:
            return
        self.ticket, self.saved_at, self.outcome, self.following = ticket, None, None, None
        with self.prevent(TextArea.Changed):
            self.composer.text = ""
        if self._view is not None:
            self.query_one(TicketLine).show(self._view, ticket)
        self.refilter()
        self.entitle()
        if ticket is not None:
            self.post_message(self.Opened(ticket))

    def step_ticket(self, step: int) -> None:
        """The next or previous ticket, around the end."""
        tickets = [facts.ticket.id for facts in self._view.snapshot.tickets] if self._view else []
        if len(tickets) > 1 and self.ticket in tickets:
            self.open_ticket(tickets[(tickets.index(self.ticket) + step) % len(tickets)])

    def begin(self, text: str, purpose: Purpose, saved_at: datetime | None = None) -> None:
        """Put a text into the composer: a saved one to go on with, or a new one to read from its beginning."""
        self.purpose, self.saved_at, self.outcome = purpose, saved_at, None
        with self.prevent(TextArea.Changed):
            self.composer.text = text
        self.composer.move_cursor(self.composer.document.end if saved_at is not None else (0, 0))
        self.judge()

    @property
    def text(self) -> str:
        """What is written, as Markdown."""
        return self.composer.text

    def saved(self, at: datetime) -> None:
        """The draft is on disk since `at`."""
        self.saved_at = at
        self.judge()

    def follow(self, action: str | None, words: str, ink: str = "dim") -> None:
        """Say how the delivery of the text stands."""
        if (action, words) != (self.following, self.outcome or ""):
            self.following, self.outcome, self._ink = action, words or None, ink
            self.judge()

    def arrived(self, words: str) -> None:
        """The text is with the community: it need not be kept."""
        self.begin("", Purpose.PLAIN)
        self.following, self.outcome, self._ink = None, words, "good"
        self.judge()

    def judge(self) -> None:
        """Say under the text how it stands."""
        foot = self.query_one(ReplyFoot)
        self.composer.set_class(not self.text.strip() and not self.composer.has_focus, "-idle")
        if self.ticket is None:
            foot.show()
            return
        if not self.text.strip():
            start = "ctrl+t begins from a template" if self.composer.has_focus else "c begins a reply"
            foot.show((self.outcome, self._ink) if self.outcome else (start, "dim"))
            return
        saved = f" · saved {moments.clock(self.saved_at)}" if self.saved_at else ""
        standing = f"{PURPOSES[self.purpose]}{saved}"
        if self.outcome:
            foot.show((standing, "dim"), (self.outcome, self._ink))
        elif found := problems(self.text):
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            foot.show((standing, "dim"), (f"! {found[0]}{more}", "warn"))
        else:
            foot.show((standing, "dim"), ("ready: ctrl+s reviews it", "good"))

    # --- the conversation ------------------------------------------------------------------------------------

    def refilter(self) -> None:
        """Make the rows of the conversation."""
        facts = self.facts
        rows: list[Row] = []
        day = None
        for piece in facts.conversations if facts else ():
            if not self.holds(f"{piece.text} {piece.author.name}"):
                continue
            if piece.at.date() != day:
                day = piece.at.date()
                rows.append(divider(f"day {day}", moments.day(piece.at)))
            rows.append(_row(piece))
        self.listing.show_rows(rows)

    def _nothing(self, width: int) -> list[Line]:
        view = self._view
        if view is None:
            return []
        if self.ticket is not None:
            return [(("Reading the conversation…", "dim"),)]
        return [
            (("No ticket is linked.", "plain"),),
            (("l ", "key@screen.link_ticket"), ("links one, by number or from the recent ones", "dim")),
            (("w ", "key@screen.write_first"), ("writes first, to whom the alerts concern", "dim")),
        ]

    @on(TextArea.Changed, "#composer")
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.ticket is not None:
            self.outcome = None
            self.post_message(self.Typed(self.ticket, self.text, self.purpose))


def _row(piece: Conversation) -> Row:
    def draw(width: int) -> list[Line]:
        who, ink = (piece.author.name, "accent") if piece.incoming else (piece.author.name, "mine")
        mark = "▸" if piece.incoming else "◂"
        aside = " · private note" if piece.private else ""
        head: Line = ((f"{moments.clock(piece.at)} ", "dim"), (f"{mark} {who}", ink), (aside, "warn"))
        text_ink = "dim" if piece.private else "plain"
        return [
            clip(head, width),
            *((("  ", "plain"), (part, text_ink)) for part in wrap(piece.text, max(4, width - 2))),
        ]

    return Row(f"piece {piece.id}", draw)
