"""Keeps the status card: one pinned message in the incident's channel, current in place.

The cockpit that delivers posts it and edits it; any cockpit finds it by its metadata among the channel's messages, so
that there is one. It isn't a line of the log: it says nothing that the log doesn't.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.incident.card import card
from cockpit.incident.facts import Freshness, Source
from cockpit.incident.text import squash
from cockpit.services.errors import Forbidden, Refused, ServiceError

if TYPE_CHECKING:
    from cockpit.engine.actions.kind import Reach
    from cockpit.engine.view import View
    from cockpit.incident.facts import Health, Message
    from cockpit.incident.sensors import People
    from cockpit.services.slack import Slack

LOOK = 1.0
"""Seconds between looks at whether the card is still right. A look costs no call."""

BETWEEN = 60.0
"""Seconds, real ones, between two writes: an edit is cheap, but nobody reads faster."""

UNPINNED = (
    "The status card isn't pinned: the Slack app lacks the scope pins:write. Add it to the app and reinstall it; the "
    "card is in the channel all the same."
)


class StatusCard:
    """The card of one incident.

    `view` is what is known; `mine` tells whether this cockpit is the one that writes; `notice` is told once if the card
    can't be pinned. Cockpits that start together begin at moments of so many seconds, `spread`. What the channel shows
    otherwise than it should be is written after another reading of it: the first to read writes, the others see it, and
    a change costs one of them a question and not each.
    """

    def __init__(
        self,
        people: People,
        *,
        view: Callable[[], View],
        reach: Callable[[], Reach],
        mine: Callable[[], bool],
        notice: Callable[[str], None],
        spread: float = 0.0,
    ) -> None:
        self._people = people
        self._view = view
        self._reach = reach
        self._mine = mine
        self._notice = notice
        self._spread = spread
        self._seen: View | None = None
        self._written = ""
        self._pinned: str | None = None
        self._kept_elsewhere = False
        self._owes_pin = False
        self._differs_in: Health | None = None
        """How Slack was when the card was first seen to be otherwise than it should be."""

    async def run(self) -> None:
        """Keep it until cancelled."""
        await asyncio.sleep(random.uniform(0.0, self._spread))
        while True:
            wait = LOOK
            if self._mine():
                try:
                    wait = BETWEEN if await self.look() else LOOK
                except ServiceError:
                    wait = BETWEEN  # the poller tells how Slack is; what was lost is found at the next look
            await asyncio.sleep(wait)

    async def look(self) -> bool:
        """Bring the card up to date. True if something was written. Raises a `ServiceError`."""
        view = self._view()
        if view is self._seen:
            return False
        wrote = await self._follow(view)
        self._seen = view
        return wrote

    async def _follow(self, view: View) -> bool:
        slack = view.snapshot.slack
        if slack is None or view.loading or self._kept_elsewhere or view.remembered_at is not None:
            return False
        channel = slack.channel
        if channel.archived or not channel.member:
            return False
        service = self._reach().slack
        cards = [message for message in slack.messages if message.card]
        known = [message for message in cards if not message.deleted]
        if cards and not known:
            return False  # somebody took it away, and meant it
        text = card(view.snapshot, view.assessment, self._people)
        if len(known) == 1 and squash(known[0].text) == squash(text) and not self._owes_pin:
            self._written, self._differs_in = text, None
            return False
        health = view.snapshot.health[Source.SLACK]
        self._differs_in = self._differs_in or health
        if health is self._differs_in or health.state is not Freshness.OK:
            return False
        self._differs_in = None
        if not known:
            known = [one for one in await service.history(channel.id) if one.card]
            if not known:
                self._written, self._owes_pin = text, True
                await self._pin(service, channel.id, await service.post_card(channel.id, text))
                return True
        return await self._renew(service, channel.id, known, text)

    async def _renew(self, service: Slack, channel: str, cards: list[Message], text: str) -> bool:
        first, *twins = sorted(cards, key=lambda one: (one.at, one.ts))
        for twin in twins:  # two cockpits posted at the same moment: the older one stays
            await service.delete(channel, twin.ts)
        await self._pin(service, channel, first.ts)
        # Only what changed *here* is written: two cockpits of different settings don't undo each other's for ever.
        if text == self._written:
            return bool(twins)
        # The newest part of the channel is all that is read again and again; the card is at its top.
        now = await service.history(channel, oldest=first.ts, latest=first.ts)
        if not now or squash(now[0].text) == squash(text):
            self._written = text
            return bool(twins)
        try:
            await service.update_card(channel, first.ts, text)
        except Forbidden as refusal:
            self._kept_elsewhere = refusal.code == "cant_update_message"
            raise
        self._written = text
        return True

    async def _pin(self, service: Slack, channel: str, ts: str) -> None:
        if self._pinned == ts:
            return
        try:
            await service.pin(channel, ts)
        except Forbidden:
            self._notice(UNPINNED)
        except Refused:
            pass  # a channel holds only so many pins: the card is there all the same
        self._pinned, self._owes_pin = ts, False
