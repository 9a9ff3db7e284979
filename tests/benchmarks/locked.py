"""`python -m tests.benchmarks.locked`: how long the event loop stands still while another process holds the journal.

A session types and acts while a process of its own holds the journal; a task beside it sees how late it wakes up.
`--blocking` lets the session wait for the other process, as a command does and a screen must not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.journal_file import NotSaved
from cockpit.engine.session import Session
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_session import posted
from tests.waiting import until

HOLDER = """
import sqlite3, sys, time
holder = sqlite3.connect(sys.argv[1], isolation_level=None)
holder.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""
BETWEEN_KEYS = 0.03
"""Seconds: as fast as a key repeats."""
ACTS = 5


async def longest_stall(stalls: list[float]) -> None:
    """Wake up each millisecond, and note how much later it was."""
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(0.001)
        stalls.append(loop.time() - before - 0.001)


async def busy(session: Session, free: asyncio.Event) -> int:
    """Type, and act now and then, until the journal is free; how many acts were taken."""
    taken = count = 0
    while not free.is_set() or count < 10 * ACTS:
        count += 1
        with suppress(NotSaved):
            session.drafts.save("reply:4038", "x" * count)
        if count % 10 == 0 and taken < ACTS:
            with suppress(Impossible):
                session.act("note", text=f"look {count}")
                taken += 1
        await asyncio.sleep(BETWEEN_KEYS)
    return taken


async def measure(seconds: float, blocking: bool) -> None:
    """Print the longest stall, free and held."""
    with tempfile.TemporaryDirectory() as name:
        async with Sandbox("quiet", rate_limits=False) as sandbox:
            desk = Desk(settings_for(sandbox, Path(name)))
            if not blocking:
                desk.hurry()
            session = desk.session(await desk.find("1924"))
            await session.start()
            session.act("open_channel")
            await until(lambda: len(posted(sandbox)) == 1 and not session.view.outbox.deliveries)
            for held in (0.0, seconds):
                free, stalls, before = asyncio.Event(), list[float](), len(posted(sandbox))
                holder = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", HOLDER if held else "print()", str(desk.journal.path), str(held),
                    stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
                assert holder.stdout is not None
                await holder.stdout.readline()
                watching = asyncio.create_task(longest_stall(stalls))
                typing = asyncio.create_task(busy(session, free))
                await holder.wait()
                free.set()
                taken = await typing
                await until(lambda: not session.view.outbox.deliveries)
                watching.cancel()
                arrived = len(posted(sandbox)) - before
                stalls.sort()
                print(
                    f"held for {held:g} s: longest stall {stalls[-1] * 1000:.0f} ms, 99th of 100"
                    f" {stalls[int(len(stalls) * 0.99)] * 1000:.1f} ms; {taken} acts, {arrived} notes", flush=True
                )  # fmt: skip
            await session.close()
            await desk.close()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.locked", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="for how long the journal is held")
    parser.add_argument("--blocking", action="store_true", help="wait for the other process, as a command does")
    given = parser.parse_args()
    asyncio.run(measure(given.seconds, given.blocking))
    return 0


if __name__ == "__main__":
    sys.exit(main())
