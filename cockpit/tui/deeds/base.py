"""What every deed needs: the session, the view, the panes, and how an action is taken or refused."""

from __future__ import annotations

import math
import os
import shlex
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported
from textual.screen import Screen

from cockpit.engine.journal_file import NotSaved
from cockpit.engine.view import READ_ONLY
from cockpit.incident.facts import TicketStatus
from cockpit.incident.guards import Finding
from cockpit.tui.panes.channel import ChannelPane
from cockpit.tui.panes.pagerduty import PagerdutyPane
from cockpit.tui.panes.process import ProcessPane
from cockpit.tui.panes.reply import ReplyPane
from cockpit.tui.screens.prompts import Confirm

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.desk import Desk
    from cockpit.engine.session import Session
    from cockpit.engine.view import View
    from cockpit.incident.facts import Ticket
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.command import Command
    from cockpit.tui.panes.pane import Pane

UNSAVED_STANDS = 10.0
"""Seconds for which it stands on the screen that a text isn't saved; while that lasts it is said again after them."""


class Deeds(Screen[None]):
    """The ground on which the deeds stand; `IncidentScreen` is all of them together."""

    session: Session
    view: View
    _unsaved_said = -math.inf
    """When it was said last that a text isn't saved, by the monotonic clock."""

    @property
    def cockpit(self) -> CockpitApp:
        """The application, which knows the desk and can change the incident."""
        from cockpit.tui.app import CockpitApp

        assert isinstance(self.app, CockpitApp)
        return self.app

    def obstacle(self, command: type[Command]) -> str | None:
        """Why a command can't be done now, in words; None: it can, or it is never in doubt."""
        if command.kind is not None:
            return self.session.possible(command.kind, **command.data(self.session.process.words))
        return READ_ONLY if command.writes and self.session.settings.read_only else None

    def barred(self) -> bool:
        """Whether nothing at all may be done from here; if so, it is said."""
        if self.session.settings.read_only:
            self.say(READ_ONLY)
        return self.session.settings.read_only

    def tickets_by_end(self) -> tuple[list[Ticket], list[Ticket]]:
        """The linked tickets: those still open (an account's own statuses are), and those resolved or closed."""
        tickets = [facts.ticket for facts in self.view.snapshot.tickets]
        over = {TicketStatus.RESOLVED, TicketStatus.CLOSED}
        return [t for t in tickets if t.status not in over], [t for t in tickets if t.status in over]

    def step_of(self, action: str) -> str | None:
        """The step whose action that is: the note then says which step it served."""
        steps = (step for step in self.session.process.steps if step.action == action)
        return next((step.id for step in steps), None)

    @property
    def desk(self) -> Desk:
        """The desk."""
        return self.cockpit.desk

    @property
    def where(self) -> str:
        """The current pane by name, or that the person is writing."""
        raise NotImplementedError

    @cached_property
    def process(self) -> ProcessPane:
        """Pane 1."""
        return self.query_one(ProcessPane)

    @cached_property
    def pagerduty(self) -> PagerdutyPane:
        """Pane 2."""
        return self.query_one(PagerdutyPane)

    @cached_property
    def channel(self) -> ChannelPane:
        """Pane 3."""
        return self.query_one(ChannelPane)

    @cached_property
    def reply(self) -> ReplyPane:
        """Pane 4."""
        return self.query_one(ReplyPane)

    @property
    def current(self) -> Pane:
        """The pane in which the person is."""
        raise NotImplementedError

    def go_to(self, pane: Pane) -> None:
        """Bring the person to a pane."""
        raise NotImplementedError

    def say(self, words: str) -> None:
        """Tell the person why something isn't done: quietly, and not for long."""
        self.notify(words, timeout=6, markup=False)

    def keep(self, key: str, text: str, **data: Any) -> datetime | None:
        """Save a text being written. Returns when; None, and it is said, if the disk doesn't take it."""
        try:
            return self.session.drafts.save(key, text, **data)
        except NotSaved as fault:
            now = time.monotonic()
            # Each letter is saved: one word on the screen at a time.
            if now - self._unsaved_said > UNSAVED_STANDS:
                self._unsaved_said = now
                words = f"{fault} The text is only on the screen until then."
                self.notify(words, severity="error", timeout=UNSAVED_STANDS, markup=False)
            return None

    def forget(self, key: str) -> None:
        """Forget a saved text; one that can't be forgotten is only offered again."""
        with suppress(NotSaved):
            self.session.drafts.drop(key)

    async def edit(self, path: Path) -> bool:
        """Lend the terminal to the person's editor, on that file. False, and it is said, where that can't be.

        An editor that fails may have saved before: that is said, and counts as edited.
        """
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not editor:
            self.say("Neither $VISUAL nor $EDITOR is set.")
            return False
        try:
            code = await self.cockpit.lend([*shlex.split(editor), str(path)])
        except SuspendNotSupported:
            self.say("This terminal can't be lent to an editor.")
            return False
        except (OSError, ValueError) as error:
            self.say(f"{editor}: {error}. The text is as it was.")
            return False
        if code:
            how = f"by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"with code {code}"
            self.say(f"{editor} ended {how}. What it had saved by then counts.")
        return True

    def perform(self, kind: str, *, step: str | None = None, **data: Any) -> str | None:
        """Take an action; when it isn't possible, say why. Returns the action's id."""
        from cockpit.engine.actions import Impossible

        try:
            return self.session.act(kind, step=step, **data)
        except Impossible as impossible:
            self.say(str(impossible))
            return None

    def with_obstacle(self, kind: str, found: tuple[Finding, ...], **data: Any) -> tuple[Finding, ...]:
        """The findings, and before them what else is in the way of sending, if anything is."""
        reason = self.session.possible(kind, **data, despite=[one.key for one in found])
        if reason is None or any(one.final for one in found):
            return found
        return (Finding(reason, reason, final=True), *found)

    def attempt(
        self,
        kind: str,
        *,
        step: str | None = None,
        title: str = "",
        facts: Sequence[str] = (),
        yes: str = "",
        after: Callable[[], object] | None = None,
        **data: Any,
    ) -> None:
        """Take an action, with a question first where the kind asks for one. Its target is bound now."""
        from cockpit.engine.actions import KINDS

        if (reason := self.session.possible(kind, **data)) is not None:
            self.say(reason)
            return

        def decided(sure: bool | None) -> None:
            if sure and self.perform(kind, step=step, **data) is not None and after is not None:
                after()

        if KINDS[kind].friction == "none":
            decided(True)
        else:
            self.app.push_screen(Confirm(title or KINDS[kind].title, facts, yes or "Do it"), decided)
