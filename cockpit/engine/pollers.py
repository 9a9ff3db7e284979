"""When to ask which service: one poller each, with its interval, backoff with jitter, and what a 429 asks for."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from traceback import extract_tb

from cockpit.engine.pace import Pace
from cockpit.incident.facts import Freshness, Health, Source
from cockpit.services.budget import polling
from cockpit.services.errors import Limited, NotAuthorised, Refused, ServiceError

GRACE = timedelta(seconds=60)
"""How long a failing service's facts count as *stale* before it counts as *down*. Real time."""

LONGEST_WAIT = 120.0
"""Seconds between attempts at a service that stays away."""

ALONE, TOGETHER = 0.1, 0.3
"""By which part the time between two rounds varies; and the same while others use up what the service allows."""


class Poller:
    """Reads one service again and again, and keeps its `health`.

    `read` does one round; it raises a `ServiceError` when it fails. `changed` is called after each round, `recovered`
    before that after the first good one that follows failures. Intervals and waits are real time, no interval shorter
    than `at_least`; `now` is the incident's clock, in which health is told.
    """

    def __init__(
        self,
        source: Source,
        interval: Callable[[], float],
        read: Callable[[], Awaitable[None]],
        *,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        recovered: Callable[[], None] = lambda: None,
        at_least: Callable[[], float] = lambda: 0.0,
        remembered_at: datetime | None = None,
    ) -> None:
        self.source = source
        self.health = Health(read_at=remembered_at)
        self.rounds = 0
        self._interval = interval
        self._read = read
        self._now = now
        self._changed = changed
        self._recovered = recovered
        self._at_least = at_least
        self._poke = asyncio.Event()
        self._rest: asyncio.Timeout | None = None
        self._rested_since = 0.0
        self._failing_since: datetime | None = None
        self._failures = 0
        self._pace = Pace()

    def poke(self) -> None:
        """Read now rather than when the interval is over (a service that asked us to wait is still waited for)."""
        self._poke.set()

    def hasten(self) -> None:
        """The interval may be shorter now than when the wait for the next round began: wait no longer than that."""
        if self._rest is not None and not self._rest.expired():
            until = self._rest.when() or math.inf
            self._rest.reschedule(min(until, self._rested_since + self._next()))

    def look_after(self) -> None:
        """A deed of ours changed what it reads: read now, or in turn where those who share the limit make that rare."""
        if self._at_least() > self._interval():
            self.hasten()
        else:
            self.poke()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            wait, may_hurry = await self.round(in_background=True)
            if not may_hurry:
                await asyncio.sleep(wait)
                continue
            self._rested_since = asyncio.get_running_loop().time()
            try:
                # Not `wait_for`: in Python 3.11 it can swallow a cancellation that comes with the event.
                async with asyncio.timeout(wait) as self._rest:
                    await self._poke.wait()
            except TimeoutError:
                continue
            finally:
                self._rest = None

    async def round(self, *, in_background: bool = False) -> tuple[float, bool]:
        """Read once. Returns how long to wait before the next, in seconds, and whether a poke may shorten it.

        `in_background`: nobody waits for it, so it leaves a share of what the service allows to people.
        """
        self._poke.clear()
        try:
            with polling(self._put_off if in_background else None):
                await self._read()
        except ServiceError as error:
            result = self._failed(error)
        except Exception as fault:
            # A fault of ours in one reading must be seen, and must not end all that come after it.
            result = self._failed(_faulty(self.source, fault))
        else:
            failed, self._failures, self._failing_since = self._failures, 0, None
            self.health = Health(state=Freshness.OK, read_at=self._now())
            result = self._next(), True
            if failed:
                self._recovered()
        self.rounds += 1
        self._changed()
        return result

    def _next(self) -> float:
        """Seconds to the next round. Those who share a limit are spread, lest they march in step."""
        times = self._pace.times
        spread = ALONE if times == 1.0 and self._at_least() <= self._interval() else TOGETHER
        return max(self._interval() * times, self._at_least()) * random.uniform(1 - spread, 1 + spread)

    def _put_off(self, limit: Limited) -> None:
        """A request of this round waits as the service asked; then the round goes on."""
        self._pace.limited(limit.retry_after)
        self._ail(limit, limit.retry_after)
        self._changed()

    def _failed(self, error: ServiceError) -> tuple[float, bool]:
        if isinstance(error, Limited):
            self._pace.limited(error.retry_after)
            wait, may_hurry = error.retry_after, False
        else:
            self._failures += 1
            wait = min(LONGEST_WAIT, self._interval() * 2.0 ** min(self._failures - 1, 6)) * random.uniform(0.75, 1.25)
            may_hurry = True
        self._ail(error, wait)
        return wait, may_hurry

    def _ail(self, error: ServiceError, wait: float) -> None:
        """Keep what ails it, and for how many seconds nothing is asked."""
        wall = datetime.now(UTC)
        self._failing_since = self._failing_since or wall
        never_read = self.health.read_at is None
        long_gone = wall - self._failing_since > GRACE and not isinstance(error, Limited)
        down = never_read or long_gone or isinstance(error, NotAuthorised)
        self.health = replace(
            self.health,
            state=Freshness.DOWN if down else Freshness.STALE,
            error=str(error),
            refused=isinstance(error, Refused),
            limited=isinstance(error, Limited),
            retry_at=self._now() + timedelta(seconds=wait),
        )


def _faulty(source: Source, fault: Exception) -> ServiceError:
    """What to tell of a fault of ours: its kind and place, but not its words, which may hold what was read."""
    place = extract_tb(fault.__traceback__)[-1]
    where = f"{type(fault).__name__} in {PurePath(place.filename).name}, line {place.lineno}"
    return ServiceError(
        source, "read", f"A fault in the cockpit ({where}) kept this from being read; it tries again. Please report it."
    )
