"""How much a service is asked: its documented limits, and the share of them that polls leave to people.

What a person asked for goes at once: a delivery, the readings of its guard, a search. Polls come again anyway, so they
are what waits: when their share is used up, when the service tells that little is left, and for as long as a 429 asks.
A poll marks itself, since it is the exception: whatever isn't marked is a person's.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cockpit.services.call import Call
    from cockpit.services.errors import Limited

MINUTE = 60.0
"""Seconds. All three services count by the minute."""

POLLS_SHARE = 0.6
"""The part of what a service allows that polls may use; the rest is for what people do."""

AFTER_YOU = 1.0
"""Seconds that polls leave to what a person asked for, once the wait that a 429 asked for is over."""

SHORT_WAIT = 5.0
"""Seconds. A reading that a person waits for is asked again by itself after a 429 that asks for no more than this."""

_put_off: ContextVar[Callable[[Limited], None] | None] = ContextVar("put_off", default=None)


@contextmanager
def polling(put_off: Callable[[Limited], None] | None) -> Iterator[None]:
    """What is asked in here is asked by a poll; `put_off` is told of each 429 that it is about to wait out."""
    token = _put_off.set(put_off)
    try:
        yield
    finally:
        _put_off.reset(token)


def polled() -> bool:
    """Whether it is a poll that asks."""
    return _put_off.get() is not None


class Budget:
    """The requests to one service, as one process sends them.

    `per_minute` holds what the service documents, by scope: whatever it counts by itself (Slack: a method), and
    `otherwise` what it grants a scope that isn't listed.
    """

    def __init__(self, otherwise: int, per_minute: Mapping[str, int] | None = None) -> None:
        self.hurry = 1.0
        """How many times more than documented polls may ask: a sandbox may be polled faster than any real service."""
        self.left: tuple[int, int] | None = None
        """Requests left this minute, and a minute's total, for everybody together; None until a service tells."""
        self._otherwise = otherwise
        self._per_minute = dict(per_minute or {})
        self._sent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._closed: dict[str, float] = {}
        self._scarce: dict[str, float] = {}
        self._first_people = 0.0

    async def turn(self, call: Call, scope: str) -> None:
        """Count a request that is about to be sent; a poll's waits here for its turn, nobody else's does."""
        if (put_off := _put_off.get()) is not None:
            if (closed := self._closed_until(scope) - time.monotonic()) > 0:
                with polling(None):  # what it sets off is no poll's
                    put_off(call.limited(closed))
            while (wait := self.wait(scope)) > 0:  # noqa: ASYNC110 - it is time that is waited for, no event
                await asyncio.sleep(wait)
        now = time.monotonic()
        self._lately(scope, now).append(now)

    def _lately(self, scope: str, now: float) -> deque[float]:
        """When that scope's requests of the last minute were sent."""
        sent = self._sent[scope]
        while sent and sent[0] <= now - MINUTE:
            sent.popleft()
        return sent

    def wait(self, scope: str) -> float:
        """Seconds until a poll may ask; 0 or less: it may now."""
        now = time.monotonic()
        sent = self._lately(scope, now)
        share = max(1, int(self._per_minute.get(scope, self._otherwise) * POLLS_SHARE * self.hurry))
        free = sent[-share] + MINUTE if len(sent) >= share else 0.0
        return max(free, self._closed_until(scope), self._scarce.get(scope, 0.0)) - now

    def _closed_until(self, scope: str) -> float:
        return max(self._closed.get(scope, 0.0), self._first_people)

    def close(self, scope: str, retry_after: float) -> float:
        """A 429: no poll asks for so many seconds, and some more, since others were told the same. Returns how many.

        Was it a person's request, polls ask for nothing at all until that has been sent again.
        """
        wait = retry_after * random.uniform(1.0, 1.2)
        self._closed[scope] = time.monotonic() + wait
        if not polled():
            self._first_people = time.monotonic() + wait + AFTER_YOU
        return wait

    def told(self, scope: str, left: int, total: int, seconds: float = MINUTE) -> None:
        """The service tells how many requests of how many are left for so many seconds, to everybody together."""
        self.left = left, total
        self._per_minute[scope] = total
        scarce = left < total * (1 - POLLS_SHARE)
        self._scarce[scope] = time.monotonic() + seconds if scarce else 0.0
