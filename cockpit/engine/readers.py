"""What to ask in each round: the facts we have, and the few calls that bring them up to date.

A reader returns the *same* object for a part that hasn't changed, so that whoever looks can tell by identity. The
calls of a round at rest, with the default intervals: PagerDuty about 10 a minute, Slack about 14, Freshdesk 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol, TypeVar

from cockpit.engine.actions.slack import find_channel
from cockpit.incident.facts import (
    Conversation,
    LogEntry,
    Message,
    PagerDutyFacts,
    SlackFacts,
    TicketFacts,
)
from cockpit.incident.process import channel_name
from cockpit.services.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.actions.kind import Reach

Part = TypeVar("Part")

SLOW = 4
"""Every so many rounds PagerDuty's slower parts (alerts, notes) are read even if the log shows nothing new."""
SLOWEST = 20
"""Every so many rounds the rota is read: it changes at shift ends."""
WINDOW = 100
"""How many of the newest messages are read again each round: an edit or a deletion shows in no other way."""
DEEP_WINDOW = 900
"""The same in every `MEMBERS`-th round, for late edits and threads begun under old messages; still one call."""
MEMBERS = 12
"""Every so many rounds the channel itself and its members are read."""
CHANNEL_CHANGED = frozenset(
    {
        *("channel_join", "channel_leave", "channel_name"),
        *("channel_archive", "channel_unarchive", "channel_convert_to_private"),
    }
)
"""Subtypes of messages after which the channel and its members are read at once."""
READINGS = 2
"""How often a ticket's conversation is read after a change of the ticket."""
DISCOVERY = 4
"""Every so many rounds a channel that isn't known yet is looked for: ten cockpits may list it 20 times a minute."""


def same(old: Part, new: Part) -> Part:
    """The old object if the new one equals it."""
    return old if old == new else new


class Known(Protocol):
    """What a service tells apart by an id."""

    @property
    def id(self) -> object:
        """The service's own."""


One = TypeVar("One", bound=Known)


def each_same(old: tuple[One, ...], new: Iterable[One]) -> tuple[One, ...]:
    """The new ones, each as its old object if it equals that; the old tuple itself if nothing else has changed."""
    known = {one.id: one for one in old}
    found = tuple(same(known.get(one.id, one), one) for one in new)
    return same(old, found)


def revised(old: Part, **parts: object) -> Part:
    """The old value with those parts in place of its own; the old object itself if each is the same object."""
    if all(getattr(old, name) is value for name, value in parts.items()):
        return old
    return replace(old, **parts)  # type: ignore[type-var]


class PagerDutyReader:
    """Reads one PagerDuty incident."""

    def __init__(self, reach: Callable[[], Reach]) -> None:
        self._reach = reach
        self._round = 0

    async def read(self, facts: PagerDutyFacts | None) -> PagerDutyFacts | None:
        """Bring the facts up to date. None while the case has no incident. Raises a `ServiceError`."""
        reach = self._reach()
        service = reach.pagerduty
        if reach.case.incident_id is None:
            await service.me()
            return None
        key = reach.case.incident_id
        number = self._round
        incident, responders = await service.details(key)
        since = facts.log_entries[-1].at if facts is not None and facts.log_entries else None
        fresh = await service.log_entries(key, since)
        entries = _merged(facts.log_entries if facts else (), fresh)
        news = facts is None or entries is not facts.log_entries
        if facts is None:
            facts = PagerDutyFacts(incident=incident)
        if news or number % SLOW == 0:
            facts = revised(
                facts,
                alerts=each_same(facts.alerts, await service.alerts(key)),
                notes=each_same(facts.notes, await service.notes(key)),
            )
        if incident.escalation_policy and number % SLOWEST == 0:
            facts = revised(facts, on_call=same(facts.on_call, await service.on_call(incident.escalation_policy)))
        self._round += 1  # a round that fails is done again, its rarer parts too
        return revised(
            facts,
            incident=same(facts.incident, incident),
            log_entries=entries,
            responders=same(facts.responders, responders),
        )


def _merged(old: tuple[LogEntry, ...], fresh: Sequence[LogEntry]) -> tuple[LogEntry, ...]:
    known = {entry.id for entry in old}
    new = [entry for entry in fresh if entry.id not in known]
    return old if not new else tuple(sorted((*old, *new), key=lambda entry: (entry.at, entry.id)))


class SlackReader:
    """Reads the incident's channel: all of it at first, then its newest part, and threads that grew."""

    def __init__(self, reach: Callable[[], Reach]) -> None:
        self._reach = reach
        self._round = 0
        self._discovery = 0
        self._complete = False
        self._threads: dict[str, tuple[int, str | None]] = {}
        """Of each thread, as it was read: how many replies, and the latest one's timestamp."""
        self._grown: dict[str, list[Message]] = {}
        """Threads read but not handed on yet: a round that fails at the next one hands nothing on."""

    async def discover(self, service_name: str | None) -> tuple[str, str] | None:
        """Look for the channel of a case that doesn't know it. Returns its id and name, or None."""
        reach = self._reach()
        number, self._discovery = self._discovery, self._discovery + 1
        if reach.case.number is None or number % DISCOVERY:
            await reach.slack.me()
            return None
        name = channel_name(reach.process.words, service_name or reach.case.title, reach.case.number)
        found = await find_channel(reach, name)
        return None if found is None else (found.id, found.name)

    async def read(self, facts: SlackFacts | None) -> SlackFacts | None:
        """Bring the facts up to date. None while the case has no channel. Raises a `ServiceError`."""
        reach = self._reach()
        key = reach.case.channel_id
        if key is None:
            return None
        service = reach.slack
        number, self._round = self._round, self._round + 1
        if facts is None or facts.channel.id != key or number % MEMBERS == 0:
            channel = await service.channel(key)
            if not (channel.member or channel.private or channel.archived or reach.read_only):
                await service.join(key)
                channel = replace(channel, member=True)
            members = await service.members(key)
            if facts is None or facts.channel.id != key:
                facts, self._complete = SlackFacts(channel=channel, members=members), False
                self._threads.clear()
                self._grown.clear()
            else:
                facts = revised(facts, channel=same(facts.channel, channel), members=each_same(facts.members, members))
        before, oldest = facts.messages, ""
        if self._complete and before:
            reach_back = min(len(before) - 1, DEEP_WINDOW if number % MEMBERS == 0 else WINDOW)
            oldest = before[-1 - reach_back].ts
            window = await service.history(key, oldest=oldest)
            facts = revised(facts, messages=_rewritten(before, window, len(before) - reach_back))
            if any(message.subtype in CHANNEL_CHANGED and message.ts > before[-1].ts for message in window):
                self._round = 0
        else:
            window = await service.history(key)
            facts = revised(facts, messages=same(before, window))
            self._complete = True
        return await self._with_threads(facts, window, oldest)

    async def _with_threads(self, facts: SlackFacts, window: Sequence[Message], oldest: str) -> SlackFacts:
        service = self._reach().slack
        # Where replies still stand, Slack leaves a tombstone; with the last of them that goes too.
        for gone in {ts for ts in self._threads if ts >= oldest} - {message.ts for message in window}:
            self._grown[gone] = []
            del self._threads[gone]
        for parent in window:
            now = parent.reply_count, parent.latest_reply
            if self._threads.get(parent.ts, (0, None)) == now:
                continue
            read = await service.replies(facts.channel.id, parent.ts) if parent.reply_count else ()
            # A reply that was also sent to the channel is at top level already, where the report can see it.
            self._grown[parent.ts] = [reply for reply in read if reply.subtype != "thread_broadcast"]
            self._threads[parent.ts] = now
        if not self._grown:
            return facts
        others = [reply for reply in facts.replies if reply.thread_ts not in self._grown]
        replies = sorted((*others, *chain.from_iterable(self._grown.values())), key=lambda reply: reply.ts)
        self._grown.clear()
        return revised(facts, replies=same(facts.replies, tuple(replies)))


def _rewritten(old: tuple[Message, ...], window: Sequence[Message], start: int) -> tuple[Message, ...]:
    """The messages with the window's reading in place of `old[start:]`; one gone from it stays, marked deleted."""
    tail = old[start:]
    seen = {message.ts: message for message in window}
    kept = [
        same(message, seen[message.ts]) if message.ts in seen
        else message if message.deleted
        else replace(message, deleted=True)
        for message in tail
    ]  # fmt: skip
    known = {message.ts for message in tail}
    last_untouched = old[start - 1].ts if start else ""
    new = [message for message in window if message.ts not in known and message.ts > last_untouched]
    if not new and all(a is b for a, b in zip(tail, kept, strict=True)):
        return old
    return old[:start] + tuple(sorted((*kept, *new), key=lambda message: message.ts))


class FreshdeskReader:
    """Reads the linked tickets; a ticket's conversation only when the ticket says that it changed."""

    def __init__(self, reach: Callable[[], Reach]) -> None:
        self._reach = reach
        self._read_at: dict[int, tuple[datetime | None, int]] = {}

    async def read(self, numbers: Iterable[int], facts: tuple[TicketFacts, ...]) -> tuple[TicketFacts, ...]:
        """Bring the tickets up to date. Raises a `ServiceError` if Freshdesk can't be asked."""
        service = self._reach().freshdesk
        wanted = tuple(numbers)
        if not wanted:
            await service.me()
            return () if facts else facts
        known = {old.ticket.id: old for old in facts}
        read_at = dict(self._read_at)
        read = [found for number in wanted if (found := await self._ticket(number, known.get(number), read_at))]
        self._read_at = read_at  # not before all were read: a round that fails hands nothing on
        return _all_same(facts, read)

    async def _ticket(
        self, number: int, old: TicketFacts | None, read_at: dict[int, tuple[datetime | None, int]]
    ) -> TicketFacts | None:
        service = self._reach().freshdesk
        try:
            ticket = await service.ticket(number)
        except NotFound:
            # Merged or deleted under us: what was known stays, marked; what was never known can't be shown.
            return None if old is None else replace(old, ticket=replace(old.ticket, deleted=True))
        conversations: tuple[Conversation, ...]
        # Freshdesk tells the change to the second: what came later in that second shows in the next round's reading.
        seen = read_at.get(number, (None, 0))
        times = seen[1] if seen[0] == ticket.updated_at else 0
        if old is None or times < READINGS:
            conversations = await service.conversations(number)
            read_at[number] = ticket.updated_at, times + 1
        else:
            conversations = old.conversations
        if old is None:
            return TicketFacts(ticket, conversations)
        return same(old, TicketFacts(same(old.ticket, ticket), each_same(old.conversations, conversations)))


def _all_same(old: tuple[TicketFacts, ...], new: list[TicketFacts]) -> tuple[TicketFacts, ...]:
    unchanged = len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))
    return old if unchanged else tuple(new)
