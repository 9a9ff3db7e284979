"""`python -m tests.crash`: kill, start again, compare; print a table; exit 1 if a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from tests.crash.damage import Damages, damage
from tests.crash.driver import Life, run
from tests.crash.typing import Typing, typing


def table(lives: list[Life]) -> str:
    """Per point: processes killed there, the actions they had begun, how those ended."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for life in lives:
        for death in life.deaths:
            row = rows[death.point.name if death.killed else "(lived: closed by itself)"]
            row["kills" if death.killed else "lived"] += 1
            row["actions"] += len(death.actions)
            row.update(life.verdict.ended.get(action_id, "lost") for action_id in death.actions)
    columns = ("kills", "actions", "once", "asks", "held", "given up", "lost")
    lines = ["".join([f"{'killed':34}", *(f"{column:>10}" for column in columns)])]
    for name in sorted(rows):
        lines.append("".join([f"{name:34}", *(f"{rows[name][column]:>10,}" for column in columns)]))
    total: Counter[str] = sum(rows.values(), Counter())
    lines.append("".join([f"{'all':34}", *(f"{total[column]:>10,}" for column in columns)]))
    return "\n".join(lines)


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, metavar="N", help="how many processes are killed")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="the dice; printed, so a run can be redone")
    parser.add_argument("--lanes", type=int, default=4, metavar="N", help="lives led at the same time")
    parser.add_argument("--typing", type=int, metavar="N", help="instead: type into the screen, through N deaths")
    parser.add_argument("--damages", type=int, metavar="N", help="instead: damage a dead run's journal, N times")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    print(f"seed {seed}", flush=True)
    # The sandbox would tell of each client that died in the middle of a request.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    begun = time.monotonic()
    if given.typing is not None:
        return _type(given.typing, seed)
    if given.damages is not None:
        return _damage(given.damages, seed)

    def told(life: Life) -> None:
        killed = sum(death.killed for death in life.deaths)
        print(f"life {life.seed}: {killed} kills, {len(life.verdict.ended)} actions", flush=True)
        for violation in life.verdict.violations:
            print(f"  VIOLATION {violation}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        lives = asyncio.run(run(given.kills, seed, Path(folder), lanes=given.lanes, told=told))
    violations = sum(len(life.verdict.violations) for life in lives)
    print(table(lives))
    print(f"{violations} violations; {len(lives)} lives; {time.monotonic() - begun:.0f} s; seed {seed}")
    return 1 if violations else 0


def _damage(count: int, seed: int) -> int:
    shown = 0

    def told(so_far: Damages) -> None:
        nonlocal shown
        for violation in so_far.violations[shown:]:
            print(f"  VIOLATION {violation}", flush=True)
        shown = len(so_far.violations)

    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(damage(count, seed, Path(folder), told=told))
    print(f"{result.table()}; seed {seed}")
    return 1 if result.violations else 0


def _type(deaths: int, seed: int) -> int:
    def told(so_far: Typing) -> None:
        if so_far.deaths % 10 == 0:
            print(so_far.figures(), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(typing(deaths, seed, Path(folder), strict=True, told=told))
    for violation in result.violations:
        print(f"  VIOLATION {violation}")
    print(f"{result.figures()} Seed {seed}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.")
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
