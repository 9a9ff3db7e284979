"""Texts that are being written: kept as they are typed, apart for each case and for what they are to become."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cockpit.engine.journal import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.engine.journal import Journal
    from cockpit.engine.writing import Writing
    from cockpit.settings import Settings


class Drafts:
    """The drafts of one case, by a key that says what each is to become."""

    def __init__(
        self, journal: Journal, writing: Writing, settings: Settings, case_key: str, tell: Callable[[str], None]
    ) -> None:
        self._journal, self._writing, self._settings = journal, writing, settings
        self._case_key = case_key
        self._tell = tell

    def save(self, key: str, text: str, **data: Any) -> datetime:
        """Keep a text being written. Returns when it was written. Raises `NotSaved`.

        It is durable when this returns, or as soon as the key isn't in the view's `unsaved` any more. A secret in it is
        masked, and that is told: it can't be sent with one anyway.
        """
        now, scrubbed = self._settings.now(), self._settings.scrubbed
        if self._settings.betrayed_by((text, data)) is not None:
            self._tell("A text being written held a secret from the config: its draft is kept with ••• in that place.")
            text, data = scrubbed(text), {name: scrubbed(str(value)) for name, value in data.items()}
        draft = Draft(key, text, data, now)
        whose = (self._case_key, key)
        self._writing.soon(lambda: self._journal.save_draft(self._case_key, draft), "a text being written", key=whose)
        return now

    def of(self, key: str) -> Draft | None:
        """The draft of that key, or None."""
        return self._journal.draft(self._case_key, key)

    def drop(self, key: str) -> None:
        """Forget a draft. Raises `NotSaved`."""
        whose = (self._case_key, key)
        self._writing.soon(lambda: self._journal.drop_draft(self._case_key, key), "a text thrown away", key=whose)
