"""Looking a write of unknown outcome up, before anything is sent again.

What a look-up finds is believed at once; that it found nothing is believed only when a second one, seconds later, finds
nothing either: a request that lost its sender may still be taken. How long that may take at most, nobody promises:
`LOOK_AFTER` is the window that is closed. What can't be told is put to a person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions import KINDS
from cockpit.engine.actions.kind import Absent, CantTell, Data, Found, Held, Reach
from cockpit.engine.view import DeliveryState
from cockpit.services.errors import Refused

if TYPE_CHECKING:
    from cockpit.engine.actions import ActionKind
    from cockpit.engine.journal import Action, Entry, Journal
    from cockpit.engine.telling import Telling
    from cockpit.engine.writing import Writing

LOOK_AFTER = (0.125, 0.5, 0.625)
"""The waits before each look-up of a write of unknown outcome, in times that a request may take (of 8 s: 1, 4 and 5 s).

After the last one a person is asked.
"""

ABSENT_TWICE = 2
"""How many look-ups must find nothing before what could be recognised for certain is sent again."""


class LookUp:
    """Looks one case's writes up.

    `writing` takes down what was seen; `arrived` is told of each that was found, with its outcome; `tell` hears in
    words what was found by its likeness alone. `timeout` is how many seconds a request may take.
    """

    def __init__(
        self,
        journal: Journal,
        writing: Writing,
        *,
        now: Callable[[], datetime],
        timeout: float,
        arrived: Callable[[Entry, Data], None],
        tell: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._writing = writing
        self._now = now
        self._timeout = timeout
        self._arrived = arrived
        self._tell = tell

    async def absent(self, entry: Entry, performer: ActionKind | Telling, reach: Reach) -> bool:
        """Look a write of unknown outcome up. True: it isn't there for certain, and is queued again."""
        try:
            recognition = await performer.recognise(reach, entry)
        except (Held, Refused) as error:
            # The world is such that it can't be looked up, now or later: a few more looks, then a person.
            recognition = CantTell(str(error))
        return await self._writing.patiently(lambda: self._take_down(entry, recognition))

    def _take_down(self, entry: Entry, recognition: Found | Absent | CantTell) -> bool:
        if isinstance(recognition, Found):
            self._found(entry, recognition)
            return False
        if isinstance(recognition, Absent) and entry.looks + 1 >= ABSENT_TWICE:
            self._journal.requeue(entry.seq, self._now())
            return True
        self._still_unknown(entry, recognition)
        return False

    def _found(self, entry: Entry, found: Found) -> None:
        self._arrived(entry, {**found.outcome, "found_by": found.by, **({} if found.certain else {"likely": True})})
        if not found.certain:
            words = KINDS[entry.action.kind].words(entry.action)
            self._tell(f"No answer came to this: {words}. It is taken for arrived, by {found.by}.")

    def _still_unknown(self, entry: Entry, recognition: Absent | CantTell) -> None:
        looks = entry.looks + 1
        asks = isinstance(recognition, CantTell) and looks >= len(LOOK_AFTER)
        words = recognition.words if isinstance(recognition, CantTell) else entry.error or ""
        self._journal.unknown(
            entry.seq,
            self._now(),
            f"{words} Look there: did it arrive?" if asks else (entry.error or words),
            asks=asks,
            not_before=None if asks else self.next(looks),
            looks=looks,
        )

    def next(self, looks: int) -> datetime:
        """When to look after that many looks. Real time, as all waits are."""
        return datetime.now(UTC) + timedelta(seconds=self._timeout * LOOK_AFTER[min(looks, len(LOOK_AFTER) - 1)])


def claimed(journal: Journal, entry: Entry) -> frozenset[str]:
    """The ids of what other deliveries are known to have written."""
    return frozenset(
        str(value)
        for other in journal.entries(entry.action.case_key)
        if other.state is DeliveryState.DONE and other.seq != entry.seq
        for name, value in other.outcome.items()
        if name in ("conversation", "id")
    )


def rivals(journal: Journal, entry: Entry) -> tuple[Action, ...]:
    """The other actions of its kind, to the same place, of which nobody knows whether they arrived."""
    return tuple(
        other.action
        for other in journal.entries(entry.action.case_key, open_only=True)
        if other.state in (DeliveryState.UNKNOWN, DeliveryState.SENDING)
        and (other.destination, other.part, other.action.kind) == (entry.destination, entry.part, entry.action.kind)
        and other.seq != entry.seq
    )
