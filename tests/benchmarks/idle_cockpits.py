"""Cockpits on one incident and one Slack app, for hours: `python -m tests.benchmarks.idle_cockpits --cockpits 10`.

They start in one second. Who only looks on shows nowhere. `--acting` of them write a note every so often: the log shows
them from the start on, or, with `--quiet`, they begin after so many minutes. `--attended` more have somebody at the
keys who never acts. This leads their watches through simulated hours against the sandbox's limit of
`conversations.history`: when each asks is the cockpit's own reckoning, only the clock and the log are the simulation's.
`tests.benchmarks.ten_cockpits` shows the whole program in real time.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import sys
from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from cockpit.engine.session import LATELY
from cockpit.engine.watch import Watch
from cockpit.incident.facts import Snapshot, Source
from cockpit.sandbox.limits import SLACK_PER_MINUTE, Window
from cockpit.services.errors import Limited
from cockpit.settings import Settings

LIMIT = SLACK_PER_MINUTE["conversations.history"]

NOTE_EVERY = 90.0
"""Seconds between two notes of a cockpit that acts."""

TOLD_WITHIN = 1.5
"""Seconds from an act until its note is in the channel: the channel is then read."""

TOUCH_EVERY = 10.0
"""Seconds between two keys of a person who is at them."""


@dataclass
class Figures:
    """What was asked, and answered with a 429, by the minute; and the seconds between an idle cockpit's readings.

    Where none is idle, the seconds are those of all.
    """

    asked: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether no minute was over the limit, the first included, and nothing was refused."""
        return max(self.asked.values()) <= LIMIT and not self.refused


def settings_of(number: int) -> Settings:
    """A cockpit's settings, polls as by default."""
    nowhere = Path("/nonexistent")
    return Settings(
        path=None, me=f"Responder {number}", email="", pagerduty=None, slack=None, freshdesk=None,
        state_dir=nowhere, cache_dir=nowhere,
    )  # fmt: skip


class Cockpit:
    """One of them: its watch, and what it has seen of the channel's log."""

    def __init__(self, number: int, clock: Callable[[], float], log: dict[str, float]) -> None:
        self.settings = settings_of(number)
        self._clock = clock
        self._log = log
        self._seen: dict[str, float] = {}
        connection: Any = None
        reach: Any = SimpleNamespace(case=SimpleNamespace(channel_id="C1"))
        self.watch = Watch(
            self.settings, connection, Snapshot(), reach=lambda: reach, tickets=tuple, at_work=self.at_work,
            learn=lambda case: None, log_read=lambda: None, recovered=lambda source: None, changed=lambda: None,
        )  # fmt: skip
        self.poller = self.watch.pollers[Source.SLACK]
        self.read_at: float | None = None
        self.due = 0.0

    def at_work(self) -> Set[str]:
        """As `Session` counts them."""
        return {who for who, at in self._seen.items() if at > self._clock() - LATELY.total_seconds()}

    def act(self) -> None:
        """Its person presses a key and writes a note; the journal shows that here at once."""
        self.watch.attended()
        self._seen[self.settings.me] = self._clock()

    def read(self) -> None:
        """The channel was read, and with it the log."""
        self._seen |= self._log
        self.read_at = self._clock()


@dataclass
class Clock:
    """The simulation's, in seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        """As `time.monotonic`."""
        return self.now


@dataclass
class Rest(asyncio.Timeout):
    """A poller's wait for its next round, in the simulation's time."""

    until: float
    read_at: Callable[[float], None]

    def when(self) -> float:
        """When it ends."""
        return self.until

    def expired(self) -> bool:
        """It ends with the next round."""
        return False

    def reschedule(self, when: float | None) -> None:
        """It ends then."""
        assert when is not None
        self.until = when
        self.read_at(when)


class Simulation:
    """So many cockpits, of whom some act, and others have their person at the keys."""

    def __init__(self, clock: Clock, cockpits: int, acting: int, attended: int, quiet: float) -> None:
        self._clock = clock
        self.found = Figures()
        self._log: dict[str, float] = {}
        self._window = Window(LIMIT)
        self._turns: list[tuple[float, int, Callable[[Cockpit], None], Cockpit]] = []
        self._count = 0
        self._cockpits = [Cockpit(number, clock, self._log) for number in range(cockpits)]
        self._idle = self._cockpits[acting + attended :] or self._cockpits
        for one in self._cockpits:
            self._poll_at(random.random(), one)
        for one in self._cockpits[:acting]:
            self._later(quiet * 60 + random.uniform(0, NOTE_EVERY), self._act, one)
            if not quiet:
                self._log[one.settings.me] = 0.0
        for one in self._cockpits[acting : acting + attended]:
            self._later(random.uniform(0, TOUCH_EVERY), self._touch, one)

    def run(self, hours: float) -> Figures:
        """Lead them through so many hours."""
        while self._turns[0][0] < hours * 3600:
            self._clock.now, _, happen, one = heapq.heappop(self._turns)
            happen(one)
        return self.found

    def _later(self, at: float, happen: Callable[[Cockpit], None], one: Cockpit) -> None:
        self._count += 1
        heapq.heappush(self._turns, (at, self._count, happen, one))

    def _poll_at(self, at: float, one: Cockpit) -> None:
        one.due = max(at, self._clock.now)
        self._later(one.due, self._poll, one)

    def _touch(self, one: Cockpit) -> None:
        one.watch.attended()
        self._later(self._clock.now + TOUCH_EVERY, self._touch, one)

    def _act(self, one: Cockpit) -> None:
        one.act()
        self._later(self._clock.now + TOLD_WITHIN, self._told, one)
        self._later(self._clock.now + NOTE_EVERY, self._act, one)

    def _told(self, one: Cockpit) -> None:
        self._log[one.settings.me] = self._clock.now
        one.poller.look_after()
        if one.poller._poke.is_set() and one.poller._rest is not None:  # what a 429 asks for is waited for
            self._poll_at(self._clock.now, one)

    def _poll(self, one: Cockpit) -> None:
        if self._clock.now != one.due:
            return  # it was read before that
        one.poller._poke.clear()
        minute = int(self._clock.now // 60)
        self.found.asked[minute] += 1
        granted, _, retry_after = self._window.take()
        if granted:
            if one in self._idle and one.read_at is not None:
                self.found.gaps.append(self._clock.now - one.read_at)
            one.read()
            wait = one.poller._next()
            one.poller._rested_since = self._clock.now
            one.poller._rest = Rest(self._clock.now + wait, lambda at: self._poll_at(at, one))
        else:
            one.poller._rest = None
            self.found.refused[minute] += 1
            wait = retry_after * random.uniform(1.0, 1.2)  # as `Budget.close` does
            one.poller._put_off(Limited(Source.SLACK, "read", "ratelimited", retry_after=wait))
        self._poll_at(self._clock.now + wait, one)


def simulated(cockpits: int, hours: float, *, acting: int = 0, attended: int = 0, quiet: float = 0) -> Figures:
    """What so many cockpits ask in so many hours."""
    clock = Clock()
    with patch("time.monotonic", clock):
        return Simulation(clock, cockpits, acting, attended, quiet).run(hours)


def told(found: Figures, hours: int) -> None:
    """Print the figures of each hour."""
    print(f"first minute: {found.asked[0]} asked, {found.refused[0]} answered 429, limit {LIMIT}")
    for hour in range(hours):
        minutes = [minute for minute in range(hour * 60, hour * 60 + 60) if minute]
        asked = [found.asked[minute] for minute in minutes]
        over = sum(one > LIMIT for one in asked)
        print(
            f"hour {hour + 1}: {sum(asked) / len(asked):.0f} a minute, most {max(asked)}, in {over} minutes over the "
            f"limit, {sum(found.refused[minute] for minute in minutes)} answered 429"
        )
    gaps = sorted(found.gaps)
    print(f"between two readings: median {gaps[len(gaps) // 2]:.0f} s, p95 {gaps[int(len(gaps) * 0.95)]:.0f} s")


def main() -> int:
    """Print the figures; 0 if no minute was over the limit and nothing was refused, the first minute included.

    People who are at the keys and never act are learnt of by being limited: where there are such, 0 if the limit was
    kept from the second hour on.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cockpits", type=int, default=10)
    parser.add_argument("--hours", type=int, default=8)
    parser.add_argument("--acting", type=int, default=None, help="how many act; left out: each number, one by one")
    parser.add_argument("--attended", type=int, default=0, help="how many have somebody at the keys who never acts")
    parser.add_argument("--quiet", type=int, default=0, help="minutes after which those who act begin to")
    given = parser.parse_args()
    numbers = range(given.cockpits - given.attended + 1) if given.acting is None else [given.acting]
    kept = True
    for acting in numbers:
        print(f"-- {given.cockpits} cockpits, {acting} act, {given.attended} more are attended")
        found = simulated(given.cockpits, given.hours, acting=acting, attended=given.attended, quiet=given.quiet)
        told(found, given.hours)
        late = [found.asked[minute] for minute in found.asked if minute >= 60]
        kept &= max(late, default=0) <= LIMIT if given.attended else found.kept
    print(f"the limit was kept: {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
