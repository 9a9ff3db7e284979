"""A text lent to the person's editor: a file of its own until what the editor saved in it is a draft.

It lies in the state folder and not among temporary files, since the cockpit may be killed while the editor goes on:
what was saved last is taken up by the next one. Who lends it holds a lock beside it, so that nobody takes it before.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.private_file import open_private, private_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "editing"
"""Below the state folder."""


class LentAlready(Exception):
    """Another cockpit on this machine has lent the text to an editor that is still open."""


@dataclass(frozen=True, slots=True)
class LentText:
    """The file at `path`, and the lock on it."""

    path: Path
    _lock: int

    def text(self) -> str:
        """What the editor has saved. Raises OSError."""
        return _read(self.path)

    def give_back(self) -> None:
        """Forget the file: its text is safe elsewhere."""
        self.path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let go of the file and let it lie, for whoever opens that text next."""
        os.close(self._lock)


def lend(path: Path, text: str) -> LentText:
    """Write the text to the file and hold it. Raises LentAlready and OSError."""
    private_folder(path.parent)
    lock = _hold(path)
    if lock is None:
        raise LentAlready
    try:
        write_private(path, text)
    except BaseException:
        os.close(lock)
        raise
    return LentText(path, lock)


def left(path: Path) -> LentText | None:
    """The text that an editor saved after its cockpit was gone; None where there is none, or somebody holds it."""
    if not path.exists() or (lock := _hold(path)) is None:
        return None
    return LentText(path, lock)


def _hold(path: Path) -> int | None:
    lock = open_private(_lock_path(path), os.O_RDWR)
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    os.close(lock)
    return None


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
