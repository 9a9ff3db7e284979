"""Pane 4: the tickets, what was said in them, and the reply that is being written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.message import Message as TextualMessage
from textual.widgets import TextArea

from cockpit.incident import guards
from cockpit.incident.facts import Source
from cockpit.incident.replies import Purpose, problems
from cockpit.incident.text import clean
from cockpit.tui import command, moments
from cockpit.tui.ink import Line
from cockpit.tui.panes.bound import Bound, overtaken
from cockpit.tui.panes.composer import Composer
from cockpit.tui.panes.conversation import rows_of
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.pane import Pane, Trouble
from cockpit.tui.panes.reply_foot import PURPOSES, ReplyFoot, first_of
from cockpit.tui.panes.ticket_line import TicketLine

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from cockpit.engine.view import View
    from cockpit.incident.facts import TicketFacts
    from cockpit.incident.guards import Finding


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
        bound: Bound | None

    @dataclass
    class Opened(TextualMessage):
        """Another ticket is in the pane: its draft is wanted."""

        ticket: int

    def __init__(self) -> None:
        super().__init__()
        self._ticket_line = TicketLine()
        self._foot = ReplyFoot()
        self._view: View | None = None
        self._now: datetime | None = None
        self.ticket: int | None = None
        """The ticket in the pane, by number."""
        self.purpose = Purpose.PLAIN
        """What the reply is for."""
        self.bound: Bound | None = None
        """What the text was begun for; None while there is none."""
        self.saved_at: datetime | None = None
        self.outcome: str | None = None
        """What becomes of the reply that was sent last, in words."""
        self._ink = "dim"
        self.following: str | None = None
        """The id of the action that sends the text, while it is on its way."""

    def compose(self) -> ComposeResult:
        """The tickets, the conversation, the text, its standing."""
        yield Trouble(Source.FRESHDESK)
        yield self._ticket_line
        yield Listing(id="conversation", cursor=False, tail=True)
        yield Composer(
            id="composer", soft_wrap=True, show_line_numbers=False, compact=True, highlight_cursor_line=False
        )
        yield self._foot

    @cached_property
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
        # A ticket that was unlinked stays while its text is being written, or the keys would go to another's.
        if self.ticket is None or (view.snapshot.ticket(self.ticket) is None and not self.writing):
            self.open_ticket(tickets[0].ticket.id if tickets else None)
        if before is None or tickets is not before.snapshot.tickets or before.loading != view.loading:
            self.refilter()
            self.entitle()
        self.trouble.show(view, now)
        self._ticket_line.show(view, self.ticket)
        self.listing.empty = self._nothing
        self.set_class(self.ticket is None, "-no-ticket")
        self.judge()

    def open_ticket(self, ticket: int | None) -> None:
        """Put a ticket into the pane, and ask for its draft."""
        if ticket == self.ticket:
            return
        self.ticket, self.saved_at, self.outcome, self.following = ticket, None, None, None
        self.bound = None
        with self.prevent(TextArea.Changed):
            self.composer.text = ""
        if self._view is not None:
            self._ticket_line.show(self._view, ticket)
        self.refilter()
        self.entitle()
        if ticket is not None:
            self.post_message(self.Opened(ticket))

    def step_ticket(self, step: int) -> None:
        """The next or previous ticket, around the end."""
        tickets = [facts.ticket.id for facts in self._view.snapshot.tickets] if self._view else []
        if self.ticket not in tickets:
            self.open_ticket(tickets[0] if tickets else None)
        elif len(tickets) > 1:
            self.open_ticket(tickets[(tickets.index(self.ticket) + step) % len(tickets)])

    @property
    def writing(self) -> bool:
        """Whether a person is in the middle of a text."""
        return bool(self.text.strip()) and self.composer.has_focus

    def begin(self, text: str, purpose: Purpose, saved_at: datetime | None = None, bound: Bound | None = None) -> None:
        """Put a text into the composer: a saved one to go on with, or a new one to read from its beginning.

        `bound` is what a saved one was begun for; a new one is bound to the ticket as it is now.
        """
        self.purpose, self.saved_at, self.outcome = purpose, saved_at, None
        self.bound = bound or (Bound.to(self.facts) if text.strip() and self.facts else None)
        with self.prevent(TextArea.Changed):
            self.composer.text = clean(text)  # an editor's may hold anything
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
        foot = self._foot
        self.composer.set_class(not self.text.strip() and not self.composer.has_focus, "-idle")
        if self.ticket is None:
            foot.show()
            return
        if not self.text.strip():
            start = "ctrl+t begins from a template" if self.composer.has_focus else "c begins a reply"
            foot.show((self.outcome, self._ink) if self.outcome else (start, "dim"))
            return
        saved = f" · saved {moments.clock(self.saved_at)}" if self.saved_at else ""
        if self._view is not None and f"reply:{self.ticket}" in self._view.unsaved:
            saved = " · not saved yet"
        standing = f"{PURPOSES[self.purpose]}{saved}"
        if self.outcome:
            foot.show((standing, "dim"), (self.outcome, self._ink))
        elif self.facts is None:
            gone = f"! Ticket {self.ticket} is no longer linked. The text is kept as its draft: l links it again."
            foot.show((standing, "dim"), (gone, "alarm"))
        elif found := problems(self.text):
            foot.show((standing, "dim"), (f"! {first_of(found)}", "warn"))
        elif found := tuple(one.words for one in self._doubts()):
            foot.show((standing, "dim"), (f"? {first_of(found)} The review asks about it.", "warn"))
        else:
            foot.show((standing, "dim"), ("ready: ctrl+s reviews it", "good"))

    def _doubts(self) -> tuple[Finding, ...]:
        """What may be meant or not, as the review will ask; of the word that is being typed nothing is said yet."""
        view, ticket = self._view, self.ticket
        if view is None or ticket is None:
            return ()
        text = self.composer.but_the_word_at_the_cursor() if self.composer.has_focus else self.text
        if not text.strip():
            return ()
        late = overtaken(self.purpose, view.snapshot)
        return (*late, *guards.in_reply(text, ticket, view.snapshot, view.guard))

    # --- the conversation ------------------------------------------------------------------------------------

    def refilter(self) -> None:
        """Make the rows of the conversation."""
        facts = self.facts
        pieces = facts.conversations if facts else ()
        rows = rows_of(piece for piece in pieces if self.holds(f"{piece.text} {piece.author.name}"))
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
            if not self.text.strip():
                self.bound = None
            elif self.bound is None and self.facts is not None:
                self.bound = Bound.to(self.facts)
            self.post_message(self.Typed(self.ticket, self.text, self.purpose, self.bound))
