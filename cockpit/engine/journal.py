"""The journal: what a person meant, how each delivery of it stands, their drafts, and the last known facts.

When a method returns, what it wrote survives a power cut (see `journal_file`). One transaction per transition. The
journal is an outbox and a cache; the truth is in the services and the channel. Several processes on one machine may
open it at once; only the holder of a case's lock delivers (see `outbox`).
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from cockpit.engine.audit import Event
from cockpit.engine.journal_audit import AUDIT
from cockpit.engine.journal_cases import CASES, Cases
from cockpit.engine.journal_deliveries import DELIVERIES, Action, Deliveries, Entry, read_deliveries
from cockpit.engine.journal_drafts import DRAFTS, Draft, Drafts
from cockpit.engine.journal_file import Damaged, decode

__all__ = ["Action", "Draft", "Entry", "Journal"]


class Journal(Cases, Deliveries, Drafts):
    """The journal in one file (see `JournalFile` for what becomes of a damaged one).

    Every writing method raises `NotSaved` if what it was to keep can't be kept.
    """

    schema = CASES + DELIVERIES + DRAFTS + AUDIT

    def _legible(self, db: sqlite3.Connection) -> None:
        try:
            read_deliveries(db)
            for (data,) in db.execute("SELECT data FROM drafts"):
                decode(data)
            if _has_audit(db):
                # A line that isn't the one that was written is told by the audit's own check, and stops nothing.
                db.execute("SELECT max(case_key), max(number), max(content), max(hash) FROM audit").fetchone()
        except (ValueError, TypeError, sqlite3.OperationalError) as error:
            if hasattr(error, "sqlite_errorcode"):  # SQLite's own trouble; text that isn't UTF-8 is Python's
                raise
            raise Damaged(f"a line can't be read: {error}") from error

    def _complete(self, db: sqlite3.Connection) -> None:
        """Begin the audit of a journal that was written before there was one: with what it holds by now."""
        if _has_audit(db):
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            if not _has_audit(db):  # another process may just have done it
                db.execute(AUDIT)
                now = datetime.now(UTC)
                for entry in read_deliveries(db):
                    self._tell(db, Event.CARRIED, entry, now)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _has_audit(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone() is not None
