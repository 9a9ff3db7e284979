"""The shared log as this machine knows it: the channel's records, and what its own journal adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.ledger import outbox_of, records_of
from cockpit.engine.view import Outbox
from cockpit.incident.tickets import linked

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.journal import Journal
    from cockpit.engine.view import Case
    from cockpit.engine.writing import Writing
    from cockpit.incident.facts import Anchor, PagerDutyFacts, Record, SlackFacts

LOST = (
    "This machine's journal is older than what the channel's notes prove of it: its last lines are gone, as after a "
    "copy was put back or a disk was damaged. What was told in the channel is known. What hadn't gone out yet may be "
    "gone, and texts that were being written: look through what you did last. `cockpit log --check` names the lines."
)
"""What to say of a journal whose end was lost; SQLite itself can't see it."""


class SharedLog:
    """The log of one case, as of the last `read`. `remembered` stands in for the channel while it hasn't been read."""

    def __init__(self, journal: Journal, writing: Writing, remembered: tuple[Record, ...], freshdesk_url: str) -> None:
        self.records: tuple[Record, ...] = ()
        """Ordered by (`at`, `id`), one an id."""
        self.outbox = Outbox()
        """What hasn't ended well yet."""
        self._journal, self._writing = journal, writing
        self._remembered = remembered
        self._freshdesk_url = freshdesk_url
        self._proven: frozenset[Anchor] = frozenset()
        """What the channel proves and was looked for in the journal."""
        self._lost = False

    def read(self, case: Case, slack: SlackFacts | None, now: datetime, *, channel_read: bool) -> bool:
        """Read the journal and the channel's facts together. Whether the records changed."""
        entries = (*self._journal.entries(case.key), *self._writing.entries_of(case.key))
        remembered = () if channel_read else self._remembered
        records = records_of(slack.messages if slack else (), entries, remembered)
        changed = records != self.records
        if changed:
            self.records = records
            self._compare(case.key)
        self.outbox = outbox_of(entries, case, now)
        return changed

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of it, in words."""
        return (LOST,) if self._lost else ()

    def linked(self, pagerduty: PagerDutyFacts | None) -> tuple[int, ...]:
        """The tickets that belong to the incident, by number."""
        return linked(self.records, pagerduty, self._freshdesk_url)

    def actors(self, since: datetime) -> frozenset[str]:
        """Who has acted after that moment; who only looks on leaves no trace."""
        return frozenset(record.actor for record in self.records if record.at > since)

    def _compare(self, case_key: str) -> None:
        """Look whether the journal still holds what the channel proves of its audit."""
        if not self._journal.kept:
            return  # a copy in memory grows no further, while the file that it was made of may
        proven = frozenset(one.audit for one in self.records if one.audit is not None and one.audit.log == case_key)
        self._lost = self._lost or not self._journal.holds(proven - self._proven)
        self._proven = proven
