"""Commands that are being run or were, until their note is in the journal.

One action, one note: a command is told once it has ended. So that it isn't lost when the cockpit that watches it is
killed, each has a file of its own from before it starts: a line when it begins, another when it ends. Its watcher
holds a lock on the file; a file whose lock is free and that has no second line is a command whose end nobody saw. A
file and not the journal, since which incident the command belongs to may not be known yet.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cockpit.engine.actions.kind import NOTES
from cockpit.engine.view import Part
from cockpit.private_file import open_private, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cockpit.engine.journal import Journal
    from cockpit.engine.view import Case

ADOPTED_WITHIN = timedelta(hours=12)
"""How long a command that belonged to no incident waits for one to be opened; then it is forgotten."""


@dataclass(frozen=True, slots=True)
class Run:
    """A command: `command` as it may be told, `incident` as the person named it, if they did, `case` where it is
    known. `exit` and `ended` are None until it has ended."""

    id: str
    command: str
    actor: str
    begun: datetime
    incident: str | None = None
    case: str | None = None
    exit: int | None = None
    ended: datetime | None = None
    seconds: float = 0.0
    tail: str = ""


@dataclass(slots=True)
class Runs:
    """The commands whose note isn't in the journal yet, in `folder`."""

    folder: Path
    _held: dict[str, int] = field(default_factory=dict)

    def begin(self, run: Run) -> None:
        """Keep the run; durable when this returns. Raises `OSError`."""
        private_folder(self.folder)
        held = open_private(self._path(run.id), os.O_EXCL | os.O_RDWR | os.O_APPEND)
        self._held[run.id] = held
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _append(held, run)

    def end(self, run: Run) -> None:
        """Keep how it ended; durable when this returns. Raises `OSError`."""
        _append(self._held[run.id], run)

    def leave(self) -> None:
        """Let go of the runs begun here, so that whoever opens their incident can book them."""
        for held in self._held.values():
            os.close(held)
        self._held.clear()

    def book(self, run: Run, case: Case, journal: Journal) -> None:
        """Put the run's note into the journal, once, and forget its file."""
        from cockpit.engine.journal import Action

        data = {"command": run.command, "exit": run.exit, "seconds": round(run.seconds, 1), "tail": run.tail}
        action = Action(run.id, case.key, "run", None, run.actor, run.ended or run.begun, data)
        with suppress(sqlite3.IntegrityError):  # booked before, by one that was stopped before it forgot the file
            journal.add(action, Part.NOTE, NOTES)
        self.forget(run)

    def forget(self, run: Run) -> None:
        """Remove the run's file."""
        self._path(run.id).unlink(missing_ok=True)
        if (held := self._held.pop(run.id, None)) is not None:
            os.close(held)

    def book_for(self, case: Case, journal: Journal, now: datetime) -> None:
        """Book the runs that nobody watches any more and that belong to the case, or to no incident yet."""
        for run in self.unwatched():
            named = run.case or run.incident
            if named is None and now - run.begun > ADOPTED_WITHIN:
                self.forget(run)
            elif named is None or named.removeprefix("#") in (case.key, case.incident_id, str(case.number)):
                self.book(run, case, journal)

    def unwatched(self) -> Iterator[Run]:
        """The runs whose watcher is gone, oldest first."""
        found = [run for path in self.folder.glob("*.jsonl") if (run := _read(path)) is not None]
        yield from sorted(found, key=lambda run: (run.begun, run.id))

    def _path(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.jsonl"


def _append(held: int, run: Run) -> None:
    line = json.dumps(asdict(run), default=datetime.isoformat) + "\n"
    os.write(held, line.encode())
    os.fsync(held)


def _read(path: Path) -> Run | None:
    """The run in a file that nobody holds; None where somebody does, or where nothing whole was written."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lines = file.read().split(b"\n")[:-1]  # what has no line end wasn't written to its end
    except (FileNotFoundError, BlockingIOError):
        return None
    for line in reversed(lines):
        try:
            values: dict[str, Any] = json.loads(line)
            run = Run(**values)
            ended = values["ended"]
            return replace(
                run,
                begun=datetime.fromisoformat(values["begun"]),
                ended=datetime.fromisoformat(ended) if ended else None,
            )
        except (ValueError, TypeError, KeyError):
            continue
    return None
