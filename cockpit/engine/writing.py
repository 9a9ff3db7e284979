"""Writing the journal from the event loop, which waits for nobody.

While another process holds the journal, what a person does and types waits here in its order and is tried again, and
what was on its way to a service waits for the word that ends it. Nothing goes out before it is on disk: the outbox
delivers only what it reads there. Where the journal itself waits (`Journal.hurry` wasn't called) nothing comes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cockpit.engine.journal import Entry
from cockpit.engine.journal_file import Busy, NotSaved
from cockpit.engine.view import DeliveryState, Part

if TYPE_CHECKING:
    from cockpit.engine.journal import Action

T = TypeVar("T")

Key = tuple[str, str]
"""What a write is of: a case's key, and in it a text's, or another name."""

PAUSE = 0.02
"""Seconds between two tries. Another process's transaction takes milliseconds."""

LONG = 1.0
"""Seconds of waiting after which a person is told what is waited for."""

HELD = (
    "Another program holds this machine's journal. What was done and typed since waits for it, isn't on disk yet, and "
    "goes out once it is; nothing needs to be done again."
)
"""What a person is told meanwhile."""

NOT_KEPT_YET = "Not kept yet: another program holds the journal."
"""What is said of an action that waits."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A write that waits: how it is called, what it replaces, and the delivery that it will make."""

    write: Callable[[], object]
    what: str
    key: Key | None
    entry: Entry | None


class Writing:
    """The writes of one journal that must wait for another process."""

    def __init__(self) -> None:
        self._line: list[_Waiting] = []
        self._patient = 0
        self._task: asyncio.Task[None] | None = None
        self._since: float | None = None
        self._told = False
        self._listeners: list[Callable[[str | None], None]] = []

    def subscribe(self, listener: Callable[[str | None], None]) -> Callable[[], None]:
        """Have the listener called when what waits changes; with words, if one of it can't be kept. Ends it by call."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know, in words: nothing while nothing has waited for long."""
        return (HELD,) if self._told else ()

    @property
    def waits(self) -> bool:
        """Whether something that was done or typed isn't on disk yet."""
        return bool(self._line)

    def entries_of(self, case_key: str) -> tuple[Entry, ...]:
        """The deliveries of what was done in the case and isn't on disk yet, in order."""
        return tuple(one.entry for one in self._line if one.entry and one.entry.action.case_key == case_key)

    def keys_of(self, case_key: str) -> frozenset[str]:
        """The keys of what isn't on disk yet of the case."""
        return frozenset(one.key[1] for one in self._line if one.key and one.key[0] == case_key)

    def soon(
        self, write: Callable[[], object], what: str, *, key: Key | None = None, entry: Entry | None = None
    ) -> None:
        """Write now, or in its turn if another process holds the journal; `what` it is, in words.

        What waits under the same `key` is replaced by it. Raises `NotSaved` if it can't be kept now nor later; one
        that fails later is told to the listeners.
        """
        if not self._line:
            try:
                write()
            except Busy:
                pass
            else:
                return
        others = [one for one in self._line if key is None or one.key != key]
        replaced = len(others) < len(self._line)
        self._line = [*others, _Waiting(write, what, key, entry)]
        if self._task is None:
            self._task = asyncio.create_task(self._write_in_turn(), name="cockpit write in turn")
            self._task.add_done_callback(self._over)
        if not replaced:
            self._tell(None)

    async def patiently(self, write: Callable[[], T]) -> T:
        """Write as soon as no other process holds the journal. Raises `NotSaved` for any other reason."""
        self._patient += 1
        try:
            while True:
                try:
                    return write()
                except Busy:
                    self._still_held()
                    await asyncio.sleep(PAUSE)
        finally:
            self._patient -= 1
            self._free()

    async def _write_in_turn(self) -> None:
        while self._line:
            await asyncio.sleep(PAUSE)
            self._write_line()

    def _write_line(self) -> None:
        """Write what waits, up to the first that still must."""
        while self._line:
            first = self._line[0]
            failure = None
            try:
                first.write()
            except Busy:
                self._still_held()
                return
            except NotSaved as fault:
                failure = f"{fault} Not done: {first.what}."
            # Not `pop`: the write itself may have put something behind it.
            self._line = [one for one in self._line if one is not first]
            self._free()
            self._tell(failure)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (fault := task.exception()) is not None:
            raise fault

    def last_try(self) -> tuple[str, ...]:
        """The program is about to end: write what still can be; what can't, in words."""
        if self._task is not None:
            self._task.cancel()
        self._write_line()
        return tuple(one.what for one in self._line)

    def _still_held(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        if not self._told and now - self._since > LONG:
            self._told = True
            self._tell(None)

    def _free(self) -> None:
        """Nothing waits any more."""
        if self._line or self._patient:
            return
        self._since = None
        if self._told:
            self._told = False
            self._tell(None)

    def _tell(self, failure: str | None) -> None:
        for listener in tuple(self._listeners):
            listener(failure)


def not_kept_yet(action: Action, part: Part, destination: str) -> Entry:
    """The delivery as it will be, while the journal can't take it; its `seq` is one that no journal gives."""
    return Entry(
        seq=-1 - int(action.id, 16), action=action, part=part, destination=destination, state=DeliveryState.QUEUED,
        attempts=0, changed_at=action.at, sent_at=None, not_before=None, baseline={}, outcome={}, error=NOT_KEPT_YET,
        held=False, asks=False, looks=0,
    )  # fmt: skip
