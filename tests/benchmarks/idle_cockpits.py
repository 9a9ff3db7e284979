"""Cockpits that never act, on one Slack app, for hours: `python -m tests.benchmarks.idle_cockpits --cockpits 10`.

Who only looks on shows nowhere: being limited is all that such cockpits learn of each other by. This leads their
pollers through simulated hours against the sandbox's limit of `conversations.history`: when each asks is the cockpit's
own reckoning, only the clock is the simulation's. `tests.benchmarks.ten_cockpits` shows the whole program in real time.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from unittest.mock import patch

from cockpit.engine.pollers import Poller
from cockpit.incident.facts import Source
from cockpit.sandbox.limits import SLACK_PER_MINUTE, Window
from cockpit.services.errors import Limited
from cockpit.settings import PollSettings

LIMIT = SLACK_PER_MINUTE["conversations.history"]


@dataclass
class Idle:
    """What was asked, and answered with a 429, by the minute; and the seconds between a cockpit's readings."""

    asked: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=list)


def idle(cockpits: int, hours: float) -> Idle:
    """Let so many look on for so long. They start in one second."""
    now = [0.0]
    found = Idle()

    async def read() -> None:
        """The simulation asks."""

    with patch("time.monotonic", lambda: now[0]):
        window = Window(LIMIT)
        pollers = [
            Poller(Source.SLACK, lambda: PollSettings().slack, read, now=datetime.now, changed=lambda: None)
            for _ in range(cockpits)
        ]
        due = [(random.random(), number) for number in range(cockpits)]
        heapq.heapify(due)
        last: dict[int, float] = {}
        while due[0][0] < hours * 3600:
            now[0], number = heapq.heappop(due)
            minute = int(now[0] // 60)
            found.asked[minute] += 1
            granted, _, retry_after = window.take()
            if granted:
                found.gaps.append(now[0] - last.get(number, now[0]))
                last[number] = now[0]
                wait = pollers[number]._next()
            else:
                found.refused[minute] += 1
                wait = retry_after * random.uniform(1.0, 1.2)  # as `Budget.close` does
                pollers[number]._put_off(Limited(Source.SLACK, "read", "ratelimited", retry_after=wait))
            heapq.heappush(due, (now[0] + wait, number))
    return found


def main() -> int:
    """Print the figures of each hour; 0 if the limit was kept from the second hour on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cockpits", type=int, default=10)
    parser.add_argument("--hours", type=int, default=8)
    given = parser.parse_args()
    found = idle(given.cockpits, given.hours)
    print(f"first minute: {found.asked[0]} asked, {found.refused[0]} answered 429, limit {LIMIT}")
    for hour in range(given.hours):
        minutes = [minute for minute in range(hour * 60, hour * 60 + 60) if minute]
        asked = [found.asked[minute] for minute in minutes]
        over = sum(one > LIMIT for one in asked)
        print(
            f"hour {hour + 1}: {sum(asked) / len(asked):.0f} a minute, most {max(asked)}, in {over} minutes over the "
            f"limit, {sum(found.refused[minute] for minute in minutes)} answered 429"
        )
    gaps = sorted(found.gaps)
    print(f"between two readings: median {gaps[len(gaps) // 2]:.0f} s, p95 {gaps[int(len(gaps) * 0.95)]:.0f} s")
    return 0 if max((found.asked[minute] for minute in found.asked if minute >= 60), default=0) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
