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
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from cockpit.incident.markup import markdown_plain
from cockpit.incident.replies import LONGEST
from cockpit.incident.text import bounded, one_line
from cockpit.tui.ink import Line, Paper, paragraph
from cockpit.tui.moments import clock
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.reply_foot import PURPOSES
from cockpit.tui.panes.row import Row, divider
from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.screens.choose_tickets import ChooseTickets, name_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from cockpit.incident.facts import Conversation, Person, Ticket
    from cockpit.incident.guards import Finding
    from cockpit.incident.replies import Purpose


PUBLIC = "✉ PUBLIC: the community reads it in its ticket and by e-mail."
PRIVATE = "✎ PRIVATE: colleagues only. The community doesn't see it."


@dataclass(frozen=True, slots=True)
class Letter:
    """What would be sent, to whom. `ticket` is its number and subject; `findings` are what oughtn't to be in it.

    `news` is what was said since the text was begun. `others` are the tickets of other communities to which the same
    can be written next; `cc` are the addresses that get a copy. `private`: a note that only colleagues read; `to` is
    then whom it is not for.
    """

    to: Person
    community: str | None
    ticket: str
    purpose: Purpose
    text: str
    findings: tuple[Finding, ...] = ()
    news: tuple[Conversation, ...] = ()
    others: tuple[Ticket, ...] = ()
    cc: tuple[str, ...] = ()
    private: bool = False

    @property
    def blocked(self) -> bool:
        """Whether it can't be sent as it is."""
        return any(one.final for one in self.findings)

    @property
    def passed(self) -> list[str]:
        """What its reader has passed once it is sent: the keys of everything that was found."""
        return [one.key for one in self.findings if not one.final]


class Review(ModalScreen[tuple[int, ...] | None], AnsweredOnce[tuple[int, ...] | None]):
    """Recipient, ticket, community, text; *Cancel* has the focus.

    None: it isn't sent. Else it is, and the answer holds the other tickets to which it goes next, each to be reviewed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,u,q", "back", "back", show=False),
        Binding("s,ctrl+s", "send", "send", show=False),
        Binding("t", "others", "others too", show=False),
        Binding("left,right,h,l", "other", "other", show=False),
    ]

    def __init__(self, letter: Letter, hold: float) -> None:
        super().__init__()
        self._letter, self._hold = letter, hold
        self._others: tuple[int, ...] = ()
        self._warned = False
        self._until: float | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The facts, the text in a list that scrolls, the problems, the two buttons."""
        letter = self._letter
        with Paper(classes="dialog tall", id="review") as dialog:
            dialog.border_title = Content("Review · private note" if letter.private else "Review")
            dialog.set_class(letter.private, "private")
            # Cut, so that no name however long pushes the address or the text out of sight.
            whom = one_line(letter.to.name, 60) + (f" <{letter.to.email}>" if letter.to.email else "")
            for label, text in (
                ("to", "colleagues who can open the ticket" if letter.private else whom),
                *((("copy to", ", ".join(letter.cc)),) if letter.cc else ()),
                ("community", one_line(letter.community or "no company known", 60)),
                ("ticket", one_line(letter.ticket, 120)),
                ("as", "private note" if letter.private else PURPOSES[letter.purpose]),
            ):
                yield Static(Content.assemble((f"{label:<11}", "$text-muted"), text), classes="fact")
            if letter.others:
                yield Static("", classes="fact", id="others")
            reach, style = (PRIVATE, "bold $text-accent") if letter.private else (PUBLIC, "bold $text-warning")
            yield Static(Content.styled(reach, style), classes="fact public")
            yield Listing(cursor=False, id="letter")
            yield Static("", id="standing")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no", compact=True)
                words = "Write the note" if letter.private else "Send"
                yield Button(words, id="yes", variant="warning", compact=True, disabled=letter.blocked)

    def on_mount(self) -> None:
        """Draw the text; what a community will read is never one key away."""

        text = self._letter.text
        plain = (markdown_plain(text) if len(text) <= LONGEST else bounded(text, LONGEST)) or "(nothing)"

        def draw(width: int) -> list[Line]:
            return paragraph(plain, "plain", width)

        said = [_said(piece) for piece in self._letter.news]
        rows = [divider("since", "NEW since you began", "alarm"), *said, divider("letter", "your text")] if said else []
        self.query_one(Listing).show_rows([*rows, Row("text", draw)])
        self.query_one("#no", Button).focus()
        self._name_others()
        self._stand()

    def _name_others(self) -> None:
        """Say to whom it goes next, or who else there is."""
        if not self._letter.others:
            return
        chosen = [name_of(ticket) for ticket in self._letter.others if ticket.id in self._others]
        words = ", ".join(chosen) + ", each reviewed next" if chosen else "t chooses other communities to write it to"
        self.query_one("#others", Static).update(
            Content.assemble((f"{'then to':<11}", "$text-muted"), (words, "" if chosen else "$text-muted"))
        )

    def action_others(self) -> None:
        """Choose the other tickets to which the same is written."""
        if not self._letter.others or self._until is not None:
            return

        def chosen(others: tuple[int, ...] | None) -> None:
            if others is not None:
                self._others = others
                self._name_others()

        self.app.push_screen(ChooseTickets(self._letter.others, self._others), chosen)

    def _stand(self) -> None:
        """Say how it stands: problems, the pause, or which keys there are."""
        dialog = self.query_one("#review")
        standing = self.query_one("#standing", Static)
        found = "\n".join(f"! {one.words}" for one in self._letter.findings)
        if self._letter.blocked:
            standing.update(Content.styled(f"It can't be sent yet:\n{found}", "$text-warning"))
            keys = "esc back to the text"
        elif self._until is not None:
            left = max(0, round(self._until - monotonic()))
            standing.update(Content.styled(f"Sending in {left} s. esc or u takes it back.", "bold $text-warning"))
            keys = "esc takes it back"
        elif found and self._warned:
            standing.update(Content.styled(f"Send it all the same? s once more does.\n{found}", "bold $text-error"))
            keys = "s again sends it all the same · esc back to the text"
        else:
            standing.update(Content.styled(f"Look twice:\n{found}" if found else "", "$text-warning"))
            others = "t to others too · " if self._letter.others else ""
            keys = f"s sends · {others}j k scroll · esc back to the text"
        dialog.border_subtitle = Content(keys)

    def action_send(self) -> None:
        """Begin the pause; where something was found, only once it was asked again."""
        if self._letter.blocked or self._until is not None:
            return
        if self._letter.findings and not self._warned:
            self._warned = True
            self.query_one("#yes", Button).label = Content("Send all the same")
            self.query_one("#no", Button).focus()
            self._stand()
            return
        if self._hold <= 0:
            self.dismiss(self._others)
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
            self.dismiss(self._others)
            return
        self._stand()

    def action_back(self) -> None:
        """Within the pause: take it back, and stay here. Before it: back to the text."""
        if self._until is None:
            self.dismiss(None)
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


def _said(piece: Conversation) -> Row:
    """What somebody said since, as much of it as a review needs."""

    def draw(width: int) -> list[Line]:
        verb = "wrote" if piece.incoming else "replied"
        return paragraph(f"{piece.author.name} {verb} at {clock(piece.at)}: {bounded(piece.text, 600)}", "new", width)

    return Row(f"news {piece.id}", draw)
