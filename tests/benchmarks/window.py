"""The window that can't be closed: two cockpits reply to one ticket; from how far apart on is the second held back?

    python -m tests.benchmarks.window [ROUNDS]

Freshdesk offers nothing by which a reply could be refused because another one came before it. So between the moment at
which the second cockpit's guard has read the conversation and the moment at which the first one's reply arrives, both
go out. Two processes act at moments of the machine's monotonic clock, the second later by an offset that is swept; for
each offset it prints how often both replies went out, then the offset from which on the second was held more often than
not, and what the window is made of: the guard's reading of the conversation, the journal's commit, the write's flight.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from cockpit.engine.journal import Action, Journal
from cockpit.engine.view import Part
from cockpit.sandbox import SandboxThread
from cockpit.services.freshdesk import Freshdesk
from tests.two_cockpits.cockpit import TICKET, with_channel
from tests.two_cockpits.process import CockpitProcess, processes

OFFSETS = (0, 2, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 120, 200, 400, 800)
"""Milliseconds by which the second acts after the first."""
AHEAD = 0.15
"""Seconds from the order to the first deed."""


async def both_went_out(sandbox: SandboxThread, first: CockpitProcess, second: CockpitProcess, offset: float) -> bool:
    """Let both reply, the second so many seconds later; whether the ticket has both replies."""
    before = replies(sandbox)
    at = time.monotonic() + AHEAD
    data = {"ticket": TICKET, "purpose": "update", "body": "We are on it."}
    await asyncio.gather(
        first.ask(do="act", kind="reply", data=data, at=at),
        second.ask(do="act", kind="reply", data=data, at=at + offset),
    )
    went = replies(sandbox) - before
    for cockpit in (first, second):
        await cockpit.ask(do="read")
    await second.ask(do="drop")
    return went == 2


def replies(sandbox: SandboxThread) -> int:
    """How many replies the ticket has."""
    return len(next(one for one in sandbox.state()["freshdesk"]["tickets"] if one["id"] == TICKET)["conversations"])


async def parts(sandbox: SandboxThread, folder: Path, rounds: int) -> dict[str, float]:
    """The medians, in milliseconds, of what the window is made of."""
    key = sandbox.sandbox.credentials("ana")["freshdesk_key"]
    service = Freshdesk(url=sandbox.sandbox.freshdesk_url, api_key=key)
    await service.ticket(TICKET)
    taken: dict[str, list[float]] = {"reading the conversation": [], "the journal's commit": [], "the reply": []}
    journal = Journal(folder / "window.sqlite3")
    now = sandbox.sandbox.clock.now()
    case = journal.new_case("window", now)
    data = {"ticket": TICKET, "purpose": "update", "to": "R. Osei"}
    seq = journal.add(Action("a", case.key, "reply", None, "Ana Ruiz", now, data), Part.EFFECT, "freshdesk")
    for _ in range(rounds):
        moments = [time.perf_counter()]
        await service.conversations(TICKET)
        moments.append(time.perf_counter())
        journal.sending(seq, {"newest": 1}, now)
        moments.append(time.perf_counter())
        await service.reply(TICKET, "<p>We are on it.</p>")
        moments.append(time.perf_counter())
        for name, (begun, ended) in zip(taken, zip(moments, moments[1:], strict=False), strict=True):
            taken[name].append((ended - begun) * 1000)
    journal.close()
    await service.close()
    return {name: statistics.median(each) for name, each in taken.items()}


async def measure(rounds: int) -> None:
    """Sweep and print."""
    with tempfile.TemporaryDirectory() as name, SandboxThread("quiet", rate_limits=False) as sandbox:
        folder = Path(name)
        medians = await parts(sandbox, folder, rounds * 4)
        await with_channel(sandbox.sandbox, folder)
        async with processes(sandbox, folder, "ana", "ben") as (ana, ben):
            shares = {}
            for offset in OFFSETS:
                both = [await both_went_out(sandbox, ana, ben, offset / 1000) for _ in range(rounds)]
                shares[offset] = sum(both) / rounds
                print(f"second {offset:3} ms later: both went out in {sum(both):3} of {rounds}", flush=True)
    mostly = next((offset for offset in OFFSETS if shares[offset] < 0.5), "more")
    always = next((offset for offset in OFFSETS if not any(shares[one] for one in OFFSETS if one >= offset)), "more")
    print(f"the second is held back more often than not from {mostly} ms on, always from {always} ms on")
    for part, median in medians.items():
        print(f"{part:26} median {median:5.1f} ms")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
