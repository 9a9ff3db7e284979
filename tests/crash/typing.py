"""Somebody types a reply into the real screen, which is killed in the middle, started again, and typed into again.

What is on disk after a death has to be a beginning of what was typed, and to hold all that was typed until half a
second before. Beside the deaths stands how long it took from each key to the disk, looked at from outside.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from cockpit.config import load
from cockpit.engine.desk import JOURNAL, Desk
from cockpit.sandbox import Sandbox
from tests.engine.test_session import begin
from tests.terminal import Terminal, config_for
from tests.waiting import until

KEY = "reply:4038"
ALLOWED = 0.5
"""Seconds of typing that a death may cost."""
LOOKS = 0.002
"""Seconds between two looks at the disk while somebody types."""
LINE = 20
"""Letters to a line, so that the last line can be found on the screen."""
DEATHS = 15
"""Deaths to a text: after them a new one is begun."""


@dataclass(slots=True)
class Typing:
    """What came of it: how many deaths, seconds from key to disk, and what was broken, each a sentence."""

    deaths: int = 0
    latencies: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    """How old the oldest letter was, in seconds, that each death cost; 0 if it cost none."""
    violations: list[str] = field(default_factory=list)

    def figures(self) -> str:
        """The latencies in words."""
        latencies, lost = sorted(self.latencies), sorted(self.lost)

        def of(values: list[float]) -> str:
            parts = values[len(values) // 2], values[int(len(values) * 0.95)], values[-1]
            return ", ".join(f"{1000 * part:.0f}" for part in parts)

        return (
            f"{self.deaths} deaths, {len(latencies)} keys. From key to disk: median, p95, max {of(latencies)} ms. "
            f"A death cost letters of at most: median, p95, max {of(lost)} ms. {len(self.violations)} violations."
        )


class Typist:
    """Types one text, through as many deaths as it takes."""

    def __init__(self, sandbox: Sandbox, folder: Path, dice: random.Random, result: Typing) -> None:
        self._config = config_for(sandbox, folder)
        self._state = folder / "state"
        self._dice = dice
        self._result = result
        self._text = "Hello"
        self._sent: list[tuple[float, int]] = []
        self._found = 0

    async def prepare(self) -> None:
        """Leave an incident with a ticket behind, and a text that was begun."""
        desk = Desk(replace(load(self._config), state_dir=self._state))
        session = desk.session(await desk.find("1924"))
        await session.start()
        await begin(session)
        session.drafts.save(KEY, self._text, purpose="plain")
        await session.close()
        await desk.close()

    async def die(self, *, strict: bool) -> None:
        """Type, be killed at a random moment, and look; not `strict`: half of it is seen on disk before."""
        async with Terminal("--config", self._config, "1924", state=self._state) as terminal:
            await terminal.shows(self._text.splitlines()[-1])
            await terminal.shows("c reply")
            terminal.type("c")
            await terminal.shows("ctrl+s")
            self._sent, self._found = [], 0
            begun_with = self._text
            with closing(self._connected()) as seen:
                await self._type(terminal, seen, self._dice.randrange(5, 60))
                if not strict:
                    await until(lambda: self._kept(seen) == self._text, "what was typed is on disk")
                sure = self._text
                await self._type(terminal, seen, self._dice.randrange(1, 60))
            died = time.monotonic()
            terminal.signal(signal.SIGKILL)
            await terminal.end()
            assert "Traceback" not in terminal.written
        self._judge(died, sure if not strict else begun_with, strict=strict)

    async def _type(self, terminal: Terminal, seen: sqlite3.Connection, keys: int) -> None:
        """Type that many keys without a pause, noting when each is on disk."""
        found = asyncio.create_task(self._watch(seen))
        for _ in range(keys):
            await asyncio.sleep(self._dice.uniform(0.005, 0.08))
            letter = "\r" if len(self._text.splitlines()[-1]) >= LINE else self._dice.choice("abcdefghij")
            terminal.type(letter)
            self._text += letter.replace("\r", "\n") + ("x" if letter == "\r" else "")
            if letter == "\r":
                terminal.type("x")
            self._sent.append((time.monotonic(), len(self._text)))
        found.cancel()

    async def _watch(self, seen: sqlite3.Connection) -> None:
        while True:
            length, now = len(self._kept(seen)), time.monotonic()
            while self._found < len(self._sent) and self._sent[self._found][1] <= length:
                self._result.latencies.append(now - self._sent[self._found][0])
                self._found += 1
            await asyncio.sleep(LOOKS)

    def _judge(self, died: float, least: str, *, strict: bool) -> None:
        with closing(self._connected()) as seen:
            kept = self._kept(seen)
        self._result.deaths += 1
        missing = [sent for sent, length in self._sent if length > len(kept)]
        age = died - missing[0] if missing else 0.0
        self._result.lost.append(age)
        if not (self._text.startswith(kept) and kept.startswith(least)):
            self._result.violations.append(f"typed was {self._text!r}, kept is {kept!r}")
        elif strict and age > ALLOWED:
            self._result.violations.append(f"a letter typed {age:.2f} s before the death is lost")
        self._text = kept

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._state / JOURNAL, isolation_level=None)

    @staticmethod
    def _kept(seen: sqlite3.Connection) -> str:
        (text,) = seen.execute("SELECT text FROM drafts WHERE key = ?", (KEY,)).fetchone()
        return str(text)


async def typing(
    kills: int, seed: int, folder: Path, *, strict: bool, told: Callable[[Typing], None] | None = None
) -> Typing:
    """Type through that many deaths; `told` is called after each."""
    result, dice = Typing(), random.Random(seed)
    while result.deaths < kills:
        place = folder / f"text-{result.deaths}"
        place.mkdir()
        async with Sandbox("quiet", rate_limits=False) as sandbox:
            typist = Typist(sandbox, place, dice, result)
            await typist.prepare()
            for _ in range(min(DEATHS, kills - result.deaths)):
                await typist.die(strict=strict)
                if told is not None:
                    told(result)
    return result
