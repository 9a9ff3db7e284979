"""How much rarer than configured a service is polled while it limits us.

A limit that several cockpits share tells none of them how many there are: only that they are too many. So each makes
itself rarer when it is limited, by as much as the wait that it is asked for shows, and comes back slowly. Who is
limited again on the way back has learnt that the others are there to stay, and stays rare: else those who are at their
keys and never act, and so show nowhere, would meet the limit again and again for as long as the incident lasts.
"""

from __future__ import annotations

import math
import time

from cockpit.services.budget import MINUTE, POLLS_SHARE

RAREST = 4.0
"""The most times by which the time between two polls grows at first: what used a minute up may have been a burst."""

RAREST_FOR_GOOD = 8.0
"""The same when it is limited again: enough for thirty cockpits that poll every five seconds."""

ENOUGH = 1.25
"""By how much a limit that was met on the way back is stayed away from: there it was only just met."""

EASED = 15 * MINUTE
"""Seconds in which it shrinks by half again."""

SPELL = 2 * MINUTE
"""Seconds for which 429s are one spell: after it, polls are as rare as its first one made them."""

WAY_BACK = 60 * MINUTE
"""Seconds after a spell's beginning in which another one shows that it was no burst; by then all are back."""


class Pace:
    """How many times longer than configured the time between two polls is: 1, unless the service limited them."""

    def __init__(self) -> None:
        self._times = 1.0
        self._since = time.monotonic()
        self._least = 1.0
        self._spell: float | None = None

    @property
    def times(self) -> float:
        """As of now."""
        return max(self._least, self._times * math.exp2((self._since - time.monotonic()) / EASED))

    def limited(self, retry_after: float) -> None:
        """A 429. A minute's requests that were used up so many seconds before its end were that much too many."""
        now = time.monotonic()
        since = math.inf if self._spell is None else now - self._spell
        again = SPELL < since < WAY_BACK
        used_up_in = max(MINUTE - retry_after, MINUTE / RAREST)
        most = RAREST_FOR_GOOD if again else max(RAREST, self._least)
        self._times = min(most, self.times * MINUTE / used_up_in * (ENOUGH if again else 1 / POLLS_SHARE))
        self._since = now
        if again:
            self._least = self._times
        if since > SPELL:
            self._spell = now
