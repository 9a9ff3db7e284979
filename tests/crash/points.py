"""Where a process is killed, and how it is done from inside without touching a class of the product.

Two doors of the standard library tell what the process is about to do: SQLite's trace callback names each statement
before it runs, and the interpreter's audit hooks name each connection and each file lock. Every write to a service
goes over a fresh connection, so that `connect` lies between the journal's *sending* and the first byte.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any


class Place(StrEnum):
    """Which kind of point it is."""

    WRITING = "while writing"  # the statement is about to run: nothing of it is in the file
    COMMITTING = "before commit"  # written, not yet durable
    COMMITTED = "after commit"  # durable, and nothing has happened since
    CALLING = "connecting"  # between the journal and the first byte
    LOCKING = "taking the lock"
    ARRIVED = "arrived, not done"  # the request is there; it never takes effect
    LATE = "arrived, done later"  # it takes effect after the sender's death
    DONE = "done, not answered"  # it took effect; the answer is lost
    READING = "during a reading"
    ANYTIME = "at any moment"


TRANSITIONS = {
    "queued": "INSERT INTO actions",
    "sending": ", state = 'sending'",
    "done": "state = 'done'",
    "unknown": "state = 'unknown', error",
    "tried again": "state = 'queued'",
    "refused": "state = 'refused'",
    "orphaned": "SET state = 'unknown'",
    "draft kept": "INTO drafts",
    "facts kept": "INTO snapshots",
    "case kept": "UPDATE cases SET",
    "told to the audit": "INSERT INTO audit",
}
"""The journal's writes, by a part of their statement that no other has."""

INSIDE = (Place.WRITING, Place.COMMITTING, Place.COMMITTED)
"""The places around a journal write."""

OUTSIDE = {Place.ARRIVED: "hang", Place.LATE: "slow", Place.DONE: "drop_after", Place.READING: "hang"}
"""The places that the sandbox tells of, and the fault which stops the request there."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place, of which transition or service it is meant, and at which of its occurrences the process dies."""

    place: Place
    of: str = ""
    nth: int = 1

    @property
    def name(self) -> str:
        """As the table has it."""
        return f"{self.of}: {self.place}" if self.of else str(self.place)


def every_point() -> tuple[Point, ...]:
    """All there are, each at its first occurrence."""
    journal = [Point(place, of) for of in TRANSITIONS for place in INSIDE]
    calls = [Point(place, of) for place in OUTSIDE for of in ("pagerduty", "slack", "freshdesk")]
    return (*journal, *calls, Point(Place.CALLING), Point(Place.LOCKING), Point(Place.ANYTIME))


class Reaper:
    """Kills this very process, as SIGKILL does: no handler runs, nothing is flushed."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._left = point.nth
        self._transitions: set[str] = set()
        self._durable = False

    def install(self) -> None:
        """Watch this process from now on, every database that it opens included."""
        if self._point.place in INSIDE:
            reaper = self

            class Traced(sqlite3.Connection):
                def __init__(self, *args: Any, **options: Any) -> None:
                    super().__init__(*args, **options)
                    self.set_trace_callback(reaper._statement)

            sqlite3.connect = partial(sqlite3.connect, factory=Traced)
        sys.addaudithook(self._event)

    def _statement(self, statement: str) -> None:
        self._past_commit()
        known = next((name for name, part in TRANSITIONS.items() if part in statement), None)
        if known is not None:
            self._transitions.add(known)
            if known == self._point.of and self._point.place is Place.WRITING:
                self._strike()
        elif statement.startswith("COMMIT"):
            if self._point.of in self._transitions:
                if self._point.place is Place.COMMITTING:
                    self._strike()
                self._durable = True
        elif statement.startswith(("BEGIN", "ROLLBACK")):
            self._transitions.clear()

    def _past_commit(self) -> None:
        if self._durable:
            self._durable = False
            if self._point.place is Place.COMMITTED:
                self._strike()

    def _event(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self._past_commit()
            if self._point.place is Place.CALLING and isinstance(args[1], tuple):
                self._strike()
        elif event == "fcntl.flock" and self._point.place is Place.LOCKING:
            self._strike()

    def _strike(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
