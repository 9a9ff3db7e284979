"""Ten cockpits on one incident and one Slack app, with Slack's limits on: `python -m tests.benchmarks.ten_cockpits`.

Ten sessions, each with its own journal and state folder, poll as configured by default. They start in the same second;
for the first minutes nobody acts, so that nothing tells them that they are many; then each writes a note every so
often, so that the log tells it. It takes real time, since limits count by it. Printed per minute and
method: how often Slack was asked, how often it answered 429, the limit; how old the channel's facts were on the
screens, how long a note took to arrive, and to be on the screens of all the others. `--quiet` and `--acting` are
minutes, `--cockpits` is how many, `--actors` how many of them act: with one, the others never do.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.facts import Freshness, Source
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.sandbox.limits import SLACK_PER_MINUTE
from cockpit.settings import PollSettings
from tests.conftest import settings_for
from tests.waiting import until

NOTE_EVERY = 90.0
"""Seconds between two notes of one cockpit, once they act."""

POSTS_PER_MINUTE = 60
"""chat.postMessage: one a second for a channel."""


@dataclass
class Minute:
    """What one minute showed."""

    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ages: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which that part of them lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


async def opened(sandbox: Sandbox, folder: Path) -> None:
    """The incident as it is when the others join: it has its channel."""
    desk = Desk(settings_for(sandbox, folder))
    session = desk.session(await desk.find("1924"))
    await session.start()
    session.act("open_channel")
    await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)
    await session.close()
    await desk.close()


async def act(
    session: Session, others: Sequence[Session], minutes: Sequence[Minute], begin: float, first: float
) -> None:
    """Write a note now and then, and see how long each takes to arrive, and until each of the others shows it."""
    await asyncio.sleep(first)
    while True:
        started = time.monotonic()
        minute = minutes[int((started - begin) // 60)]
        known = session.act("note", text="looked at the hub's log")
        while session.view.outbox.deliveries:
            await asyncio.sleep(0.05)
        minute.arrivals.append(time.monotonic() - started)
        blind = list(others)
        while time.monotonic() < started + NOTE_EVERY:
            await asyncio.sleep(0.2)
            shown = [one for one in blind if any(record.id == known for record in one.view.snapshot.records)]
            minute.seen += [time.monotonic() - started] * len(shown)
            blind = [one for one in blind if one not in shown]
        minute.seen += [NOTE_EVERY] * len(blind)


async def watch(sessions: Sequence[Session], minutes: Sequence[Minute], begin: float) -> None:
    """Look at each screen once a second: how old is what it shows of the channel?"""
    while True:
        await asyncio.sleep(1.0)
        for session in sessions:
            read_at = session.view.snapshot.health[Source.SLACK].read_at
            if read_at is not None:
                age = (session.now() - read_at).total_seconds()
                minutes[int((time.monotonic() - begin) // 60)].ages.append(age)


async def run(cockpits: int, actors: int, quiet: int, acting: int, folder: Path) -> list[Minute]:
    """The figures of each minute."""
    async with Sandbox("quiet", clock=SandboxClock(datetime.now(UTC), 1.0)) as sandbox:
        await opened(sandbox, folder / "before")
        usual = {"polls": PollSettings(), "status_card": True}
        desks = [Desk(settings_for(sandbox, folder / str(n), me=f"Responder {n}", **usual)) for n in range(cockpits)]
        sessions = [desk.session(await desk.find("1924")) for desk in desks]
        # What opening the channel took isn't theirs.
        await asyncio.sleep(60)
        seen, begin, wall = len(sandbox.requests), time.monotonic(), datetime.now(UTC)
        minutes = [Minute() for _ in range(quiet + acting + 2)]
        for session in sessions:
            await session.start()
        deeds = [
            asyncio.create_task(
                act(
                    session,
                    [one for one in sessions if one is not session],
                    minutes,
                    begin,
                    quiet * 60 + n * NOTE_EVERY / cockpits,
                )
            )
            for n, session in enumerate(sessions[:actors])
        ]
        looking = asyncio.create_task(watch(sessions, minutes, begin))
        await asyncio.sleep((quiet + acting) * 60)
        for task in (*deeds, looking):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for request in sandbox.requests[seen:]:
            if request.service == "slack":
                at = (datetime.fromisoformat(request.at) - wall).total_seconds()
                minute = minutes[max(0, int(at // 60))]
                minute.asked[request.path.strip("/")] += 1
                minute.refused[request.path.strip("/")] += request.status == 429
        for session, desk in zip(sessions, desks, strict=True):
            assert session.view.snapshot.health[Source.SLACK].state is not Freshness.DOWN
            await session.close()
            await desk.close()
    return minutes[: quiet + acting]


def told(minutes: Sequence[Minute]) -> bool:
    """Print the figures; whether no minute, the first included, was over a limit, and nothing was answered 429."""
    kept = True
    print("min  method                     asked   429  limit    age of the channel: median  p95   max    notes arrive")
    for number, minute in enumerate(minutes):
        ages = minute.ages or [0.0]
        figures = f"{statistics.median(ages):6.1f} {quantile(ages, 0.95):6.1f} {max(ages):6.1f} s"
        notes = (
            f"in {statistics.median(minute.arrivals):.1f} s, all in {max(minute.arrivals):.1f} s"
            if minute.arrivals
            else ""
        )
        if minute.seen:
            middle, late = statistics.median(minute.seen), quantile(minute.seen, 0.95)
            notes += f"; shown by the others in {middle:.0f} s, p95 {late:.0f}, all in {max(minute.seen):.0f} s"
        for first, (method, asked) in zip([True] + [False] * 99, minute.asked.most_common(), strict=False):
            limit = POSTS_PER_MINUTE if method == "chat.postMessage" else SLACK_PER_MINUTE.get(method, 0)
            kept &= asked <= limit and not minute.refused[method]
            tail = f"{'':20}{figures}    {notes}" if first else ""
            head = f"{number + 1 if first else '':>3}  {method:<26}{asked:>5} {minute.refused[method]:>5}"
            print(f"{head}  {limit:>5}{tail}")
    print(f"under every limit in each minute, nothing answered 429: {'yes' if kept else 'NO'}")
    return kept


def main() -> int:
    """Run it; 0 if the limits were kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cockpits", type=int, default=10)
    parser.add_argument("--actors", type=int, default=None)
    parser.add_argument("--quiet", type=int, default=4)
    parser.add_argument("--acting", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        actors = given.cockpits if given.actors is None else given.actors
        minutes = asyncio.run(run(given.cockpits, actors, given.quiet, given.acting, Path(folder)))
    return 0 if told(minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
