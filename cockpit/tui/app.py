"""The cockpit's Textual application: which incident is on the screen, and the life of its session.

Importing this module imports no network library: the first paint comes first.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType

from cockpit.engine.journal_file import NotSaved
from cockpit.engine.view import READ_ONLY
from cockpit.heap import give_back, settle
from cockpit.incident.facts import LABELS, Incident
from cockpit.incident.text import clean
from cockpit.tui.command import worded
from cockpit.tui.commands import COMMANDS
from cockpit.tui.let_go import forget_places, free_lines
from cockpit.tui.on_terminal import OnTerminal
from cockpit.tui.palette import CockpitCommands
from cockpit.tui.panes.listing import Listing
from cockpit.tui.screens.answered import AnsweredOnce
from cockpit.tui.screens.declare import DeclareForm
from cockpit.tui.screens.incident import IncidentScreen
from cockpit.tui.screens.picker import Picker
from cockpit.tui.theme import THEME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.dom import DOMNode
    from textual.screen import Screen

    from cockpit.engine.desk import Desk, Offer
    from cockpit.engine.session import Session
    from cockpit.engine.view import Case


def stylesheet() -> Path:
    """The stylesheet: inside the package where that came from a wheel, at the top of the repository otherwise."""
    package = Path(__file__).parent.parent
    inside = package / "styles.tcss"
    return inside if inside.is_file() else package.parent / "styles.tcss"


def known_bindings() -> set[str]:
    """The ids that `[keys]` in the config can give another key."""
    moving = {binding.id for binding in Listing.BINDINGS if isinstance(binding, Binding) and binding.id}
    return {command.id() for command in COMMANDS} | moving | {"quit_anywhere"}


SETTLED = 30.0
"""Seconds after an incident is shown, when all is there that stays with it: libraries, panes, what was read first."""

FORGETS = 60.0
"""Seconds after which Textual's memory of places is emptied, and what memory is free is given back."""

MOST_PASTED = 50_000
"""Characters that are taken from the clipboard at once: more than any text that is sent, and drawn without a pause."""


class CockpitApp(OnTerminal):
    """The cockpit on a desk. `reference` names an incident as a person typed it; None: the one that suggests itself.

    Ends with return code 2 for a reference that can't be understood and 4 for one that matches nothing; the sentence
    that says so is printed after the screen is gone.
    """

    TITLE = "cockpit"
    CSS_PATH = stylesheet()
    COMMANDS = App.COMMANDS | {CockpitCommands}
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="quit_anywhere")
    ]

    def __init__(self, desk: Desk, reference: str | None = None) -> None:
        free_lines()
        super().__init__(desk.settings.signals)
        self.desk = desk
        self._reference = reference
        self._clashes: set[str] = set()
        self.session: Session | None = None
        """The session on the screen."""
        self.unkept: tuple[str, ...] = ()
        """What was done and couldn't be kept to the end, since another process held the journal; in words."""
        self._choosing = False
        self.register_theme(THEME)
        wanted = desk.settings.theme
        if wanted != THEME.name and wanted in self.available_themes:
            self.theme = wanted
        else:
            # Not by its watcher, which has every stylesheet parsed anew: that takes a tenth of the first paint.
            self.set_reactive(CockpitApp.theme, THEME.name)
            self.stylesheet.set_variables(self.get_css_variables())
        self.set_keymap(desk.settings.keys)

    def on_mount(self) -> None:
        """Paint the last known incident at once; ask the services after that."""
        self.desk.hurry()
        self.call_after_refresh(self._begin)
        self._heed_signals()
        self.set_interval(FORGETS, self._forget)
        for name in self.desk.settings.keys.keys() - known_bindings():
            self.notify(f"[keys] {name}: there is no such command; ? lists them.", severity="warning", markup=False)
        if self._reference is None and (case := self.desk.remembered()) is not None:
            self._show(case)

    def _forget(self) -> None:
        forget_places()
        give_back()

    def _heed_signals(self) -> None:
        """Leave as by key when the terminal's window is closed or the program is asked to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Not on the main thread, or a system without signals: then the system's own way has to do.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.exit, None, 128 + number)

    def _begin(self) -> None:
        if self.session is not None:
            self.run_worker(self.session.start(), group="session")
            self.run_worker(self._look_for_others(self.session.case), group="others")
        else:
            self.run_worker(self._find(), group="session")

    def _show(self, case: Case) -> None:
        self.session = self.desk.session(case)
        self.push_screen(IncidentScreen(self.session))
        self.set_timer(SETTLED, settle)

    async def open(self, case: Case) -> None:
        """Put a case on the screen in place of the one that is there."""
        if self.session is not None:
            if self.session.case.key == case.key:
                return
            await self.session.close()
            await self._put_away()
        self._show(case)
        assert self.session is not None
        await self.session.start()

    async def _put_away(self) -> None:
        """Take the incident's screen away, and whatever a person has opened over it meanwhile."""
        while any(isinstance(screen, IncidentScreen) for screen in self.screen_stack):
            top = self.screen
            await (top.dismiss(None) if isinstance(top, AnsweredOnce) else self.pop_screen())

    async def _look_for_others(self, remembered: Case) -> None:
        """Say so if the incident that was remembered isn't the one that is burning."""
        offer = await self.desk.offer()
        others = [incident for incident in offer.p1 if incident.id != remembered.incident_id]
        if others and not any(incident.id == remembered.incident_id for incident in offer.p1):
            names = ", ".join(f"#{incident.number} {incident.title}" for incident in others[:3])
            self.notify(f"Another {self.desk.process.words.priority} is open: {names}. i goes there.", markup=False)

    # --- which one? ----------------------------------------------------------------------------------------------

    async def _find(self) -> None:
        """Open what was asked for, else the only open incident of the process, else ask."""
        from cockpit.engine.desk import NoSuchIncident, UnknownReference
        from cockpit.services.errors import ServiceError

        if self._reference is not None:
            try:
                await self.open(await self.desk.find(self._reference))
            except UnknownReference as unknown:
                self.exit(return_code=2, message=str(unknown))
            except NoSuchIncident as missing:
                self.exit(return_code=4, message=str(missing))
            except ServiceError as error:
                await self.choose(f"{self._reference} couldn't be looked up. {LABELS[error.source]}: {error}")
            except NotSaved as fault:
                self.exit(return_code=2, message=str(fault))
            return
        offer = await self.desk.offer()
        if len(offer.p1) == 1:
            await self._open_first(offer.p1[0])
        else:
            await self.choose(begun=offer)

    async def _open_first(self, incident: Incident) -> None:
        try:
            await self.open(await self.desk.case_of(incident))
        except NotSaved as fault:
            self.exit(return_code=2, message=str(fault))

    async def choose(self, why: str = "", begun: Offer | None = None) -> None:
        """Ask a person which incident, and open it; once at a time. Runs in a worker."""
        if self._choosing:
            return
        self._choosing = True
        try:
            await self._choose(why, begun)
        finally:
            self._choosing = False

    async def _choose(self, why: str, begun: Offer | None) -> None:
        now, leave = self.desk.settings.now, self.session is not None
        while True:
            chosen = await self.push_screen_wait(Picker(self.desk.offer, now, why=why, begun=begun, leave=leave))
            if chosen is None:
                return
            if isinstance(chosen, str):
                if self.desk.settings.read_only:
                    self.notify(READ_ONLY, timeout=6, markup=False)
                elif await self._declare():
                    return
                continue
            desk = self.desk
            case = desk.case_of(chosen) if isinstance(chosen, Incident) else desk.case_of_ticket(chosen)
            try:
                await self.open(await case)
            except NotSaved as fault:
                self.notify(str(fault), severity="error", timeout=10, markup=False)
                continue
            return

    async def _declare(self) -> bool:
        """Begin with nothing but a declaration; False when it was thought better of."""
        data = await self.push_screen_wait(DeclareForm(self.desk.pd_services, self.desk.process, "", ()))
        if data is None:
            return False
        from cockpit.engine.actions import Impossible

        try:
            await self.open(await self.desk.begin(data["title"]))
            assert self.session is not None
            self.session.act("declare", **data)
        except (Impossible, NotSaved) as obstacle:
            self.notify(str(obstacle), timeout=10, markup=False)
            return self.session is not None
        return True

    # --- what is typed and pasted --------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Who types or moves the mouse looks at the screen.

        A paste is another's text: cleaned before any field gets it, and refused where it is more than a text.
        """
        if isinstance(event, events.InputEvent | events.Paste) and self.session is not None:
            self.session.attended()
        if isinstance(event, events.Paste) and not event.is_forwarded:
            if len(event.text) > MOST_PASTED:
                held = f"{len(event.text):,} characters are more than a text: nothing was pasted."
                self.notify(f"{held} At most {MOST_PASTED:,} can be.", timeout=8, markup=False)
                return
            if (text := clean(event.text)) != event.text:
                event = events.Paste(text)
        await super().on_event(event)

    # --- manners -------------------------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Of Textual's own commands the one that belongs here."""
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)

    def get_key_display(self, binding: Binding) -> str:
        """Keys as they are printed in the hints."""
        return binding.key

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """Two commands on one key: say which, once."""
        named = sorted(binding.description or binding.action for binding in clashed_bindings)
        names = worded(" and ".join(named), self.desk.process.words)
        if names not in self._clashes:
            self._clashes.add(names)
            self.notify(f"[keys] {names} have the same key.", severity="warning", markup=False)

    async def action_quit(self) -> None:
        """Leave."""
        self.exit()

    async def on_unmount(self) -> None:
        """Give the title back, end the session; what is on its way is looked up at the next start."""
        self.give_back_title()
        if self.session is not None:
            await self.session.close()
        self.unkept = self.desk.last_try()
        await self.desk.connection.close()
