"""The review of a reply: what goes to whom, exactly as they will read it; from here it is sent, or not.

Sending begins with a pause in which one key takes it back. Nothing has left, and nothing is journalled, before the
pause is over; quitting in it sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from cockpit.incident.markup import markdown_plain
from cockpit.tui.ink import Line, paragraph
from cockpit.tui.panes.listing import Listing, Row
from cockpit.tui.panes.reply import PURPOSES

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from cockpit.incident.facts import Ticket
    from cockpit.incident.replies import Purpose


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply as it would be sent. `seen` is the newest conversation's id; `problems` why it can't be sent."""

    ticket: Ticket
    purpose: Purpose
    text: str
    seen: int
    problems: tuple[str, ...] = ()


class Review(ModalScreen[bool]):
    """Recipient, ticket, community, text; *Cancel* has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,u,q", "back", "back", show=False),
        Binding("s,ctrl+s", "send", "send", show=False),
        Binding("left,right,h,l", "other", "other", show=False),
    ]

    def __init__(self, letter: Letter, hold: float) -> None:
        super().__init__()
        self._letter, self._hold = letter, hold
        self._until: float | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The facts, the text in a list that scrolls, the problems, the two buttons."""
        ticket = self._letter.ticket
        with Vertical(classes="dialog tall", id="review") as dialog:
            dialog.border_title = Content("Review")
            community = ticket.company or "no company known"
            for label, text in (
                ("to", f"{ticket.requester.name}{f' <{ticket.requester.email}>' if ticket.requester.email else ''}"),
                ("community", community),
                ("ticket", f"{ticket.id}  {ticket.subject}"),
                ("as", PURPOSES[self._letter.purpose]),
            ):
                yield Static(Content.assemble((f"{label:<11}", "$text-muted"), text), classes="fact")
            public = "PUBLIC: the community reads it in its ticket and by e-mail."
            yield Static(Content.styled(public, "bold $text-warning"), classes="fact public")
            yield Listing(cursor=False, id="letter")
            yield Static("", id="standing")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no", compact=True)
                blocked = bool(self._letter.problems)
                yield Button("Send", id="yes", variant="warning", compact=True, disabled=blocked)

    def on_mount(self) -> None:
        """Draw the text; what a community will read is never one key away."""

        def draw(width: int) -> list[Line]:
            plain = markdown_plain(self._letter.text) or "(nothing)"
            return paragraph(plain, "plain", width)

        self.query_one(Listing).show_rows([Row("text", draw)])
        self.query_one("#no", Button).focus()
        self._stand()

    def _stand(self) -> None:
        """Say how it stands: problems, the pause, or which keys there are."""
        dialog = self.query_one("#review")
        standing = self.query_one("#standing", Static)
        if self._letter.problems:
            lines = "\n".join(f"! {problem}" for problem in self._letter.problems)
            standing.update(Content.styled(f"It can't be sent yet:\n{lines}", "$text-warning"))
            keys = "esc back to the text"
        elif self._until is not None:
            left = max(0, round(self._until - monotonic()))
            standing.update(Content.styled(f"Sending in {left} s. esc or u takes it back.", "bold $text-warning"))
            keys = "esc takes it back"
        else:
            standing.update("")
            keys = "s sends · j k scroll · esc back to the text"
        dialog.border_subtitle = Content(keys)

    def action_send(self) -> None:
        """Begin the pause."""
        if self._letter.problems or self._until is not None:
            return
        if self._hold <= 0:
            self.dismiss(True)
            return
        self._until = monotonic() + self._hold
        self._timer = self.set_interval(0.25, self._count)
        yes = self.query_one("#yes", Button)
        yes.disabled = True
        self.query_one("#no", Button).label = Content("Take it back")
        self.query_one("#no", Button).focus()
        self._stand()

    def _count(self) -> None:
        if self._until is not None and monotonic() >= self._until:
            self._until = None
            if self._timer is not None:
                self._timer.stop()
            self.dismiss(True)
            return
        self._stand()

    def action_back(self) -> None:
        """Within the pause: take it back, and stay here. Before it: back to the text."""
        if self._until is None:
            self.dismiss(False)
            return
        self._until = None
        if self._timer is not None:
            self._timer.stop()
        self.query_one("#yes", Button).disabled = False
        self.query_one("#no", Button).label = Content("Cancel")
        self._stand()
        self.query_one("#standing", Static).update("Taken back: nothing was sent.")

    def action_other(self) -> None:
        """To the other button."""
        yes, no = self.query_one("#yes", Button), self.query_one("#no", Button)
        (no if yes.has_focus or yes.disabled else yes).focus()

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        self.action_send()

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.action_back()

    def key_j(self) -> None:
        """Scroll the text."""
        self.query_one(Listing).action_move(1)

    def key_k(self) -> None:
        """Scroll the text back."""
        self.query_one(Listing).action_move(-1)
