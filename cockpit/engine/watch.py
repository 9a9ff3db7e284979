"""The facts of one case and what keeps them fresh: the three readers, each behind its poller."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cockpit.engine.pollers import Poller
from cockpit.engine.readers import FreshdeskReader, PagerDutyReader, SlackReader
from cockpit.incident.facts import Freshness, Health, Snapshot, Source
from cockpit.services.budget import MINUTE, POLLS_SHARE
from cockpit.services.slack_line import OTHERWISE_PER_MINUTE as PER_MINUTE

if TYPE_CHECKING:
    from cockpit.engine.actions.kind import Reach
    from cockpit.engine.connection import Connection
    from cockpit.engine.view import Case
    from cockpit.settings import Settings

COLLEAGUES_SHARE = MINUTE / (PER_MINUTE * POLLS_SHARE)
"""Seconds between two readings of the channel that each cockpit on it adds to everybody's: Slack counts them all."""

UNSEEN = 40.0
"""Seconds between two readings of the channel by a cockpit that the others don't see in the log.

Of 50 readings a minute, those who are seen take no more than 30, however many they are: one 12, two 24, three or more
30. Of ten cockpits the rest then takes 13.5, 12, 10.5 or less, and ten of whom nobody is seen 15. With three, the most,
it is 40.5: what is left is for deeds, and for ten that start in one second.
"""

ATTENDED = 3 * MINUTE
"""Seconds for which whoever touched a key is taken to look at the screen, and to wait for an answer. Real time."""

NO_CHANNEL = 15.0
"""Seconds between two rounds while there is no channel to read: ten cockpits take 40 of 100 `auth.test` a minute."""

TICKETS_A_ROUND = 2
"""More linked tickets than this stretch Freshdesk's interval: its budget is shared by all of the account's agents."""


class Watch:
    """Reads the three services for one case.

    `facts` holds what was read (its `records` and `health` are not kept here). `tickets` tells which tickets are
    linked now, `at_work` who has acted lately, as the log shows it to every cockpit; `learn` is told what the services
    teach about the case, `log_read` that the channel's messages changed, `recovered` which service can be read again
    after it could not, `changed` that a round is over.
    """

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        remembered: Snapshot,
        *,
        reach: Callable[[], Reach],
        tickets: Callable[[], tuple[int, ...]],
        at_work: Callable[[], Set[str]],
        learn: Callable[[Case], None],
        log_read: Callable[[], None],
        recovered: Callable[[Source], None],
        changed: Callable[[], None],
    ) -> None:
        self.facts = remembered
        self.news = False
        """Whether a fact changed since this was last set to False."""
        self._settings = settings
        self._connection = connection
        self._reach = reach
        self._tickets = tickets
        self._at_work = at_work
        self._touched = -math.inf
        self._learn = learn
        self._log_read = log_read
        self._recovered = recovered
        self._changed = changed
        self._pagerduty = PagerDutyReader(reach)
        self._slack = SlackReader(reach)
        self._freshdesk = FreshdeskReader(reach)
        self.pollers: Mapping[Source, Poller] = {
            Source.PAGERDUTY: self._poller(Source.PAGERDUTY, self._read_pagerduty),
            Source.SLACK: self._poller(Source.SLACK, self._read_slack),
            Source.FRESHDESK: self._poller(Source.FRESHDESK, self._read_freshdesk),
        }

    def _poller(self, source: Source, read: Callable[[], Awaitable[None]]) -> Poller:
        async def connected() -> None:
            await self._connection.ensure(source)
            await read()

        def interval() -> float:
            seconds: float = getattr(self._settings.polls, source.value)
            linked = len(self.facts.tickets) if source is Source.FRESHDESK else 0
            return seconds * max(1.0, linked / TICKETS_A_ROUND)

        def at_least() -> float:
            return self._left_to_others() / self._settings.polls.hurry(source.value) if source is Source.SLACK else 0.0

        poller = Poller(
            source,
            interval,
            connected,
            now=self._settings.now,
            changed=self._changed,
            recovered=partial(self._recovered, source),
            at_least=at_least,
        )
        before = self.facts.health.get(source)
        if before is not None and before.read_at is not None:
            poller.health = Health(state=Freshness.STALE, read_at=before.read_at)
        return poller

    def attended(self) -> None:
        """A person is at the keys: the channel is read as often as configured, now if the last reading is that old."""
        unseen = self._unseen()
        self._touched = time.monotonic()
        if unseen:
            self.pollers[Source.SLACK].hasten()

    def look_after(self, source: Source | None) -> None:
        """A deed of ours arrived in that service; None: in the log."""
        for poller in self.pollers.values():
            if source is None or poller.source is source:
                poller.look_after()

    def _unseen(self) -> bool:
        """Whether neither the others see this cockpit in the log nor its person looks at it."""
        return time.monotonic() - self._touched > ATTENDED and self._settings.me not in self._at_work()

    def _left_to_others(self) -> float:
        """Seconds between two rounds to Slack at least, however often is configured, since others ask it as well."""
        if self._reach().case.channel_id is None:
            return NO_CHANNEL
        return UNSEEN if self._unseen() else len(self._at_work() | {self._settings.me}) * COLLEAGUES_SHARE

    @property
    def health(self) -> Mapping[Source, Health]:
        """How each service's polling goes."""
        return {source: poller.health for source, poller in self.pollers.items()}

    @property
    def channel_read(self) -> bool:
        """Whether the channel's messages come from Slack rather than from what was remembered."""
        return self.pollers[Source.SLACK].health.state is Freshness.OK or self.pollers[Source.SLACK].rounds > 0

    async def read_once(self) -> None:
        """One round of each, in the order in which they need each other. Never raises for a service that fails."""
        for source in Source:
            await self.pollers[source].round()

    async def _read_pagerduty(self) -> None:
        facts = await self._pagerduty.read(self.facts.pagerduty)
        if facts is None or facts is self.facts.pagerduty:
            return
        self._keep(replace(self.facts, pagerduty=facts))
        case, incident = self._reach().case, facts.incident
        if (incident.title, incident.number) != (case.title, case.number):
            self._learn(replace(case, title=incident.title, number=incident.number))

    async def _read_slack(self) -> None:
        if self._reach().case.channel_id is None:
            incident = self.facts.pagerduty.incident if self.facts.pagerduty else None
            found = await self._slack.discover(incident.service_name if incident else None)
            case = self._reach().case
            if found is None or case.channel_id is not None:
                return
            self._learn(replace(case, channel_id=found[0], channel_name=found[1]))
        facts = await self._slack.read(self.facts.slack)
        if facts is not None and facts is not self.facts.slack:
            self._keep(replace(self.facts, slack=facts))
            self._log_read()

    async def _read_freshdesk(self) -> None:
        tickets = await self._freshdesk.read(self._tickets(), self.facts.tickets)
        if tickets is not self.facts.tickets:
            self._keep(replace(self.facts, tickets=tickets))

    def _keep(self, facts: Snapshot) -> None:
        self.facts = facts
        self.news = True
