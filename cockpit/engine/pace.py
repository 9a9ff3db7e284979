"""How much rarer than configured a service is polled while it limits us.

A limit that several cockpits share tells none of them how many there are: only that they are too many. So each makes
itself rarer when it is limited, by as much as the wait that it is asked for shows, and comes back slowly.
"""

from __future__ import annotations

import math
import time

from cockpit.services.budget import MINUTE, POLLS_SHARE

RAREST = 4.0
"""The most times by which the time between two polls grows."""

EASED = 15 * MINUTE
"""Seconds in which it shrinks by half again."""


class Pace:
    """How many times longer than configured the time between two polls is: 1, unless the service limited them."""

    def __init__(self) -> None:
        self._times = 1.0
        self._since = time.monotonic()

    @property
    def times(self) -> float:
        """As of now."""
        return max(1.0, self._times * math.exp2((self._since - time.monotonic()) / EASED))

    def limited(self, retry_after: float) -> None:
        """A 429. A minute's requests that were used up so many seconds before its end were that much too many."""
        used_up_in = max(MINUTE - retry_after, MINUTE / RAREST)
        self._times = min(RAREST, self.times * MINUTE / used_up_in / POLLS_SHARE)
        self._since = time.monotonic()
