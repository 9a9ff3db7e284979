"""What the journal keeps for who comes back: texts being written, and the facts last known of each case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from cockpit.engine.journal_file import JournalFile, decode, encode
from cockpit.incident.facts import Snapshot

MESSAGES_KEPT = 300
"""How many of the channel's newest messages the saved snapshot holds: enough for the first paint, quick to load."""

DRAFTS = """
CREATE TABLE IF NOT EXISTS drafts (
    case_key TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, saved_at TEXT NOT NULL,
    PRIMARY KEY (case_key, key));
CREATE TABLE IF NOT EXISTS snapshots (case_key TEXT PRIMARY KEY, body BLOB NOT NULL, saved_at TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text being written, as last saved; `data` is what it is bound to (ticket, purpose, recipient)."""

    key: str
    text: str
    data: Mapping[str, Any]
    saved_at: datetime


class Drafts(JournalFile):
    """The part of the journal that holds drafts and the last known facts."""

    def save_draft(self, case_key: str, draft: Draft) -> None:
        """Keep a draft; it replaces the one of the same key."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO drafts (case_key, key, text, data, saved_at) VALUES (?, ?, ?, ?, ?)",
                (case_key, draft.key, draft.text, encode(draft.data), draft.saved_at.isoformat()),
            )

    def draft(self, case_key: str, key: str) -> Draft | None:
        """The draft of that key, or None."""
        row = self._db.execute(
            "SELECT key, text, data, saved_at FROM drafts WHERE case_key = ? AND key = ?", (case_key, key)
        ).fetchone()
        return None if row is None else Draft(row[0], row[1], decode(row[2]), datetime.fromisoformat(row[3]))

    def drop_draft(self, case_key: str, key: str) -> None:
        """Forget a draft: its text is known to have arrived, or its writer threw it away."""
        with self._transaction() as db:
            db.execute("DELETE FROM drafts WHERE case_key = ? AND key = ?", (case_key, key))

    def scrub_drafts(self, scrub: Callable[[str], str]) -> None:
        """Keep each draft as `scrub` leaves it: one that was saved before a secret in it was known."""
        drafts = self._db.execute("SELECT case_key, key, text, data FROM drafts").fetchall()
        masked = [(scrub(text), scrub(data), case, key) for case, key, text, data in drafts]
        held = [one for one, was in zip(masked, drafts, strict=True) if one[:2] != was[2:]]
        if held:
            with self._transaction() as db:
                db.executemany("UPDATE drafts SET text = ?, data = ? WHERE case_key = ? AND key = ?", held)
            self._forget_pages()

    def save_snapshot(self, case_key: str, snapshot: Snapshot, now: datetime) -> None:
        """Keep the last known facts for the next start's first paint (the newest messages only).

        Waits for no other process (`Busy`), as they are read again.
        """
        if snapshot.slack is not None and len(snapshot.slack.messages) > MESSAGES_KEPT:
            kept = snapshot.slack.messages[-MESSAGES_KEPT:]
            snapshot = replace(snapshot, slack=replace(snapshot.slack, messages=kept))
        with self._transaction(patient=False) as db:
            db.execute(
                "INSERT OR REPLACE INTO snapshots (case_key, body, saved_at) VALUES (?, ?, ?)",
                (case_key, msgspec.json.encode(snapshot, enc_hook=_plain), now.isoformat()),
            )

    def snapshot(self, case_key: str) -> tuple[Snapshot, datetime] | None:
        """The facts saved last and when; None if there are none, or if an older version saved them in another shape."""
        row = self._db.execute("SELECT body, saved_at FROM snapshots WHERE case_key = ?", (case_key,)).fetchone()
        if row is None:
            return None
        try:
            return msgspec.json.decode(row[0], type=Snapshot), datetime.fromisoformat(row[1])
        except (msgspec.DecodeError, ValueError):
            return None


def _plain(value: object) -> object:
    """What msgspec can't encode by itself: a mapping that isn't a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a snapshot holds a {type(value).__name__}, which can't be saved")
