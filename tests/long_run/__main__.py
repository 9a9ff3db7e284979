"""`python -m tests.long_run`: lead the hours, print what the program held at each half hour, judge."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit.engine.desk import JOURNAL
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.settings import PollSettings
from tests.long_run.busy import Busy, replies_with
from tests.terminal import Held, Terminal, config_for, held

SETTLED = 1.5
"""Hours after which the program has shown everything once and the channel's window of messages is full."""

MOST_GROWTH = 0.05

PATIENCE = 300.0
"""Seconds; generous, since it only decides how long a run that fails takes."""

PASSING = 3
"""More tasks of a name, files or threads than before that aren't a leak: requests are under way at any moment."""

LAST = "that was all"
"""What is typed at the end."""

SIZE = 40, 120
"""Rows and columns of the terminal when it is looked at first and last: a larger screen takes more memory."""

HURRY = 3
"""How much more often than in proportion the services are asked: a reading's own time doesn't shrink with the rest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the program held, so many hours in."""

    hours: float
    held: Held
    tasks: Counter[str]
    objects: int
    types: Counter[str]


async def look(terminal: Terminal, told: Path, hours: float) -> Moment:
    """Ask the program what it holds, and look from outside."""
    told.unlink(missing_ok=True)
    terminal.signal(signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE
    while not told.exists():
        if terminal.ended or time.monotonic() > deadline:
            raise RuntimeError(f"the program doesn't tell what it holds:\n{terminal.screen}")
        await asyncio.sleep(0.1)
    inside: dict[str, Any] = json.loads(told.read_text())
    return Moment(hours, held(terminal.pid), Counter(inside["tasks"]), inside["objects"], Counter(inside["types"]))


def row(moment: Moment, busy: Busy) -> str:
    """A line of the table."""
    one = moment.held
    return (
        f"{moment.hours:5.1f}{one.rss / 1024:9.1f}{one.anonymous / 1024:9.1f}"
        f"{one.files:7}{one.sockets:9}{one.threads:9}"
        f"{moment.tasks.total():7}{moment.objects:10,}{busy.told.messages:10,}"
    )


def faults_in(moments: list[Moment]) -> list[str]:
    """What isn't as it should be."""
    settled = next(moment for moment in moments if moment.hours >= min(SETTLED, moments[-1].hours / 2))
    last, found = moments[-1], []
    for what, before, after in (
        ("resident memory", settled.held.rss, last.held.rss),
        ("memory of its own", settled.held.anonymous, last.held.anonymous),
    ):
        growth = after / before - 1
        print(f"{what} from {settled.hours:.1f} h to {last.hours:.1f} h: {growth:+.1%}")
        if growth > MOST_GROWTH:
            found.append(f"{what} grew by {growth:.1%}")
    if more := {name: count for name, count in (last.tasks - settled.tasks).items() if count > PASSING}:
        found.append(f"tasks left over: {more}")
    for what in ("files", "sockets", "threads"):
        before, after = getattr(settled.held, what), getattr(last.held, what)
        if after > before + PASSING:
            found.append(f"{what}: {before} became {after}")
    for name, count in (last.types - settled.types).most_common(12):
        print(f"  {count:+8,} {name}")
    return found


async def run(hours: float, speed: float, seed: int) -> list[str]:
    """Lead the hours; what was wrong, in words."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    usual = PollSettings()
    polls = "\n".join(
        f"{name} = {max(0.05, getattr(usual, name) / speed / HURRY):.3f}"
        for name in ("pagerduty", "slack", "freshdesk")
    )
    clock = SandboxClock(datetime.now(UTC), speed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Sandbox("quiet", clock=clock, rate_limits=False, port=port) as sandbox:
            config = config_for(sandbox, folder, f"[polls]\n{polls}\n[ui]\nreview_hold = 0\n")
            told = folder / "told.json"
            async with Terminal(
                "--config", config, "1924", state=folder / "state", program=("-m", "tests.long_run.program"),
                environment={"WITNESS": str(told)},
            ) as terminal:  # fmt: skip
                await terminal.shows("Officially start")
                busy = Busy(sandbox, terminal, hours, random.Random(seed))
                busy.happen("priority", by="ana", priority="P1")
                busy.happen("open_channel", by="ana")
                terminal.type("l")
                await asyncio.sleep(0.5)
                terminal.type("4038\r")
                print("hours  RSS MiB  own MiB  files  sockets  threads  tasks   objects  messages", flush=True)
                moments: list[Moment] = []
                others = [asyncio.create_task(busy.trouble()), asyncio.create_task(busy.person())]
                world = asyncio.create_task(busy.world())
                while not world.done():
                    await asyncio.wait((world, *others), timeout=1800 / speed, return_when=asyncio.FIRST_COMPLETED)
                    for one in others:
                        if one.done():  # neither ends by itself
                            one.result()
                    async with busy.at_keys:
                        moments.append(await look(terminal, told, busy.elapsed / 3600))
                    print(row(moments[-1], busy), flush=True)
                for one in others:
                    one.cancel()
                await asyncio.wait(others)
                await world
                return await end(sandbox, terminal, busy, moments, told, folder / "state")


def told_in(sandbox: Sandbox) -> Counter[str]:
    """The notes in the channel, as they were typed."""
    return Counter(
        message["text"].split(" — ")[0].removeprefix("✎ ")
        for channel in sandbox.state()["slack"]["channels"]
        for message in channel["messages"]
        if message.get("metadata")
    )


ASKED = ("refused", "unknown")
"""How a delivery stands of which the cockpit asks a person what is to become of it."""


def journalled(text: str, state: Path) -> list[Any]:
    """What the program's journal says of what holds these words: their deliveries, else the drafts that they are in."""
    with closing(sqlite3.connect(state / JOURNAL)) as db:
        return (
            db.execute(
                "SELECT d.state, a.kind, a.at, a.data, d.part, d.error FROM actions a"
                " JOIN deliveries d ON d.action_id = a.id WHERE instr(a.data, ?)",
                (text,),
            ).fetchall()
            or db.execute("SELECT 'draft', * FROM drafts WHERE instr(text, ?)", (text,)).fetchall()
        )


async def end(
    sandbox: Sandbox, terminal: Terminal, busy: Busy, moments: list[Moment], told: Path, state: Path
) -> list[str]:
    """Let it come to rest; look a last time, at the screen too; leave by key."""
    sandbox.clear_faults()
    busy.count()
    for _ in range(3):
        terminal.type("\x1b")
        await asyncio.sleep(0.5)
    try:
        await busy.settle()
    except AssertionError as never:
        busy.told.unseen.append(str(never))
    # Behind all that was typed; on a machine that lags it may be much.
    terminal.type("n")
    terminal.type(LAST)
    terminal.type("\r")
    deadline = time.monotonic() + PATIENCE
    while not any(LAST in text for text in told_in(sandbox)) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    print(f"the last word typed was in the channel {PATIENCE - (deadline - time.monotonic()):.1f} s later")
    # What was refused waits for a person; all else goes out.
    for on_its_way in ("queued", "sending"):
        await terminal.hides(on_its_way)
    texts = told_in(sandbox)
    terminal.resize(*SIZE)
    terminal.type("3G")
    await terminal.shows(busy.told.last)
    moments.append(await look(terminal, told, busy.elapsed / 3600))
    print(row(moments[-1], busy))
    print(*(f"  {count} {name}" for name, count in sorted(moments[-1].tasks.items())), sep="\n")
    found = faults_in(moments)
    arrived = [texts[text] for text in busy.told.typed]
    print(f"notes typed: {len(arrived)}, told once: {arrived.count(1)}, more than once: {sum(n > 1 for n in arrived)}")
    if any(count > 1 for count in arrived):
        found.append("a note is there twice")
    kept = {text: journalled(text, state) for text in busy.told.typed if not texts[text]}
    print(*(f"  {text}: {rows}" for text, rows in kept.items()), sep="\n")
    if missing := [text for text, rows in kept.items() if not any(row[0] in ASKED for row in rows)]:
        found.append(f"notes that were typed, aren't in the channel and aren't asked about: {', '.join(missing)}")
    told_of = busy.told
    sent = [replies_with(text, sandbox) for text in told_of.answered]
    found += told_of.unseen
    print(
        f"answers sent: {len(sent)}, arrived once: {sent.count(1)}, asked about: {told_of.settled}, "
        f"held back: {len(told_of.held)}"
    )
    found += [f"{text!r} arrived {n} times" for text, n in zip(told_of.answered, sent, strict=True) if n != 1]
    print(
        f"{told_of.messages:,} messages, {told_of.replies} replies in threads, {told_of.letters} letters, "
        f"{told_of.alerts} alerts, {told_of.deeds} deeds, {told_of.faults} times faults, {told_of.restarts} restarts"
    )
    print("requests:", ", ".join(f"{count:,} {name}" for name, count in busy.rounds.most_common(8)))
    sandbox.fault("*", "hang")
    await asyncio.sleep(1.0)
    begun = time.monotonic()
    terminal.type("\x11")  # ctrl+q
    code = await terminal.end()
    print(f"left with all three hanging: {time.monotonic() - begun:.2f} s, exit code {code}")
    if code:
        found.append(f"it ended with {code}")
    if "Traceback" in terminal.written:
        found.append(f"it complained: {terminal.written[terminal.written.index('Traceback') :][:4_000]}")
    return found


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.long_run", description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, metavar="N", help="how much of the incident's time passes")
    parser.add_argument("--speed", type=float, default=24.0, metavar="X", help="how many times as fast as the world")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the dice")
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it would tell of dropped connections
    begun = time.monotonic()
    found = asyncio.run(run(given.hours, given.speed, given.seed))
    print(*(f"FAULT {words}" for words in found), sep="\n")
    print(f"{given.hours:g} h at {given.speed:g}x: {time.monotonic() - begun:.0f} s, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
