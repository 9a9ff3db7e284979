"""The journal: what a person meant, how each delivery of it stands, their drafts, and the last known facts.

When a method returns, what it wrote survives a power cut (see `journal_file`). One transaction per transition. The
journal is an outbox and a cache; the truth is in the services and the channel. Several processes on one machine may
open it at once; only the holder of a case's lock delivers (see `outbox`).
"""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from cockpit.engine.journal_file import Damaged, JournalFile
from cockpit.engine.view import Case, DeliveryState, Part
from cockpit.incident.facts import Snapshot

MESSAGES_KEPT = 300
"""How many of the channel's newest messages the saved snapshot holds: enough for the first paint, quick to load."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, incident_id TEXT UNIQUE, number INTEGER,
    channel_id TEXT, channel_name TEXT, opened_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS actions (
    id TEXT PRIMARY KEY, case_key TEXT NOT NULL REFERENCES cases(key), kind TEXT NOT NULL, step TEXT,
    actor TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL, seal TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, action_id TEXT NOT NULL REFERENCES actions(id), part TEXT NOT NULL,
    destination TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, changed_at TEXT NOT NULL,
    sent_at TEXT, not_before TEXT, baseline TEXT NOT NULL DEFAULT '{}', outcome TEXT NOT NULL DEFAULT '{}',
    error TEXT, held INTEGER NOT NULL DEFAULT 0, asks INTEGER NOT NULL DEFAULT 0, looks INTEGER NOT NULL DEFAULT 0,
    UNIQUE (action_id, part));
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (state, destination, seq);
CREATE TABLE IF NOT EXISTS drafts (
    case_key TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, saved_at TEXT NOT NULL,
    PRIMARY KEY (case_key, key));
CREATE TABLE IF NOT EXISTS snapshots (case_key TEXT PRIMARY KEY, body BLOB NOT NULL, saved_at TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Action:
    """What a person meant: immutable from the moment it is journalled. `at` is when they did it (UTC)."""

    id: str
    case_key: str
    kind: str
    step: str | None
    actor: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery as the journal holds it, with its action.

    `sent_at` is when the last attempt began (the transition to *sending*). `baseline` is what was read right before
    it, so that the write can be told from what was there already. `outcome` is what the service answered, small and
    plain. `attempts` counts transitions to *sending*; `looks` the look-ups since the outcome became unknown.
    """

    seq: int
    action: Action
    part: Part
    destination: str
    state: DeliveryState
    attempts: int
    changed_at: datetime
    sent_at: datetime | None
    not_before: datetime | None
    baseline: Mapping[str, Any]
    outcome: Mapping[str, Any]
    error: str | None
    held: bool
    asks: bool
    looks: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A text being written, as last saved; `data` is what it is bound to (ticket, purpose, recipient)."""

    key: str
    text: str
    data: Mapping[str, Any]
    saved_at: datetime


class Journal(JournalFile):
    """The journal in one file (see `JournalFile` for what becomes of a damaged one).

    Every writing method raises `NotSaved` if what it was to keep can't be kept.
    """

    schema = _SCHEMA

    def _legible(self, db: sqlite3.Connection) -> None:
        try:
            for *columns, seal in db.execute(f"SELECT {_ACTION}, seal FROM actions"):  # noqa: S608
                if _seal(columns) != seal:
                    raise Damaged(f"an action isn't what was written ({columns[0]!r})")
            for row in db.execute(_ENTRY):
                _entry(row)
            for (data,) in db.execute("SELECT data FROM drafts"):
                _decode(data)
        except (ValueError, TypeError, sqlite3.OperationalError) as error:
            if hasattr(error, "sqlite_errorcode"):  # SQLite's own trouble; text that isn't UTF-8 is Python's
                raise
            raise Damaged(f"a line can't be read: {error}") from error

    # --- cases ---------------------------------------------------------------------------------------------------

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
        """Keep what was learnt about the case's outside parts; what another process learnt meanwhile stays."""
        with self._transaction() as db:
            db.execute(
                "UPDATE cases SET title = ?, incident_id = coalesce(?, incident_id), number = coalesce(?, number),"
                " channel_id = coalesce(?, channel_id), channel_name = coalesce(?, channel_name) WHERE key = ?",
                (case.title, case.incident_id, case.number, case.channel_id, case.channel_name, case.key),
            )

    def touch_case(self, key: str, now: datetime) -> None:
        """Remember that the case was opened now, so that it is offered first next time."""
        with self._transaction() as db:
            db.execute("UPDATE cases SET opened_at = ? WHERE key = ?", (now.isoformat(), key))

    # --- actions and their deliveries ------------------------------------------------------------------------------

    def add(self, action: Action, part: Part, destination: str) -> int:
        """Journal an action with its first delivery, queued. Returns the delivery's `seq`."""
        with self._transaction() as db:
            columns = (action.id, action.case_key, action.kind, action.step, action.actor, action.at.isoformat(),
                       _encode(action.data))  # fmt: skip
            db.execute(
                f"INSERT INTO actions ({_ACTION}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (*columns, _seal(columns)),
            )
            return self._queue(db, action.id, part, destination, action.at)

    @staticmethod
    def _queue(db: sqlite3.Connection, action_id: str, part: Part, destination: str, now: datetime) -> int:
        cursor = db.execute(
            "INSERT INTO deliveries (action_id, part, destination, state, changed_at) VALUES (?, ?, ?, ?, ?)",
            (action_id, part, destination, DeliveryState.QUEUED, now.isoformat()),
        )
        return int(cursor.lastrowid or 0)

    def entries(self, case_key: str, *, open_only: bool = False) -> tuple[Entry, ...]:
        """The case's deliveries in the order in which they were queued; `open_only`: those not *done*."""
        query = _ENTRY + " WHERE a.case_key = ?" + (" AND d.state != 'done'" if open_only else "") + " ORDER BY d.seq"
        return tuple(_entry(row) for row in self._db.execute(query, (case_key,)))

    def entry(self, seq: int) -> Entry:
        """One delivery. Raises `KeyError` if there is none."""
        row = self._db.execute(_ENTRY + " WHERE d.seq = ?", (seq,)).fetchone()
        if row is None:
            raise KeyError(seq)
        return _entry(row)

    def outcome(self, action_id: str) -> Mapping[str, Any]:
        """What the service answered to the action's effect; empty if it has none or isn't done."""
        row = self._db.execute(
            "SELECT outcome FROM deliveries WHERE action_id = ? AND part = ?", (action_id, Part.EFFECT)
        ).fetchone()
        return {} if row is None else _decode(row[0])

    def sending(self, seq: int, baseline: Mapping[str, Any], now: datetime) -> None:
        """The transition that must be on disk before the first byte leaves."""
        self._set(seq, now, state=DeliveryState.SENDING, baseline=_encode(baseline), sent_at=now.isoformat(),
                  error=None, held=0, asks=0, looks=0, not_before=None, _attempt=True)  # fmt: skip

    def requeue(self, seq: int, now: datetime, error: str | None = None, not_before: datetime | None = None, *,
                known: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        """Nothing arrived: try again, not before the given time. `known` will be part of the outcome."""
        self._set(seq, now, state=DeliveryState.QUEUED, error=error, held=0, asks=0,
                  not_before=not_before.isoformat() if not_before else None,
                  **({} if known is None else {"outcome": _encode(known)}))  # fmt: skip

    def refuse(self, seq: int, now: datetime, error: str, *, held: bool = False) -> None:
        """The service said no, or (`held`) a guard did before anything went out."""
        self._set(seq, now, state=DeliveryState.REFUSED, error=error, held=int(held))

    def unknown(self, seq: int, now: datetime, error: str, *, asks: bool = False, not_before: datetime | None = None,
                looks: int = 0) -> None:  # fmt: skip
        """Sent, with no proper answer. `asks`: look-ups can't tell, a person must. `looks`: how many there were."""
        self._set(seq, now, state=DeliveryState.UNKNOWN, error=error, asks=int(asks),
                  not_before=not_before.isoformat() if not_before else None, looks=looks)  # fmt: skip

    def done(self, seq: int, now: datetime, outcome: Mapping[str, Any], note_to: str | None = None,
             forget: tuple[str, str] | None = None) -> None:  # fmt: skip
        """It arrived. In the same transaction, so that no crash falls between:

        with `note_to` the action's note is queued for there (one, ever); with `forget` the case's draft of that key
        goes, if it still has that text.
        """
        with self._transaction() as db:
            (action_id, known) = db.execute(
                "SELECT action_id, outcome FROM deliveries WHERE seq = ?", (seq,)
            ).fetchone()
            outcome = {**_decode(known), **outcome}
            self._update(db, seq, now, {"state": DeliveryState.DONE, "outcome": _encode(outcome), "error": None,
                                        "held": 0, "asks": 0, "not_before": None})  # fmt: skip
            if forget is not None:
                db.execute(
                    "DELETE FROM drafts WHERE key = ? AND text = ?"
                    " AND case_key = (SELECT case_key FROM actions WHERE id = ?)",
                    (*forget, action_id),
                )
            if note_to is not None:
                already = db.execute(
                    "SELECT 1 FROM deliveries WHERE action_id = ? AND part = ?", (action_id, Part.NOTE)
                ).fetchone()
                if already is None:
                    self._queue(db, action_id, Part.NOTE, note_to, now)

    def drop(self, seq: int) -> None:
        """A person gave up a delivery that never went out. Its action goes too if nothing else of it is left."""
        with self._transaction() as db:
            (action_id,) = db.execute("SELECT action_id FROM deliveries WHERE seq = ?", (seq,)).fetchone()
            db.execute("DELETE FROM deliveries WHERE seq = ?", (seq,))
            db.execute(
                "DELETE FROM actions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE action_id = ?)",
                (action_id, action_id),
            )

    def resume(self, case_key: str, look_at: datetime) -> None:
        """Don't go on waiting for what another process had backed off from: a person has just started this one.

        What is queued may go at once; what is unknown may be looked up at `look_at`.
        """
        ours = "action_id IN (SELECT id FROM actions WHERE case_key = ?)"
        with self._transaction() as db:
            db.execute(f"UPDATE deliveries SET not_before = NULL WHERE state = 'queued' AND {ours}", (case_key,))  # noqa: S608
            db.execute(
                f"UPDATE deliveries SET not_before = ? WHERE state = 'unknown' AND not_before > ? AND {ours}",  # noqa: S608
                (look_at.isoformat(), look_at.isoformat(), case_key),
            )

    def orphaned(self, case_key: str, now: datetime) -> int:
        """Turn deliveries that a dead process left in *sending* into *unknown*. Returns how many."""
        with self._transaction() as db:
            return db.execute(
                "UPDATE deliveries SET state = 'unknown', changed_at = ?, not_before = NULL, looks = 0,"
                " error = 'The cockpit stopped while this was on its way.'"
                " WHERE state = 'sending' AND action_id IN (SELECT id FROM actions WHERE case_key = ?)",
                (now.isoformat(), case_key),
            ).rowcount

    def _set(self, seq: int, now: datetime, **columns: Any) -> None:
        with self._transaction() as db:
            self._update(db, seq, now, columns)

    @staticmethod
    def _update(db: sqlite3.Connection, seq: int, now: datetime, columns: Mapping[str, Any]) -> None:
        assignments = ["changed_at = ?"]
        values: list[Any] = [now.isoformat()]
        for name, value in columns.items():
            if name == "_attempt":
                assignments.append("attempts = attempts + 1")
            else:
                assignments.append(f"{name} = ?")
                values.append(value)
        # Column names come from this module alone, values are bound.
        db.execute(f"UPDATE deliveries SET {', '.join(assignments)} WHERE seq = ?", (*values, seq))  # noqa: S608

    # --- drafts and the last known facts ---------------------------------------------------------------------------

    def save_draft(self, case_key: str, draft: Draft) -> None:
        """Keep a draft; it replaces the one of the same key."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO drafts (case_key, key, text, data, saved_at) VALUES (?, ?, ?, ?, ?)",
                (case_key, draft.key, draft.text, _encode(draft.data), draft.saved_at.isoformat()),
            )

    def draft(self, case_key: str, key: str) -> Draft | None:
        """The draft of that key, or None."""
        row = self._db.execute(
            "SELECT key, text, data, saved_at FROM drafts WHERE case_key = ? AND key = ?", (case_key, key)
        ).fetchone()
        return None if row is None else Draft(row[0], row[1], _decode(row[2]), datetime.fromisoformat(row[3]))

    def drop_draft(self, case_key: str, key: str) -> None:
        """Forget a draft: its text is known to have arrived, or its writer threw it away."""
        with self._transaction() as db:
            db.execute("DELETE FROM drafts WHERE case_key = ? AND key = ?", (case_key, key))

    def save_snapshot(self, case_key: str, snapshot: Snapshot, now: datetime) -> None:
        """Keep the last known facts for the next start's first paint (the newest messages only)."""
        if snapshot.slack is not None and len(snapshot.slack.messages) > MESSAGES_KEPT:
            kept = snapshot.slack.messages[-MESSAGES_KEPT:]
            snapshot = replace(snapshot, slack=replace(snapshot.slack, messages=kept))
        with self._transaction() as db:
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


_ACTION = "id, case_key, kind, step, actor, at, data"


def _seal(columns: Sequence[str | None]) -> str:
    """What shows later whether an action still is what a person meant: SQLite doesn't notice a changed letter."""
    return hashlib.blake2b(msgspec.json.encode(columns), digest_size=8).hexdigest()


_ENTRY = """
SELECT d.seq, d.part, d.destination, d.state, d.attempts, d.changed_at, d.sent_at, d.not_before, d.baseline, d.outcome,
       d.error, d.held, d.asks, d.looks, a.id, a.case_key, a.kind, a.step, a.actor, a.at, a.data
FROM deliveries d JOIN actions a ON a.id = d.action_id"""


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        seq=row[0],
        part=Part(row[1]),
        destination=row[2],
        state=DeliveryState(row[3]),
        attempts=row[4],
        changed_at=datetime.fromisoformat(row[5]),
        sent_at=datetime.fromisoformat(row[6]) if row[6] else None,
        not_before=datetime.fromisoformat(row[7]) if row[7] else None,
        baseline=_decode(row[8]),
        outcome=_decode(row[9]),
        error=row[10],
        held=bool(row[11]),
        asks=bool(row[12]),
        looks=row[13],
        action=Action(
            id=row[14],
            case_key=row[15],
            kind=row[16],
            step=row[17],
            actor=row[18],
            at=datetime.fromisoformat(row[19]),
            data=_decode(row[20]),
        ),
    )


def _plain(value: object) -> object:
    """What msgspec can't encode by itself: a mapping that isn't a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a snapshot holds a {type(value).__name__}, which can't be saved")


def _encode(data: Mapping[str, Any]) -> str:
    return msgspec.json.encode(data).decode()


def _decode(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])
