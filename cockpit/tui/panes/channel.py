"""Pane 3: the incident's Slack channel, and at its foot the line in which one writes a note."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on
from textual.message import Message as TextualMessage
from textual.widgets import Input

from cockpit.engine import threads
from cockpit.engine.view import DeliveryState, Part
from cockpit.incident.facts import Source
from cockpit.incident.replies import first_name
from cockpit.tui import command, moments
from cockpit.tui.ink import Line, Span, paragraph, wrap
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.pane import Pane, Trouble
from cockpit.tui.panes.row import Row, divider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from cockpit.engine.view import Outbox, View
    from cockpit.incident.facts import Message, Snapshot

WINDOW = 500
"""How many messages are laid out at once, of those that pass the filter. Scrolling to the top doubles it, and to the
end makes it this again: what a new message costs doesn't depend on how long the channel has become."""

NAME_CELLS = 8
COLUMN_FROM = 54
"""From which width names have a column of their own."""


def unlifted(snapshot: Snapshot) -> dict[str, tuple[Message, ...]]:
    """The thread replies that aren't top-level yet, by their parent's ts."""
    found: dict[str, list[Message]] = {}
    for reply in threads.unlifted(snapshot):
        found.setdefault(str(reply.thread_ts), []).append(reply)
    return {ts: tuple(replies) for ts, replies in found.items()}


class ChannelPane(Pane):
    """The channel."""

    number = 3
    name_: ClassVar[str] = command.CHANNEL

    @dataclass
    class Typed(TextualMessage):
        """The text of the note has changed."""

        text: str

    @dataclass
    class Written(TextualMessage):
        """The note is to be posted."""

        text: str

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._now: datetime | None = None
        self._window = WINDOW
        self._earlier = 0
        """How many messages there are before the window, of those that pass the filter."""
        self._rows: dict[str, tuple[Message, int, Row]] = {}
        self._read: str | None = None
        self._new = 0

    def compose(self) -> ComposeResult:
        """The messages, and the line to write in."""
        yield Trouble(Source.SLACK)
        yield Listing(id="messages", tail=True)
        yield Input(id="note", placeholder="n — write a note in the channel", select_on_focus=False, compact=True)

    @cached_property
    def input(self) -> Input:
        """The line in which a note is written."""
        return self.query_one(Input)

    @property
    def selected(self) -> Message | None:
        """The message under the cursor."""
        slack = self._view.snapshot.slack if self._view else None
        if slack is None or self.listing.selected is None:
            return None
        return next((message for message in reversed(slack.messages) if message.ts == self.listing.selected), None)

    def way_in(self) -> Widget:
        """The messages."""
        return self.listing

    def label(self) -> str:
        """The channel's name and how many messages are new."""
        name = None
        if self._view is not None:
            slack = self._view.snapshot.slack
            name = slack.channel.name if slack else self._view.case.channel_name
        text = f"#{name}" if name else "Channel"
        return f"{text} · {self._new} new" if self._new else text

    def brief(self) -> str:
        """How many messages are new."""
        return f"Channel, {self._new} new" if self._new else "Channel"

    def begin(self, text: str) -> None:
        """Put a saved draft into the line."""
        self.input.value = text
        self.input.cursor_position = len(text)

    def show(self, view: View, now: datetime) -> None:
        """Show the channel as it stands."""
        before, self._view = self._view, view
        new_day = self._now is None or now.date() != self._now.date()
        self._now = now
        self.trouble.show(view, now)
        slack = view.snapshot.slack
        if self._read is None and slack is not None and slack.messages:
            self._read = slack.messages[-1].ts
        same = (
            before is not None
            and slack is before.snapshot.slack
            and view.outbox is before.outbox
            and view.snapshot.records is before.snapshot.records
        )
        if not same or new_day or (before is not None and before.loading != view.loading):
            self.refilter()
        self.listing.empty = self._nothing

    # --- unread ------------------------------------------------------------------------------------------------

    @property
    def _reading(self) -> bool:
        return self.listing.has_focus and self.listing.at_end

    def mark_read(self) -> None:
        """The person has seen the end: what is there is no longer new."""
        slack = self._view.snapshot.slack if self._view else None
        if slack is not None and slack.messages and self._read != slack.messages[-1].ts:
            self._read = slack.messages[-1].ts
            self.refilter()

    @on(Listing.Scrolled)
    def _scrolled(self) -> None:
        if self._earlier and self.listing.scroll_offset.y == 0:
            self._window *= 2
            self.refilter(keep_top=True)
        elif self._window > WINDOW and self.listing.at_end and self.listing.scroll_offset.y > 0:
            self._window = WINDOW
            self.refilter()
        self._mark_end()

    def _mark_end(self) -> None:
        if self._reading and self._new:
            self._new = 0
        below = "" if self.listing.at_end or not self._new else f"{self._new} new ↓"
        self.entitle(below)

    # --- rows ------------------------------------------------------------------------------------------------

    def refilter(self, *, keep_top: bool = False) -> None:
        """Make the rows of the messages in the window; a message that hasn't changed keeps its row."""
        slack = self._view.snapshot.slack if self._view else None
        if self._view is None or self._now is None:
            return
        rows: list[Row] = []
        fresh = 0
        if slack is not None:
            waiting = unlifted(self._view.snapshot)
            kept: dict[str, tuple[Message, int, Row]] = {}
            found = [one for one in slack.messages if self._passes(one)] if self.words else slack.messages
            window: Sequence[Message] = found[-self._window :]
            self._earlier = len(found) - len(window)
            if self._earlier:
                rows.append(divider("earlier", f"{self._earlier:,} earlier ↑"))
            day = None
            marked = False
            for message in window:
                if message.at.date() != day:
                    day = message.at.date()
                    rows.append(divider(f"day {day}", moments.day(message.at)))
                if self._read is not None and message.ts > self._read:
                    fresh += message.record is None or message.record.actor != self._view.me
                    if not marked and fresh and not self.words:
                        marked = True
                        rows.append(divider("new", "new", "new"))
                open_replies = len(waiting.get(message.ts, ()))
                known = self._rows.get(message.ts)
                if known is None or known[0] is not message or known[1] != open_replies:
                    known = (message, open_replies, Row(message.ts, partial(_draw, message, open_replies)))
                kept[message.ts] = known
                rows.append(known[2])
            self._rows = kept
        if not self.words:
            rows += _waiting(self._view.outbox)
        self._new = fresh
        self.listing.show_rows(rows, keep_top=keep_top)
        self._mark_end()

    def _passes(self, message: Message) -> bool:
        return self.holds(f"{message.text} {message.author.name}")

    def _nothing(self, width: int) -> list[Line]:
        view = self._view
        if view is None or view.snapshot.slack is not None:
            return [(("No message yet.", "dim"),)] if not self.words else [(("Nothing holds these words.", "dim"),)]
        if view.case.channel_id:
            return [(("Reading the channel…", "dim"),)]
        return [
            *paragraph("The incident has no channel yet.", "plain", width),
            (),
            *paragraph(
                "Notes wait in the outbox and go out in order, with their times, when there is one.", "dim", width
            ),
        ]

    # --- writing -----------------------------------------------------------------------------------------------

    @on(Input.Changed, "#note")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    @on(Input.Submitted, "#note")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.post_message(self.Written(event.value.strip()))


def _draw(message: Message, open_replies: int, width: int) -> list[Line]:
    """A message at that width. Bound to a row, it takes less than half of what a function made for it would."""
    system = message.subtype in {"channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name"}
    quiet = system or message.card
    ink = "struck" if message.deleted else "dim" if quiet else "mine" if message.record else "plain"
    name = message.record.actor if message.record else message.author.name
    short = first_name(name)
    short = short if cell_len(short) <= NAME_CELLS else set_cell_size(short, NAME_CELLS - 1).rstrip() + "…"
    # Names in a column of their own where there is room; else in front of the text, which then wraps below them.
    column = width >= COLUMN_FROM
    head = f"{set_cell_size(short, NAME_CELLS)} " if column else f"{short} "
    first: tuple[Span, ...] = ((f"{moments.clock(message.at)} ", "dim"), (head, "dim" if quiet else "accent"))
    indent = 6 + cell_len(head) if column else 6
    text = message.text
    aside = " (deleted)" if message.deleted else " (edited)" if message.edited and not message.card else ""
    # The name's room is kept free in the first line by letting it take part in the wrapping.
    lead = "" if column else "\u00a0" * cell_len(head)
    lines: list[Line] = []
    for index, part in enumerate(wrap(lead + text + aside, max(4, width - indent))):
        words = part[len(lead) :] if index == 0 else part
        cut = len(words) - len(aside.strip()) if aside and words.endswith(aside.strip()) else len(words)
        spans: tuple[Span, ...] = ((words[:cut], ink), (words[cut:], "dim"))
        lines.append((*first, *spans) if index == 0 else ((" " * indent, "plain"), *spans))
    if open_replies:
        noun = "reply" if open_replies == 1 else "replies"
        done = message.reply_count - open_replies
        lifted = f" · {done} lifted" if done > 0 else ""
        told: Line = ((f"↳ {open_replies} {noun} in a thread", "warn"), (" · t lifts", "key"))
        lines.append(((" " * indent, "plain"), *told, *(((lifted, "dim"),) if lifted else ())))
    elif message.reply_count:
        lines.append(((" " * indent, "plain"), (f"↳ {message.reply_count} in a thread, lifted", "dim")))
    return lines


def _waiting(outbox: Outbox) -> list[Row]:
    """Notes of this machine that aren't in the channel yet."""
    rows = []
    for delivery in outbox.deliveries:
        if delivery.part is Part.NOTE and delivery.state in {DeliveryState.QUEUED, DeliveryState.SENDING}:
            text = f"◷ {moments.clock(delivery.at)} waiting: {delivery.title}"
            rows.append(Row(f"delivery {delivery.seq}", partial(paragraph, text, "dim"), stop=False))
    return rows
