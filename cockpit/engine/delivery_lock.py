"""Who delivers: of all the processes on a machine that have a case open, the holder of its file lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.private_file import private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock


class DeliveryLock:
    """The right to deliver for one case on this machine: a file lock, freed by the system when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: BaseFileLock | None = None

    def take(self) -> bool:
        """Try once, without waiting. True if this process delivers."""
        # Imported here: filelock pulls in asyncio helpers that the first paint can do without.
        from filelock import FileLock, Timeout

        if self._lock is None:
            private_folder(self._path.parent)
            self._lock = FileLock(self._path, thread_local=False, mode=0o600)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def free(self) -> None:
        """Let another process deliver."""
        if self._lock is not None:
            self._lock.release(force=True)
            self._lock = None
