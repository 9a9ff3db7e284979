"""The journal's file: opened privately, checked, set aside if it is damaged; and transactions that hold or fail whole.

SQLite in WAL mode with `synchronous=FULL`: when a transaction is over, what it wrote survives a power cut. What can't
be written is said so (`NotSaved`), and nothing of it is there.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cockpit.private_file import open_private, private_folder

VERSION = 1
"""Of the schema (SQLite's `user_version`). A file of another version is set aside, not guessed at."""

BUSY = 5.0
"""Seconds to wait for another process's transaction, each of which takes milliseconds."""

CACHE = 64
"""KiB of its pages that SQLite keeps in memory; by itself it keeps 2,000, and fills them as an incident goes on.

The system has the file in memory anyway: six hundred actions are read as fast with 64 as with 512."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class NotSaved(OSError):
    """The journal can't be written: the disk is full, or the file or its folder is read-only. Nothing was kept.

    As text it is a sentence for a person; `filename` is the journal's.
    """

    def __init__(self, path: Path, error: Exception) -> None:
        self.reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        words = f"the journal can't be written ({self.reason}): mend that, or look on with --read-only"
        super().__init__(errno.EIO, words, str(path))

    def __str__(self) -> str:
        return f"Not saved: the journal in {Path(self.filename).parent} can't be written ({self.reason})."


class Busy(NotSaved):
    """Another process holds the journal, and this one doesn't wait: it is to be tried again soon (see `writing`)."""


class Damaged(Exception):
    """What the file holds can't be what was written; the message says what was found."""


class JournalFile:
    """One SQLite file. Not shared between threads: each thread or process opens its own.

    A damaged file is set aside (never deleted) and a new one begun; `notice` then says so. A subclass gives the
    `schema`, and reads everything once in `_legible`, which raises `Damaged` for what SQLite itself can't see.

    With `kept` False what is written goes into a copy in memory and is gone with it; so who only looks on needs no disk
    that can be written.

    Raises `NotSaved` if it is to be kept, and the folder or the file can't be made or written.
    """

    schema: str

    def __init__(self, path: Path, *, kept: bool = True) -> None:
        self.path = path
        self.kept = kept
        self.notice: str | None = None
        self._hurried = False
        try:
            private_folder(path.parent)
            self._db = self._opened() if kept else _in_memory(self._opened())
        except (OSError, sqlite3.Error) as error:
            if kept:
                raise NotSaved(path, error) from error
            self._db = sqlite3.connect(":memory:", isolation_level=None)
            self._check(self._db)

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except Damaged as damage:
            aside = self._set_aside()
            self.notice = (
                f"The journal was damaged ({damage}) and was set aside as {aside.name}. What the channel's log holds "
                "is read again from Slack. What hadn't gone out yet and drafts are only in the old file: check what "
                "you did last."
            )
            return self._open()

    def _open(self) -> sqlite3.Connection:
        # The file is made before SQLite opens it, so that it never exists with a wider mode than 0600:
        # SQLite gives its -wal and -shm files the mode of the database.
        os.close(open_private(self.path, os.O_RDWR))
        db = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None)
        try:
            self._check(db)
        except UnicodeError as error:  # of SQLite's own words, which quote the damaged place
            db.close()
            raise Damaged(str(error)) from error
        except sqlite3.DatabaseError as error:
            db.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                raise Damaged(str(error)) from error
            raise
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        db.execute(f"PRAGMA cache_size=-{CACHE}")
        db.execute("PRAGMA secure_delete=ON")  # what was dropped or masked is gone from the file too
        broken = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if broken != "ok":
            raise Damaged(str(broken).splitlines()[0])
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and version != VERSION:
            raise Damaged(f"it is of version {version}, and this is a cockpit of version {VERSION}")
        if not tables:
            # In one transaction: a process that dies in it leaves an empty file, not half a schema.
            db.executescript(f"BEGIN IMMEDIATE; {self.schema} PRAGMA user_version = {VERSION}; COMMIT;")
        self._legible(db)
        self._complete(db)

    def _legible(self, db: sqlite3.Connection) -> None:
        """Read all that was written, once. Raises `Damaged`."""

    def _complete(self, db: sqlite3.Connection) -> None:
        """Add what a file lacks that an older cockpit of the same version of the schema wrote."""

    def _set_aside(self) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            companion = self.path.with_name(self.path.name + suffix)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + suffix))
        return aside

    def hurry(self) -> None:
        """From now on wait for no other process: what can't be written at once raises `Busy`."""
        self._hurried = True

    def _wait_for_others(self, seconds: float) -> None:
        self._db.execute(f"PRAGMA busy_timeout = {1000 * seconds:.0f}")

    def free(self) -> None:
        """Write nothing. Raises as any write would: `Busy` while another process holds the journal."""
        with self._transaction():
            pass

    def close(self) -> None:
        """Close the file; everything was durable before."""
        self._db.close()

    @contextmanager
    def _transaction(self, *, patient: bool = True) -> Iterator[sqlite3.Connection]:
        """All of it, durable, or nothing. Raises `NotSaved`; if not `patient`, or once `hurry` was called, `Busy`."""
        hurried = self._hurried or not patient
        try:
            self._wait_for_others(0 if hurried else BUSY)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            held = hurried and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            raise (Busy if held else NotSaved)(self.path, error) from error

    def _forget_pages(self) -> None:
        """Empty the write-ahead log, where a page's earlier contents stand. Another process's reader may keep it."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def version(self) -> int:
        """A number that changes when *another* connection has written (SQLite's `data_version`)."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])


def encode(data: Mapping[str, Any]) -> str:
    """Small plain values as a column holds them."""
    try:
        return msgspec.json.encode(data).decode()
    except UnicodeEncodeError:
        # A word of a command line that isn't UTF-8 has halves of surrogate pairs in it.
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()


def decode(text: str) -> dict[str, Any]:
    """The same read back. Raises `ValueError`."""
    return msgspec.json.decode(text, type=dict[str, Any])


def _in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    """A copy of the database as it is now, which nobody else sees; the file is closed."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    db.backup(copy)
    db.close()
    copy.execute("PRAGMA foreign_keys=ON")
    return copy
