"""The journal's audit: a chain of lines to each case, only ever added to, each in the transaction that it tells of."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.engine.audit import GENESIS, Event, Line, canonical, chained, content_of
from cockpit.engine.journal_file import JournalFile, decode
from cockpit.incident.facts import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cockpit.engine.journal_deliveries import Entry

AUDIT = """
CREATE TABLE IF NOT EXISTS audit (
    case_key TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (case_key, number));
"""


class AuditTrail(JournalFile):
    """The part of the journal that holds its audit.

    A broken chain is a matter for whoever checks it: it stops nothing here.
    """

    def _tell(
        self, db: sqlite3.Connection, event: Event, entry: Entry, now: datetime, by: str | None = None
    ) -> None:  # fmt: skip
        """Add the line that tells what happened to a delivery, as part of the transaction under way."""
        key = entry.action.case_key
        last = db.execute(
            "SELECT number, hash FROM audit WHERE case_key = ? ORDER BY number DESC LIMIT 1", (key,)
        ).fetchone()
        number, previous = last or (0, GENESIS)
        content = canonical({"number": number + 1, **content_of(event, entry, now, by)})
        db.execute(
            "INSERT INTO audit (case_key, number, content, hash) VALUES (?, ?, ?, ?)",
            (key, number + 1, content, chained(previous, content)),
        )

    def audit(self, case_key: str) -> tuple[Line, ...]:
        """The case's lines in their order. One that isn't JSON any more has its number and its hash only."""
        return tuple(
            {**_read(content, number), "hash": known}
            for number, content, known in self._db.execute(
                "SELECT number, content, hash FROM audit WHERE case_key = ? ORDER BY number", (case_key,)
            )
        )

    def anchor(self, case_key: str) -> Anchor | None:
        """The newest line, as a note in the channel proves it; None while there is none."""
        last = self._db.execute(
            "SELECT case_key, number, hash FROM audit WHERE case_key = ? ORDER BY number DESC LIMIT 1", (case_key,)
        ).fetchone()
        return None if last is None else Anchor(*last)

    def holds(self, proven: Iterable[Anchor]) -> bool:
        """Whether each of these lines is there as it was proven. It isn't where a copy of the file was put back."""
        return all(
            self._db.execute(
                "SELECT 1 FROM audit WHERE case_key = ? AND number = ? AND hash = ?", (one.log, one.number, one.hash)
            ).fetchone()
            for one in proven
        )


def _read(content: str, number: int) -> Line:
    try:
        return decode(content)
    except ValueError:
        return {"number": number}
