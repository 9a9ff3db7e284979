"""The journal's cases: the incidents that were opened on this machine, and what is known of their outside parts."""

from __future__ import annotations

import uuid
from datetime import datetime

from cockpit.engine.journal_file import JournalFile
from cockpit.engine.view import Case

CASES = """
CREATE TABLE IF NOT EXISTS cases (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, incident_id TEXT UNIQUE, number INTEGER,
    channel_id TEXT, channel_name TEXT, opened_at TEXT NOT NULL);
"""


class Cases(JournalFile):
    """The part of the journal that holds cases."""

    def new_case(self, title: str, now: datetime, incident_id: str | None = None, number: int | None = None) -> Case:
        """Begin a case. If the `incident_id` has one already, that one is returned instead."""
        with self._transaction() as db:
            if incident_id is not None:
                row = db.execute("SELECT key FROM cases WHERE incident_id = ?", (incident_id,)).fetchone()
                if row is not None:
                    return self._case(row[0])
            key = uuid.uuid4().hex
            db.execute(
                "INSERT INTO cases (key, title, incident_id, number, opened_at) VALUES (?, ?, ?, ?, ?)",
                (key, title, incident_id, number, now.isoformat()),
            )
        return Case(key=key, title=title, incident_id=incident_id, number=number)

    def _case(self, key: str) -> Case:
        row = self._db.execute(
            "SELECT key, title, incident_id, number, channel_id, channel_name FROM cases WHERE key = ?",
            (key,),
        ).fetchone()
        return Case(*row)

    def case(self, key: str) -> Case:
        """The case with that key. Raises `KeyError` if there is none."""
        if self._db.execute("SELECT 1 FROM cases WHERE key = ?", (key,)).fetchone() is None:
            raise KeyError(key)
        return self._case(key)

    def cases(self) -> tuple[Case, ...]:
        """All cases, the one opened last first."""
        rows = self._db.execute("SELECT key FROM cases ORDER BY opened_at DESC, rowid DESC").fetchall()
        return tuple(self._case(row[0]) for row in rows)

    def save_case(self, case: Case) -> None:
        """Keep what was learnt about the case's outside parts; what another process learnt meanwhile stays.

        Waits for no other process (`Busy`), as it is learnt again.
        """
        with self._transaction(patient=False) as db:
            db.execute(
                "UPDATE cases SET title = ?, incident_id = coalesce(?, incident_id), number = coalesce(?, number),"
                " channel_id = coalesce(?, channel_id), channel_name = coalesce(?, channel_name) WHERE key = ?",
                (case.title, case.incident_id, case.number, case.channel_id, case.channel_name, case.key),
            )

    def touch_case(self, key: str, now: datetime) -> None:
        """Remember that the case was opened now, so that it is offered first next time. Waits for no other process."""
        with self._transaction(patient=False) as db:
            db.execute("UPDATE cases SET opened_at = ? WHERE key = ?", (now.isoformat(), key))
