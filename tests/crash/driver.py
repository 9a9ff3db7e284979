"""The one that kills: lives full of sudden deaths, each on a sandbox and in a state folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cockpit.sandbox import Sandbox
from tests.crash.points import INSIDE, OUTSIDE, Place, Point, every_point
from tests.crash.program import Order
from tests.crash.verdict import Verdict, judge

Zygote = asyncio.subprocess.Process

ROOT = Path(__file__).parents[2]
DEATHS = 20
"""Deaths to a life: enough for one to fall into the recovery from another."""
DEEDS = 12
"""Deeds to a process. It is killed when it has done them if its point hasn't come: by its words, not by a clock."""
SELDOM = ("unknown", "tried again", "refused", "orphaned", "facts kept", "case kept")
"""Transitions that a process goes through once at best: it dies at the first."""
STUCK = 600.0
"""Seconds after which a process that neither ends nor dies is a fault of the harness."""

WRITES = {"pagerduty": ("PUT", "POST"), "slack": ("POST",), "freshdesk": ("POST", "PUT")}
"""The methods by which each service is written to."""


@dataclass(slots=True)
class Death:
    """One process: where it was to die, whether it did, and the actions that it had begun."""

    point: Point
    killed: bool = False
    actions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Words:
    """What the processes of one life said, put together."""

    case_key: str | None = None
    acted: list[str] = field(default_factory=list)
    retried: set[int] = field(default_factory=set)
    typing: str | None = None
    typed: str | None = None
    settled: list[dict[str, Any]] | None = None
    faults: list[str] = field(default_factory=list)

    def hear(self, words: dict[str, Any], death: Death) -> None:
        """Take in one line."""
        self.case_key = words.get("case", self.case_key)
        if words.get("notice"):
            self.faults.append(f"the journal was set aside after {death.point.name}: {words['notice']}")
        if "acted" in words:
            self.acted.append(words["acted"])
            death.actions.append(words["acted"])
        if "retrying" in words:
            self.retried.add(words["retrying"])
        self.typing = words.get("typing", self.typing)
        self.typed = words.get("typed", self.typed)
        self.settled = words.get("settled", self.settled)


@dataclass(slots=True)
class Life:
    """What came of one life."""

    seed: int
    deaths: list[Death]
    verdict: Verdict


class Driver:
    """Leads one life."""

    def __init__(self, seed: int, deaths: int, folder: Path, points: Iterable[Point]) -> None:
        self._seed = seed
        self._dice = random.Random(seed)
        self._deaths = deaths
        self._folder = folder
        self._points = tuple(points)
        self._words = Words()

    async def lead(self) -> Life:
        """Kill, start again, kill …, then settle and judge."""
        deaths: list[Death] = []
        async with Sandbox("quiet", rate_limits=False) as sandbox:
            zygote = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.crash.program", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=2**20,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
            assert zygote.stderr is not None
            complaints = asyncio.create_task(zygote.stderr.read())
            try:
                reference = self._dice.choice(["1924", "1924", "1924", "ticket:4038"])
                while sum(death.killed for death in deaths) < self._deaths and len(deaths) < 3 * self._deaths:
                    death = Death(self._point())
                    deaths.append(death)
                    await self._run(zygote, sandbox, reference, death)
                sandbox.clear_faults()
                last = Death(Point(Place.ANYTIME))
                await self._run(zygote, sandbox, reference, last, settle=True)
            finally:
                assert zygote.stdin is not None
                zygote.stdin.close()
                await zygote.wait()
            self._words.faults += _faults_in((await complaints).decode())
            verdict = judge(self._folder, self._words, sandbox.state())
        return Life(self._seed, deaths, verdict)

    def _point(self) -> Point:
        chosen = self._dice.choice(self._points)
        return Point(chosen.place, chosen.of, 1 if chosen.of in SELDOM else self._dice.choice([1, 1, 2, 3, 5]))

    async def _run(
        self, zygote: Zygote, sandbox: Sandbox, reference: str, death: Death, *, settle: bool = False
    ) -> None:
        """One process, from its birth to its end."""
        assert zygote.stdin is not None
        assert zygote.stdout is not None
        point = death.point
        seen = len(sandbox.requests)
        if not settle:
            self._trouble(sandbox, point)
        given = sandbox.credentials()
        order = Order(
            state_dir=str(self._folder), credentials=given, seed=self._dice.randrange(10**9), reference=reference,
            addresses={
                "pagerduty": sandbox.pagerduty_url, "slack": sandbox.slack_url, "freshdesk": sandbox.freshdesk_url
            },
            pd_service=next(iter(sandbox.world.pagerduty.services)), case_key=self._words.case_key,
            deeds=DEEDS, closes=point.of == "facts kept", settle=settle,
            point=asdict(point) if not settle and point.place not in (*OUTSIDE, Place.ANYTIME) else None,
        )  # fmt: skip
        zygote.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        killer: asyncio.Task[None] | None = None
        words_left = self._dice.randrange(1, 2 * DEEDS) if point.place is Place.ANYTIME and not settle else -1
        pid = 0
        try:
            async with asyncio.timeout(STUCK):
                while True:
                    line = await zygote.stdout.readline()
                    if not line:
                        raise RuntimeError("the program fell")
                    words = json.loads(line)
                    if "ended" in words:
                        break
                    if "born" in words:
                        pid = words["born"]
                        if point.place in OUTSIDE and not settle:
                            killer = asyncio.create_task(_kill_when_struck(pid, sandbox, OUTSIDE[point.place], seen))
                    self._words.hear(words, death)
                    words_left -= 1
                    if words_left == 0 or "tired" in words:
                        death.point = Point(Place.ANYTIME)
                        _kill(pid)
        finally:
            if killer is not None:
                killer.cancel()
        death.killed = words["signal"] == signal.SIGKILL
        if words["code"]:
            self._words.faults.append(f"the process fell by itself at {point.name}")
        sandbox.clear_faults()

    def _trouble(self, sandbox: Sandbox, point: Point) -> None:
        """The fault that stops a request at the point, or that brings the process to it; else, at times, any."""
        if point.place is Place.READING:
            sandbox.fault(point.of, "hang", method="GET", every=point.nth * 3, count=1)
        elif point.place in OUTSIDE:
            seconds = self._dice.choice([0.05, 0.3, 1.5])
            for method in WRITES[point.of]:
                sandbox.fault(point.of, OUTSIDE[point.place], method=method, every=point.nth, count=1, seconds=seconds)
        leads = {"unknown": ["drop_after", "drop_before"], "tried again": ["429"], "refused": ["403"]}.get(point.of)
        if point.place in INSIDE and leads is not None:
            self._befall(sandbox, leads, every=2)
        elif self._dice.random() < 0.4:
            self._befall(sandbox, ["drop_after", "drop_before", "cut", "500", "429"], every=self._dice.choice([3, 5]))

    def _befall(self, sandbox: Sandbox, kinds: list[str], every: int) -> None:
        for service, methods in WRITES.items():
            for method in methods:
                kind = self._dice.choice(kinds)
                sandbox.fault(service, kind, method=method, every=every, count=4, retry_after=1)


async def _kill_when_struck(pid: int, sandbox: Sandbox, fault: str, seen: int) -> None:
    """Kill as soon as the sandbox has a request at the point."""
    while not any(request.fault == fault for request in sandbox.requests[seen:]):
        await asyncio.sleep(0.01)
    _kill(pid)


def _kill(pid: int) -> None:
    # It may have ended by itself in the meantime.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _faults_in(complaints: str) -> list[str]:
    """What the processes wrote to stderr; each traceback is a fault of the program's."""
    return [f"on stderr: {complaints[-1500:]}"] if complaints.strip() else []


async def run(
    kills: int, seed: int, folder: Path, *, lanes: int = 4, deaths: int = DEATHS,
    told: Callable[[Life], None] | None = None,
) -> list[Life]:  # fmt: skip
    """Lead lives until that many processes were killed; `told` is called with each life that is over."""
    lives: list[Life] = []
    planned: dict[int, int] = {}

    def missing() -> int:
        return kills - sum(planned.values()) - sum(death.killed for life in lives for death in life.deaths)

    async def lane() -> None:
        while (wanted := min(deaths, missing())) > 0:
            number = len(lives) + len(planned)
            planned[number] = wanted
            life = await Driver(seed + number, wanted, folder / f"life-{number}", every_point()).lead()
            del planned[number]
            lives.append(life)
            if told is not None:
                told(life)

    await asyncio.gather(*(lane() for _ in range(lanes)))
    return lives
