"""The journal of a killed run is damaged in every way, and the real program is started on it.

It has to read what is there, or to set it aside and say so; to end without a traceback; and to do nothing twice. One
world is used for all: a *specimen* is the state folder as a death left it, with a note on its way, one queued and a
text begun, and each damage is done to a copy.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from cockpit.config import load
from cockpit.engine.desk import JOURNAL, Desk
from cockpit.engine.journal import Journal
from cockpit.engine.view import DeliveryState
from cockpit.sandbox import Sandbox
from tests.conftest import BEGIN
from tests.engine.test_session import begin, posted, reply, ticket_state
from tests.terminal import ROOT, Terminal, config_for
from tests.waiting import until

PAGE = 4096
ASIDE = "set aside"
STUCK = 300.0
"""Seconds after which a program that doesn't end is a fault."""


@dataclass(frozen=True, slots=True)
class Place:
    """The journal's files in one state folder, to be damaged."""

    folder: Path
    dice: random.Random

    @property
    def main(self) -> Path:
        """The database."""
        return self.folder / JOURNAL

    @property
    def log(self) -> Path:
        """What was written last, which isn't in the database yet."""
        return self.folder / f"{JOURNAL}-wal"

    def change(self, path: Path, change: Callable[[bytearray], bytes | bytearray]) -> None:
        """Give the file another content."""
        path.write_bytes(change(bytearray(path.read_bytes())))


def _flip(place: Place, path: Path) -> None:
    def flipped(content: bytearray) -> bytearray:
        for _ in range(place.dice.choice([1, 8, 64])):
            content[place.dice.randrange(len(content))] ^= place.dice.randrange(1, 256)
        return content

    place.change(path, flipped)


def _cut(place: Place, path: Path) -> None:
    place.change(path, lambda content: content[: place.dice.randrange(len(content))])


def _zero(place: Place, path: Path) -> None:
    def zeroed(content: bytearray) -> bytearray:
        begin = place.dice.randrange(max(1, len(content) // PAGE)) * PAGE
        content[begin : begin + PAGE] = bytes(len(content[begin : begin + PAGE]))
        return content

    place.change(path, zeroed)


def _folder_in_its_place(place: Place) -> None:
    place.main.unlink()
    place.main.mkdir()


def _other_log(place: Place) -> None:
    other = place.folder / "other"
    other.mkdir()
    journal = Journal(other / JOURNAL)
    journal.new_case("Another one", BEGIN)
    shutil.copy(other / f"{JOURNAL}-wal", place.log)
    journal.close()


DAMAGES: dict[str, Callable[[Place], object]] = {
    "database: flipped bytes": lambda place: _flip(place, place.main),
    "database: cut off": lambda place: _cut(place, place.main),
    "database: a page of zeros": lambda place: _zero(place, place.main),
    "database: garbage": lambda place: place.main.write_bytes(place.dice.randbytes(3 * PAGE)),
    "database: empty": lambda place: place.main.write_bytes(b""),
    "database: gone": lambda place: place.main.unlink(),
    "database: a folder in its place": _folder_in_its_place,
    "database: read-only": lambda place: place.main.chmod(0o400),
    "log ahead: flipped bytes": lambda place: _flip(place, place.log),
    "log ahead: torn": lambda place: _cut(place, place.log),
    "log ahead: a page of zeros": lambda place: _zero(place, place.log),
    "log ahead: gone": lambda place: place.log.unlink(),
    "log ahead: another's": _other_log,
    "shared memory: garbage": lambda place: (place.folder / f"{JOURNAL}-shm").write_bytes(place.dice.randbytes(PAGE)),
    "full disk": lambda _: None,
}
FULL = "full disk"
"""By a limit on what a file may grow to, which is met in the middle of a transaction."""

PROGRAMS = ("log", "status", "note", "screen")


@dataclass(slots=True)
class Damages:
    """What came of it."""

    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each damage was read, set aside, or refused to be written."""
    violations: list[str] = field(default_factory=list)

    def table(self) -> str:
        """A line to each damage."""
        columns = ("read", "set aside", "refused")
        lines = ["".join([f"{'damage':34}", *(f"{column:>11}" for column in columns)])]
        for name in DAMAGES:
            lines.append("".join([f"{name:34}", *(f"{self.ways[name, column]:>11}" for column in columns)]))
        return "\n".join([*lines, f"{self.ways.total()} damages, {len(self.violations)} violations"])


class Specimen:
    """A world, and the state folder of a run that died in it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._config = config_for(sandbox, folder)
        self._folder = folder
        self.state = folder / "died"
        self._known: set[str] = set()

    async def prepare(self) -> None:
        """Act, and copy the folder while a note is on its way: what a SIGKILL would leave."""
        desk = Desk(replace(load(self._config), state_dir=self._folder / "lived"))
        session = desk.session(await desk.find("1924"))
        await session.start()
        await begin(session)
        session.act("incident_note", text="seen in PagerDuty")
        reply(session, "We are on it.")
        for number in range(12):
            session.act("note", text=f"looked {number}")
            if number == 6:  # so that a part is in the database, and the rest in the log ahead of it
                with closing(sqlite3.connect(desk.journal.path)) as other:
                    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await until(lambda: not session.view.outbox.deliveries)
        session.drafts.save("reply:4038", "Half a sentence", purpose="plain")
        self._sandbox.fault("slack", "drop_after", path="chat.postMessage", count=1)
        session.act("note", text="on its way")
        session.act("note", text="behind it")
        await until(lambda: session.view.outbox.unknown)
        shutil.copytree(self._folder / "lived", self.state)
        entries = desk.journal.entries(session.case.key)
        self._known = {entry.action.id for entry in entries}
        self._waiting = {entry.action.id for entry in entries if entry.state is DeliveryState.QUEUED}
        await session.close()
        await desk.close()

    def done(self) -> Counter[str]:
        """What there is in the world, each with how often: notes by their action, replies, notes in PagerDuty."""
        incident = self._sandbox.state()["pagerduty"]["incidents"][0]
        return Counter(
            [
                *(note["metadata"]["event_payload"]["id"] for note in posted(self._sandbox)),
                *(f"reply {said['body_text']}" for said in ticket_state(self._sandbox)["conversations"]),
                *(f"PagerDuty {note['content']}" for note in incident["notes"]),
                *(f"PagerDuty {line['type']}" for line in incident["log_entries"]),
            ]
        )

    async def suffer(self, damage: str, program: str, dice: random.Random, result: Damages) -> None:
        """One damage to a copy, and the program on it."""
        state = self._folder / "damaged"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(self.state, state)
        place = Place(state, dice)
        DAMAGES[damage](place)
        before = self.done()
        limit = place.log.stat().st_size + dice.randrange(2 * PAGE) if damage == FULL else None
        said, code = await self._start(program, state, limit)
        self._judge(damage, program, said, code, before, state, result)

    async def _start(self, program: str, state: Path, limit: int | None) -> tuple[str, int]:
        if program == "screen" and limit is None:
            return await self._screen(state)
        words = {"log": ["log", "1924", "--json"], "status": ["status", "1924"]}.get(program, ["note", "1924", "after"])
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cockpit", "--config", str(self._config), *words, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "COCKPIT_STATE_DIR": str(state), "PYTHONPATH": str(ROOT)},
            preexec_fn=None if limit is None else partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)),
        )  # fmt: skip
        async with asyncio.timeout(STUCK):
            said, _ = await child.communicate()
        assert child.returncode is not None
        return said.decode(), child.returncode

    async def _screen(self, state: Path) -> tuple[str, int]:
        async with Terminal("--config", self._config, "1924", state=state) as terminal:
            # Either the incident is there, with all three read, or it says why not and ends.
            await until(lambda: terminal.ended or "● FD" in terminal.screen, "it is read, or ends")
            if not terminal.ended:
                await self._delivered(state)
                terminal.type("\x11")
            code = await terminal.end()
            return terminal.written, code

    async def _delivered(self, state: Path) -> None:
        """Wait until the screen has delivered what it can."""

        def settled() -> bool:
            journal = Journal(state / JOURNAL)
            try:
                (case, *_) = journal.cases()
                open_ = journal.entries(case.key, open_only=True)
                return all(entry.asks or entry.state is DeliveryState.REFUSED for entry in open_)
            finally:
                journal.close()

        await until(settled, "everything is delivered")

    def _judge(
        self, damage: str, program: str, said: str, code: int, before: Counter[str], state: Path, result: Damages
    ) -> None:
        where = f"{damage}, cockpit {program}"
        aside = list(state.glob("*.damaged-*"))
        way = "set aside" if aside else "refused" if code == 2 else "read"
        result.ways[damage, way] += 1
        fault = partial("{}: {}".format, where)
        if "Traceback" in said or code not in (0, 2, 3, 5):
            result.violations.append(fault(f"it ended with {code}: {said[-1500:]}"))
        # On the screen it is a toast, whose lines break where they must.
        if aside and ("damaged" if program == "screen" else ASIDE) not in said:
            result.violations.append(fault(f"it doesn't say that the journal was set aside: {said[-600:]}"))
        after = self.done() - before
        for what, count in after.items():
            # What the journal held as queued may go out, once; a note of this start's own is a new one.
            allowed = 1 if what in self._waiting or (what not in self._known and program == "note") else 0
            if count > allowed:
                result.violations.append(fault(f"{what} was done {count} times more"))
        if program == "log" and code == 0:
            with suppress(ValueError):
                self._truly(json.loads(said[said.index("[") :]), fault, result)

    def _truly(self, cases: list[dict[str, Any]], fault: Callable[[str], str], result: Damages) -> None:
        told = {line["action"] for case in cases for line in case["lines"]}
        if strange := told - self._known:
            result.violations.append(fault(f"it tells of actions that there never were: {strange}"))


async def damage(
    count: int, seed: int, folder: Path, *, programs: Sequence[str] = PROGRAMS, names: Sequence[str] = tuple(DAMAGES),
    told: Callable[[Damages], None] | None = None,
) -> Damages:  # fmt: skip
    """That many damages, each sort in its turn, to the program in its turn; `told` is called after each."""
    result, dice = Damages(), random.Random(seed)
    async with Sandbox("quiet", rate_limits=False) as sandbox:
        specimen = Specimen(sandbox, folder)
        await specimen.prepare()
        for number in range(count):
            program = programs[number // len(names) % len(programs)]
            await specimen.suffer(names[number % len(names)], program, dice, result)
            if told is not None:
                told(result)
    return result
