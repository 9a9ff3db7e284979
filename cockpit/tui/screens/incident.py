"""The incident's screen: two lines of what matters, four panes, a line of standing and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.widgets import Input, TextArea

from cockpit.tui.command import WRITING
from cockpit.tui.commands import COMMANDS, bindings
from cockpit.tui.deeds.steps import StepDeeds
from cockpit.tui.ink import INK_CLASSES, Line, Lines, Span, clip
from cockpit.tui.panes.channel import ChannelPane
from cockpit.tui.panes.composer import Composer
from cockpit.tui.panes.header import Header
from cockpit.tui.panes.listing import Listing
from cockpit.tui.panes.pagerduty import PagerdutyPane
from cockpit.tui.panes.pane import Pane
from cockpit.tui.panes.process import ProcessPane
from cockpit.tui.panes.reply import ReplyPane
from cockpit.tui.panes.status import StatusLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from cockpit.engine.session import Session
    from cockpit.engine.view import View

WIDE, NORMAL, TALL = 170, 110, 30
"""From how many columns there are four panes side by side; and from how many columns and rows the four are in a grid.

Below, one pane has the whole screen and a line of tabs names the others."""


def _no_view() -> View:
    raise RuntimeError("The screen is given its first view when it is made.")


class Tabs(Lines):
    """The four panes by name, where only one of them has room."""

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._labels: tuple[tuple[str, bool, str], ...] = ()

    def show(self, labels: tuple[tuple[str, bool, str], ...]) -> None:
        """Show these labels; which is current; what a click on it does."""
        self._labels = labels
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """One line."""
        spans: list[Span] = [(" ", "plain")]
        for text, current, action in self._labels:
            spans += [(f" {text} ", ("title" if current else "dim") + f"@screen.{action}"), (" ", "plain")]
        return [clip(tuple(spans), width)]


class IncidentScreen(StepDeeds):
    """One incident, whole."""

    COMPONENT_CLASSES = INK_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = bindings()
    AUTO_FOCUS = "#steps"

    # Not repainted whole: a view is handed down, and each pane draws what is new in it.
    view: reactive[View] = reactive(_no_view, init=False, always_update=True, repaint=False)
    """What there is to show: the session's view, from the first moment on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.set_reactive(IncidentScreen.view, session.view)
        self._unsubscribe: Callable[[], None] = lambda: None
        self._current: Pane | None = None
        self._impossible: frozenset[str] = frozenset()
        settings = session.settings
        self._header = Header(settings.tech_leads, settings.placeholders)
        self._tabs = Tabs()
        self._status = StatusLine(settings.keys, settings.read_only)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        session = self.session
        # Before there is anything in it: later, every widget's styles would have to be worked out again.
        self._shape(*self.app.size)
        yield self._header
        yield self._tabs
        with Container(id="panes"):
            yield ProcessPane(session.process).set_class(True, "-current")
            yield PagerdutyPane(session.process.words.catch_all_service or None, session.settings.placeholders)
            yield ChannelPane()
            yield ReplyPane()
        yield Input(id="filter", placeholder="only what holds these words", compact=True)
        yield self._status

    def on_mount(self) -> None:
        """Paint what is known, follow the session, and let the clocks run."""
        self.query_one("#filter", Input).display = False
        self._enter(self.process)
        if (draft := self.session.drafts.of("channel")) is not None:
            self.channel.begin(draft.text)
        if self.session.settings.read_only:
            # What were typed here could neither go nor be kept.
            self.channel.input.disabled = self.reply.composer.read_only = True
        self.distribute()
        self._unsubscribe = self.session.subscribe(self._changed)
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        """Follow the session no longer."""
        self._unsubscribe()

    def _changed(self, view: View) -> None:
        self.view = view

    def watch_view(self) -> None:
        """A new view: everything that depends on it is shown again."""
        # While the screen is being taken down its widgets go before it does.
        if self._current is not None and self.query(StatusLine):
            self.distribute()

    def distribute(self) -> None:
        """Hand the view down."""
        view, now = self.view, self.session.now()
        self._header.show(view, now)
        for pane in self.panes:
            pane.show(view, now)
        self.follow_reply(view)
        self.follow_clocks(view)
        self.hear(view)
        self.welcome(view)
        self._status.show(view, now)
        self._impossible = frozenset(command.id() for command in COMMANDS if self.obstacle(command) is not None)
        self.announce()

    def _tick(self) -> None:
        """Time passes: the clocks and ages move, and with the minute whatever says how long ago."""
        now = self.session.now()
        self._header.show(self.view, now)
        self._status.show(self.view, now)
        self.process.show(self.view, now)

    # --- where the person is ---------------------------------------------------------------------------------

    @property
    def current(self) -> Pane:
        """The pane in which the person is, or was last."""
        return self._current if self._current is not None else self.process

    @property
    def where(self) -> str:
        """The current pane by name, or that the person is writing."""
        return WRITING if isinstance(self.focused, (Input, TextArea)) else self.current.name_

    def go_to(self, pane: Pane) -> None:
        """Bring the person to a pane."""
        self._enter(pane)
        pane.way_in().focus()

    def _enter(self, pane: Pane) -> None:
        if self._current is self.channel and pane is not self.channel and self.channel.listing.at_end:
            self.channel.mark_read()
        self._current = pane
        for other in self.panes:
            other.set_class(other is pane, "-current")
        self.announce()

    def on_descendant_focus(self) -> None:
        """Where the focus is, there the person is.

        Not where the event comes from: of two that follow each other closely the later one may arrive first.
        """
        if (widget := self.focused) is None:
            return
        for pane in self.panes:
            if pane in widget.ancestors and pane is not self._current:
                self._enter(pane)
        self.set_class(isinstance(widget, Composer), "-writing-reply")
        self.announce()
        self.reply.judge()

    def announce(self) -> None:
        """Bring the tabs and the key hints up to date."""
        labels = tuple(
            (f"{pane.number} {pane.brief()}", pane is self.current, f"focus_{pane.name_}") for pane in self.panes
        )
        self._tabs.show(labels)
        self._status.offer(self.where, self._impossible)

    @on(Listing.Scrolled)
    def _scrolled(self) -> None:
        self.announce()

    @on(Composer.Left)
    def _left_composer(self) -> None:
        self.action_next_pane()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The editor's key means that only in the reply's text; elsewhere it keeps its own meaning.

        Keys that were pressed before the panes were there do nothing.
        """
        if not self.is_mounted:
            return False
        if action == "edit_elsewhere":
            return isinstance(self.focused, Composer)
        return True

    # --- the shape -------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the size."""
        self._shape(event.size.width, event.size.height)

    def _shape(self, width: int, height: int) -> None:
        shape = (
            "-wide"
            if width >= WIDE and height >= 20
            else "-normal"
            if width >= NORMAL and height >= TALL
            else "-single"
        )
        for name in ("-wide", "-normal", "-single"):
            self.set_class(name == shape, name)
        self.set_class(height < 14, "-low")
