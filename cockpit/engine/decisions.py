"""What a person decides on a delivery that didn't end well: try it again, give it up, or say whether it arrived."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cockpit.engine.actions import KINDS
from cockpit.engine.actions.kind import Impossible
from cockpit.engine.view import READ_ONLY, DeliveryState
from cockpit.engine.writing import NOT_KEPT_YET

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.engine.journal import Entry, Journal
    from cockpit.engine.outbox import Outbox
    from cockpit.engine.view import View
    from cockpit.engine.writing import Writing
    from cockpit.settings import Settings


class Decisions:
    """Takes down what is decided, by the delivery's `seq`. `decided` is called when it was."""

    def __init__(
        self,
        journal: Journal,
        writing: Writing,
        outbox: Outbox,
        settings: Settings,
        *,
        view: Callable[[], View],
        decided: Callable[[], None],
    ) -> None:
        self._journal, self._writing, self._outbox, self._settings = journal, writing, outbox, settings
        self._view = view
        self._decided = decided

    def retry(self, seq: int) -> None:
        """Send a refused or held delivery again; fresh facts are looked at first. Raises `Impossible`, `NotSaved`.

        What is on the screen now is what was seen of the world: only what comes after it holds the delivery back again.
        """
        self._decide(seq, partial(self._retry, self._view()), "trying it again")

    def _retry(self, view: View, entry: Entry) -> None:
        if entry.state is DeliveryState.REFUSED:
            known = {**entry.outcome, **KINDS[entry.action.kind].seen(view, entry.action.data)}
            self._journal.requeue(entry.seq, self._settings.now(), known=known, by=self._settings.me)

    def drop(self, seq: int) -> None:
        """Give up a delivery that was refused or is still queued. One that may have gone out can't be dropped.

        Raises `Impossible`, `NotSaved`.
        """
        self._decide(seq, self._drop, "giving it up")

    def _drop(self, entry: Entry) -> None:
        if entry.state in (DeliveryState.REFUSED, DeliveryState.QUEUED):
            self._journal.drop(entry.seq, self._settings.now(), self._settings.me)

    def settle(self, seq: int, arrived: bool) -> None:
        """A person's word on a delivery of unknown outcome: it arrived, or it is to be sent again.

        Raises `Impossible`, `NotSaved`.
        """
        self._decide(seq, partial(self._settle, arrived), "what was said of it")

    def _settle(self, arrived: bool, entry: Entry) -> None:
        if entry.state is not DeliveryState.UNKNOWN:
            return
        if arrived:
            self._outbox.finish(entry, {"confirmed_by_hand": True}, by=self._settings.me)
        else:
            known = {**entry.outcome, "sent_again_by_hand": True}
            self._journal.requeue(entry.seq, self._settings.now(), known=known, by=self._settings.me)

    def _decide(self, seq: int, decision: Callable[[Entry], None], what: str) -> None:
        """Take it down, looking at how the delivery stands at that moment."""
        if self._settings.read_only:
            raise Impossible(READ_ONLY)
        if seq < 0:
            raise Impossible(f"{NOT_KEPT_YET} Wait until it is.")
        self._writing.soon(lambda: decision(self._journal.entry(seq)), what)
        self._decided()
