"""The picker: which incident? Those that are open, the recent tickets to begin with, or a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from cockpit.incident.facts import LABELS, Incident, Source, Ticket
from cockpit.tui import moments, signs
from cockpit.tui.ink import INK_CLASSES, Line, Lines, clip, paragraph, spread
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.row import Row
from cockpit.tui.screens.answered import AnsweredOnce

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.desk import Offer

NEW = "new"
"""The answer of a person who wants to declare an incident."""

Chosen = Incident | Ticket | str | None


class Title(Lines):
    """The line at the top."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(id="header")
        self._now = now

    def draw(self, width: int) -> list[Line]:
        """What this is, and the time."""
        left: Line = ((" cockpit ", "title"), (" Which incident?", "strong"))
        return [spread(left, ((f"{moments.clock(self._now())} UTC ", "strong"),), width), ()]


class Keys(Lines):
    """The line at the bottom."""

    def __init__(self, leave: bool) -> None:
        super().__init__(id="status")
        self._leave = leave

    def draw(self, width: int) -> list[Line]:
        """The keys."""
        pairs = [("enter", "opens"), ("/", "filter"), ("d", "declare a new one"), ("r", "ask again"), ("q", "quit")]
        if self._leave:
            pairs.insert(0, ("esc", "goes back"))
        spans = [(f" {key} ", "key") if i == 0 else (f"{key}  ", "dim") for pair in pairs for i, key in enumerate(pair)]
        return [clip(tuple(spans), width)]


class Picker(AnsweredOnce[Chosen]):
    """Choose what to open. `d` answers `NEW`."""

    COMPONENT_CLASSES = INK_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", show=False),
        Binding("slash", "filter", "filter", show=False),
        Binding("d", "declare", "declare", show=False),
        Binding("r", "ask", "ask again", show=False),
        Binding("escape", "back", "back", show=False),
        Binding("q", "app.quit", "quit", show=False),
    ]

    def __init__(
        self,
        offer: Callable[[], Awaitable[Offer]],
        now: Callable[[], datetime],
        *,
        why: str = "",
        begun: Offer | None = None,
        leave: bool = False,
    ) -> None:
        super().__init__()
        self._ask, self._now, self._why, self._leave = offer, now, why, leave
        self._offer = begun
        self._words = ""
        self._things: dict[str, Incident | Ticket] = {}

    def compose(self) -> ComposeResult:
        """The list between two lines."""
        yield Title(self._now)
        with Vertical(classes="pane -current", id="choices") as pane:
            pane.border_title = Content("Open incidents and recent tickets")
            yield Listing(id="offer")
        yield Input(id="filter", placeholder="filter", compact=True)
        yield Keys(self._leave)

    def on_mount(self) -> None:
        """Show what is known, or ask."""
        self.query_one("#filter", Input).display = False
        self.query_one(Listing).focus()
        self._fill()
        if self._offer is None:
            self.action_ask()

    def action_ask(self) -> None:
        """Ask the services what there is."""
        self._load()

    @work(group="offer", exclusive=True)
    async def _load(self) -> None:
        self._offer = await self._ask()
        if not self.gone:
            self._fill()

    def _fill(self) -> None:
        listing = self.query_one(Listing)
        rows: list[Row] = []
        self._things = {}
        if self._why:
            rows.append(Row("why", partial(_warning, self._why), stop=False))
        offer = self._offer
        if offer is None:
            rows.append(Row("asking", lambda width: [(("Asking PagerDuty and Freshdesk…", "dim"),)], stop=False))
            listing.show_rows(rows)
            return
        for source, error in offer.errors.items():
            text = f"✗ {LABELS[source]}: {error}"
            rows.append(Row(f"error {source}", partial(_warning, text), stop=False))
        now = self._now()
        incidents = [incident for incident in offer.incidents if self._holds(f"{incident.number} {incident.title}")]
        tickets = [t for t in offer.tickets if self._holds(f"{t.id} {t.subject} {t.company} {t.requester.name}")]
        rows.append(_heading("Open incidents"))
        for incident in incidents:
            rows.append(_incident(incident, now))
            self._things[rows[-1].id] = incident
        if not incidents:
            rows.append(_nothing("none", self._none(Source.PAGERDUTY, bool(offer.incidents))))
        rows.append(_heading("Recent tickets"))
        for ticket in tickets:
            rows.append(_ticket(ticket, now))
            self._things[rows[-1].id] = ticket
        if not tickets:
            rows.append(_nothing("no ticket", self._none(Source.FRESHDESK, bool(offer.tickets))))
        if not offer.incidents and not offer.tickets and not offer.errors:
            rows.append(_nothing("quiet", "All is quiet. d declares an incident, cockpit INCIDENT opens an older one."))
        listing.show_rows(rows)

    def _none(self, source: Source, some: bool) -> str:
        if self._offer is not None and source in self._offer.errors:
            return f"{LABELS[source]} can't be asked now. r asks again; d declares all the same."
        return "None holds these words." if some else "None is open."

    def _holds(self, text: str) -> bool:
        return self._words.casefold() in text.casefold()

    def action_choose(self) -> None:
        """Open what the cursor is on."""
        chosen = self._things.get(self.query_one(Listing).selected or "")
        if chosen is not None:
            self.dismiss(chosen)

    def action_filter(self) -> None:
        """Open the filter's line."""
        line = self.query_one("#filter", Input)
        line.display = True
        line.focus()

    @on(Input.Changed, "#filter")
    def _filtering(self, event: Input.Changed) -> None:
        self._words = event.value.strip()
        self._fill()

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one(Listing).focus()

    def action_back(self) -> None:
        """Out of the filter; then back to the incident one came from, if any."""
        line = self.query_one("#filter", Input)
        if line.display:
            line.value = ""
            line.display = False
            self.query_one(Listing).focus()
        elif self._leave:
            self.dismiss(None)

    def action_declare(self) -> None:
        """Declare a new one."""
        self.dismiss(NEW)


def _warning(text: str, width: int) -> list[Line]:
    return [*paragraph(text, "warn", width), ()]


def _heading(text: str) -> Row:
    return Row(f"heading {text}", lambda width: [((text, "title"),)], stop=False)


def _nothing(row_id: str, text: str) -> Row:
    return Row(row_id, lambda width: [*paragraph(text, "dim", width, first="  "), ()], stop=False)


def _incident(incident: Incident, now: datetime) -> Row:
    sign = signs.STATUSES[incident.status]

    def draw(width: int) -> list[Line]:
        priority = incident.priority or "–"
        left: Line = (
            (f"  {sign.sign} ", sign.ink),
            (f"#{incident.number:<6} ", "dim"),
            (f"{priority:<3} ", "strong" if incident.priority else "dim"),
            (incident.title, "plain"),
        )
        return [spread(left, ((f"{sign.word} · {moments.ago(incident.created_at, now)} ", "dim"),), width)]

    return Row(f"incident {incident.id}", draw)


def _ticket(ticket: Ticket, now: datetime) -> Row:
    def draw(width: int) -> list[Line]:
        who = ticket.company or ticket.requester.name
        left: Line = (
            ("  ✉ ", "accent"),
            (f"{ticket.id:<7} ", "dim"),
            (f"{who}: ", "strong"),
            (ticket.subject, "plain"),
        )
        return [spread(left, ((f"{moments.ago(ticket.created_at, now)} ", "dim"),), width)]

    return Row(f"ticket {ticket.id}", draw)
