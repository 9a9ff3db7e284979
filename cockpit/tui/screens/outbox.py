"""The outbox: what hasn't been delivered, or may not have been; and the decisions that only a person can make."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from cockpit.engine.journal_file import NotSaved
from cockpit.engine.view import Delivery, DeliveryState, Part, View
from cockpit.incident.facts import LABELS, Source
from cockpit.tui import moments
from cockpit.tui.ink import Line, Paper, paragraph, spread
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.row import Row
from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from textual.app import ComposeResult

    from cockpit.engine.session import Session

STATES = {
    DeliveryState.QUEUED: Sign("◷", "queued", "dim"),
    DeliveryState.SENDING: Sign("→", "sending", "plain"),
    DeliveryState.DONE: Sign("✓", "done", "good"),
    DeliveryState.REFUSED: Sign("✗", "refused", "bad"),
    DeliveryState.UNKNOWN: Sign("?", "outcome unknown", "alarm"),
}


class OutboxScreen(ModalScreen[None], AnsweredOnce[None]):
    """Deliveries, oldest first. Each key does one thing to the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,O", "dismiss(None)", "close", show=False),
        Binding("r", "retry", "try again", show=False),
        Binding("d", "drop", "drop", show=False),
        Binding("i", "arrived", "it arrived", show=False),
        Binding("s", "send_again", "send again", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._unsubscribe: Callable[[], None] = lambda: None
        self._deliveries: tuple[Delivery, ...] = ()

    def compose(self) -> ComposeResult:
        """The list."""
        with Paper(classes="dialog tall") as dialog:
            dialog.border_title = Content("Outbox")
            yield Listing()

    def on_mount(self) -> None:
        """Follow the session while this is open."""
        self._unsubscribe = self._session.subscribe(self._show)
        self.query_one(Listing).empty = lambda width: paragraph("Everything was delivered.", "dim", width)
        self.query_one(Listing).focus()
        self._show(self._session.view)

    def on_unmount(self) -> None:
        """Follow no longer."""
        self._unsubscribe()

    def _show(self, view: View) -> None:
        if not self.query(Listing):
            return  # being taken down: the list goes before the screen does
        self._deliveries = view.outbox.deliveries
        now = self._session.now()
        rows = [_notice(index, words) for index, words in enumerate(view.notices)]
        channel = view.case.channel_id is not None
        rows += [_row(one, now, channel or one.part is not Part.NOTE) for one in self._deliveries]
        self.query_one(Listing).show_rows(rows)
        self._keys()

    @property
    def _selected(self) -> Delivery | None:
        row = self.query_one(Listing).selected
        return next((delivery for delivery in self._deliveries if str(delivery.seq) == row), None)

    def on_listing_moved(self) -> None:
        """Other things can be done to another delivery."""
        self._keys()

    def _keys(self) -> None:
        delivery = self._selected
        keys = "esc closes"
        if delivery is not None and delivery.asks:
            keys = "i it arrived · s send again · esc closes"
        elif delivery is not None and delivery.state is DeliveryState.REFUSED:
            keys = "r try again · d drop · esc closes"
        elif delivery is not None and delivery.state is DeliveryState.QUEUED:
            keys = "d drop · esc closes"
        self.query_one(".dialog").border_subtitle = Content(keys)

    def _decide(self, deed: Callable[..., None], *given: object) -> None:
        """Do it; say so if it can't be decided here, or the disk doesn't take it down."""
        from cockpit.engine.actions import Impossible

        try:
            deed(*given)
        except Impossible as impossible:
            self.notify(str(impossible), timeout=6, markup=False)
        except NotSaved as fault:
            self.notify(f"{fault} Nothing was changed.", severity="error", timeout=10, markup=False)

    def action_retry(self) -> None:
        """Send a refused or held one again."""
        if (delivery := self._selected) is not None and delivery.state is DeliveryState.REFUSED:
            self._decide(self._session.decisions.retry, delivery.seq)

    def action_drop(self) -> None:
        """Give one up."""
        delivery = self._selected
        if delivery is not None and delivery.state in {DeliveryState.REFUSED, DeliveryState.QUEUED}:
            self._decide(self._session.decisions.drop, delivery.seq)

    def action_arrived(self) -> None:
        """A person has seen that it arrived."""
        if (delivery := self._selected) is not None and delivery.asks:
            self._decide(self._session.decisions.settle, delivery.seq, True)

    def action_send_again(self) -> None:
        """A person has seen that it didn't arrive."""
        if (delivery := self._selected) is not None and delivery.asks:
            self._decide(self._session.decisions.settle, delivery.seq, False)


def where(destination: str) -> str:
    """A destination in words: `Freshdesk, ticket 4038`."""
    source, _, ticket = destination.partition(":")
    name = LABELS[Source(source)] if source in set(Source) else source
    return f"{name}, ticket {ticket}" if ticket else name


def _notice(index: int, words: str) -> Row:
    return Row(f"notice {index}", lambda width: [*paragraph(words, "warn", width, first="! "), ()], stop=False)


def _row(delivery: Delivery, now: datetime, reachable: bool) -> Row:
    sign = STATES[delivery.state]
    word = "held back" if delivery.held else sign.word
    if delivery.state is DeliveryState.QUEUED and not reachable:
        word = "waits for the channel"

    def draw(width: int) -> list[Line]:
        left: Line = (
            (f"{sign.sign} ", sign.ink),
            (delivery.title, "strong"),
            (f"  → {where(delivery.destination)}", "dim"),
        )
        right: Line = ((f"{word} · {moments.stamp(delivery.at, now)}", sign.ink),)
        lines = [spread(left, right, width)]
        if delivery.retry_at is not None and delivery.retry_at > now:
            lines.append(((f"  tried again {moments.until(delivery.retry_at, now)}", "dim"),))
        if delivery.error:
            lines += paragraph(delivery.error, "plain", width, first="  ")
        return lines

    return Row(str(delivery.seq), draw)
