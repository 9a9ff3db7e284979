"""What this machine remembers of one case, so that the next start has something to paint before anything is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.journal_file import NotSaved
from cockpit.incident.facts import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cockpit.engine.journal import Journal
    from cockpit.engine.writing import Writing


class Memory:
    """Keeps what nobody misses: it is read or learnt again. `tell` hears in words what can't be kept.

    `facts` are those that an earlier run saved, empty ones if none did, and `at` is when (UTC), or None.
    """

    def __init__(self, journal: Journal, writing: Writing, case_key: str, tell: Callable[[str], None]) -> None:
        self._journal, self._writing = journal, writing
        self._case_key = case_key
        self._tell = tell
        saved = journal.snapshot(case_key)
        self.facts = saved[0] if saved else Snapshot()
        self.at = saved[1] if saved else None

    def keep(self, write: Callable[[], object], what: str, key: str) -> bool:
        """Write to the journal; `what` it is, in words. Whether it can be kept, now or once the journal is free."""
        try:
            self._writing.soon(write, what, key=(self._case_key, key))
        except NotSaved as fault:
            self._tell(str(fault))
            return False
        return True

    def save(self, facts: Snapshot, now: datetime) -> bool:
        """Keep the facts for the next start."""
        return self.keep(lambda: self._journal.save_snapshot(self._case_key, facts, now), "what was read", "facts")
