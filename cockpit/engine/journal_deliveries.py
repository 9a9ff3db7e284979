"""The journal's actions and deliveries: what a person meant, and how each delivery of it stands.

One transaction per transition, and in it the line that tells it to the audit.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from cockpit.engine.audit import Event, event_of
from cockpit.engine.journal_audit import AuditTrail
from cockpit.engine.journal_file import Damaged, decode, encode
from cockpit.engine.view import DeliveryState, Part

DELIVERIES = """
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


class Deliveries(AuditTrail):
    """The part of the journal that holds actions and their deliveries.

    `by` is the person who brought a transition about otherwise than by acting: who gave up, or settled, a delivery.
    """

    def add(self, action: Action, part: Part, destination: str) -> int:
        """Journal an action with its first delivery, queued. Returns the delivery's `seq`."""
        with self._transaction() as db:
            columns = (action.id, action.case_key, action.kind, action.step, action.actor, action.at.isoformat(),
                       encode(action.data))  # fmt: skip
            db.execute(
                f"INSERT INTO actions ({_ACTION}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (*columns, _seal(columns)),
            )
            return self._queue(db, Event.JOURNALLED, action.id, part, destination, action.at)

    def _queue(
        self, db: sqlite3.Connection, event: Event, action_id: str, part: Part, destination: str, now: datetime
    ) -> int:  # fmt: skip
        cursor = db.execute(
            "INSERT INTO deliveries (action_id, part, destination, state, changed_at) VALUES (?, ?, ?, ?, ?)",
            (action_id, part, destination, DeliveryState.QUEUED, now.isoformat()),
        )
        seq = int(cursor.lastrowid or 0)
        self._tell(db, event, self.entry(seq), now)
        return seq

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
        return {} if row is None else decode(row[0])

    def sending(self, seq: int, baseline: Mapping[str, Any], now: datetime) -> None:
        """The transition that must be on disk before the first byte leaves."""
        self._set(seq, now, state=DeliveryState.SENDING, baseline=encode(baseline), sent_at=now.isoformat(),
                  error=None, held=0, asks=0, looks=0, not_before=None, _attempt=True)  # fmt: skip

    def requeue(self, seq: int, now: datetime, error: str | None = None, not_before: datetime | None = None, *,
                known: Mapping[str, Any] | None = None, by: str | None = None) -> None:  # fmt: skip
        """Nothing arrived: try again, not before the given time. `known` will be part of the outcome."""
        self._set(seq, now, by, state=DeliveryState.QUEUED, error=error, held=0, asks=0,
                  not_before=not_before.isoformat() if not_before else None,
                  **({} if known is None else {"outcome": encode(known)}))  # fmt: skip

    def refuse(self, seq: int, now: datetime, error: str, *, held: bool = False) -> None:
        """The service said no, or (`held`) a guard did before anything went out."""
        self._set(seq, now, state=DeliveryState.REFUSED, error=error, held=int(held))

    def unknown(self, seq: int, now: datetime, error: str, *, asks: bool = False, not_before: datetime | None = None,
                looks: int = 0) -> None:  # fmt: skip
        """Sent, with no proper answer. `asks`: look-ups can't tell, a person must. `looks`: how many there were."""
        self._set(seq, now, state=DeliveryState.UNKNOWN, error=error, asks=int(asks),
                  not_before=not_before.isoformat() if not_before else None, looks=looks)  # fmt: skip

    def done(self, seq: int, now: datetime, outcome: Mapping[str, Any], note_to: str | None = None,
             forget: tuple[str, str] | None = None, by: str | None = None) -> None:  # fmt: skip
        """It arrived. In the same transaction, so that no crash falls between:

        with `note_to` the action's note is queued for there (one, ever); with `forget` the case's draft of that key
        goes, if it still has that text.
        """
        with self._transaction() as db:
            (action_id, known) = db.execute(
                "SELECT action_id, outcome FROM deliveries WHERE seq = ?", (seq,)
            ).fetchone()
            outcome = {**decode(known), **outcome}
            self._update(db, seq, now, {"state": DeliveryState.DONE, "outcome": encode(outcome), "error": None,
                                        "held": 0, "asks": 0, "not_before": None}, by)  # fmt: skip
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
                    self._queue(db, Event.QUEUED, action_id, Part.NOTE, note_to, now)

    def drop(self, seq: int, now: datetime, by: str) -> None:
        """A person gave up a delivery that never went out. Its action goes too if nothing else of it is left."""
        with self._transaction() as db:
            entry = replace(self.entry(seq), held=False, asks=False, error=None)
            self._tell(db, Event.DROPPED, entry, now, by)
            action_id = entry.action.id
            db.execute("DELETE FROM deliveries WHERE seq = ?", (seq,))
            db.execute(
                "DELETE FROM actions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE action_id = ?)",
                (action_id, action_id),
            )
        self._forget_pages()

    def resume(self, case_key: str, look_at: datetime, service: str = "") -> None:
        """Don't go on waiting for what was backed off from: a person has just started, or that service came back.

        What is queued may go at once; what is unknown may be looked up at `look_at`. Without a `service` all of it.
        """
        ours = "destination LIKE ? AND action_id IN (SELECT id FROM actions WHERE case_key = ?)"
        which = (f"{service}%", case_key)
        with self._transaction() as db:
            db.execute(f"UPDATE deliveries SET not_before = NULL WHERE state = 'queued' AND {ours}", which)  # noqa: S608
            db.execute(
                f"UPDATE deliveries SET not_before = ? WHERE state = 'unknown' AND not_before > ? AND {ours}",  # noqa: S608
                (look_at.isoformat(), look_at.isoformat(), *which),
            )

    def orphaned(self, case_key: str, now: datetime) -> int:
        """Turn deliveries that a dead process left in *sending* into *unknown*. Returns how many."""
        with self._transaction() as db:
            ours = "state = 'sending' AND action_id IN (SELECT id FROM actions WHERE case_key = ?)"
            left = db.execute(f"SELECT seq FROM deliveries WHERE {ours} ORDER BY seq", (case_key,)).fetchall()  # noqa: S608
            db.execute(
                "UPDATE deliveries SET state = 'unknown', changed_at = ?, not_before = NULL, looks = 0,"  # noqa: S608
                f" error = 'The cockpit stopped while this was on its way.' WHERE {ours}",
                (now.isoformat(), case_key),
            )
            for (seq,) in left:
                self._tell(db, Event.ORPHANED, self.entry(seq), now)
            return len(left)

    def _set(self, seq: int, now: datetime, by: str | None = None, **columns: Any) -> None:
        with self._transaction() as db:
            self._update(db, seq, now, columns, by)

    def _update(
        self, db: sqlite3.Connection, seq: int, now: datetime, columns: Mapping[str, Any], by: str | None = None
    ) -> None:  # fmt: skip
        """Change a delivery, and tell it to the audit if it is to a person another than it was."""
        before = self.entry(seq)
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
        after = self.entry(seq)
        if (event := event_of(before, after, by)) is not None:
            self._tell(db, event, after, now, by)


def read_deliveries(db: sqlite3.Connection) -> list[Entry]:
    """All deliveries of all cases, in their order. Raises `Damaged` for an action that isn't what a person meant."""
    for *columns, seal in db.execute(f"SELECT {_ACTION}, seal FROM actions"):  # noqa: S608
        if _seal(columns) != seal:
            raise Damaged(f"an action isn't what was written ({columns[0]!r})")
    return [_entry(row) for row in db.execute(_ENTRY + " ORDER BY d.seq")]


_ACTION = "id, case_key, kind, step, actor, at, data"


def _seal(columns: Sequence[str | None]) -> str:
    """What shows at every opening whether an action still is what a person meant, before it goes out.

    SQLite doesn't notice a changed letter. The audit would, but its check reads all that ever happened.
    """
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
        baseline=decode(row[8]),
        outcome=decode(row[9]),
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
            data=decode(row[20]),
        ),
    )
