"""A busy incident: what the others write, what breaks and mends, and a person at the keys."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.sandbox.scenario import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.sandbox import Sandbox
    from tests.terminal import Terminal

EVERY = 5
"""Seconds of the incident's time between two messages."""

PEOPLE = ("ben", "kim", "lou")
WORDS = (
    "the hub's pod restarts again and again, last time 12 s after its start",
    "node 7 is not ready since :warning: `kubectl describe node` shows disk pressure",
    "nobody can log in, see <https://grafana.example.org/d/hub?from=now-1h|the board>",
    "*quota* looks fine; I look at the event log next & tell here",
    "drained it.\nThe users' pods came up on node 9.\nThe hub's didn't.",
    "seen it, joining",
)
FAULTS = ("drop_before", "drop_after", "500", "429", "html", "cut", "slow", "403")
"""What befalls the services in turn; a restart is on top."""

TOP, END, ESCAPE, ENTER = "g", "G", "\x1b", "\r"
ALL, REVIEW, SEND = "\x1b[18~", "\x13", "s"
REVIEWED, ASKED = "PUBLIC: the community reads it", "Send it all the same?"
"""What the screen says while a reply is reviewed, and when something in it must be passed."""

DRAFTS = 3
"""How many times something is added to the draft of a reply until one is sent: about every half hour."""


UNKNOWN, REFUSED, ON_THE_WAY = "unknown O shows", "refused O shows", ("unknown O shows", " queued", " sending")
"""What the last line says while something isn't delivered."""


def replies_with(text: str, sandbox: Sandbox) -> int:
    """How many pieces of the tickets' conversations hold these words."""
    tickets = sandbox.state()["freshdesk"]["tickets"]
    return sum(text in piece["body_text"] for ticket in tickets for piece in ticket["conversations"])


@dataclass(slots=True)
class Told:
    """What happened so far."""

    messages: int = 0
    replies: int = 0
    letters: int = 0
    alerts: int = 0
    faults: int = 0
    restarts: int = 0
    deeds: int = 0
    drafts: int = 0
    settled: int = 0
    last: str = ""
    typed: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """What the person waited for in vain, with the screen."""


class Busy:
    """The world and the person, over `hours` of the sandbox's time."""

    def __init__(self, sandbox: Sandbox, terminal: Terminal, hours: float, dice: random.Random) -> None:
        self.told = Told()
        self.rounds: Counter[str] = Counter()
        """Requests by the last part of their path."""
        self.at_keys = asyncio.Lock()
        """Held while keys are pressed: a program that stalls as it tells what it holds reads escape and the next key
        at once, which means another key."""
        self._sandbox = sandbox
        self._terminal = terminal
        self._hours = hours
        self._dice = dice
        self._begun = sandbox.clock.now()

    @property
    def elapsed(self) -> float:
        """The incident's time since the beginning, in seconds."""
        return (self._sandbox.clock.now() - self._begun).total_seconds()

    def happen(self, kind: str, **details: object) -> None:
        """Let something happen in the world now."""
        self._sandbox.story.inject(Event(timedelta(0), kind, {"kind": kind, **details}))

    async def world(self) -> None:
        """A message every five seconds, and what else a busy incident brings, until the hours are over."""
        while self.elapsed < self._hours * 3600:
            while self.told.messages < self.elapsed / EVERY:
                self._message()
            await asyncio.sleep(0.02)

    def _message(self) -> None:
        told = self.told
        number = told.messages = told.messages + 1
        by = PEOPLE[number % len(PEOPLE)]
        told.last = f"look {number}"
        self.happen("post", by=by, text=f"{told.last}: {self._dice.choice(WORDS)}", key=f"m{number}")
        if number % 24 == 0:  # every two minutes
            told.replies += 1
            self.happen("post", by=self._dice.choice(PEOPLE), text=f"reply {number}", thread=f"m{number - 3}")
        if number % 30 == 0:
            self.happen("edit", message=f"m{number - 5}", text=f"look {number - 5}, corrected")
        if number % 90 == 0:
            self.happen("delete", message=f"m{number - 7}")
        if number % 60 == 0:  # every five minutes
            told.alerts += 1
            self.happen("alert", alert=f"alert {number}", service="JupyterHub URL", title=f"Hub slow {number}")
        if number % 240 == 0:  # every twenty minutes
            told.letters += 1
            self.happen("ticket_reply", by="r.osei@rivendell.example", text=f"<p>Any news? {number}</p>")

    def count(self) -> None:
        """Count the requests since the sandbox was started last, which forgets them when it is closed."""
        self.rounds.update(request.path.rpartition("/")[2] for request in self._sandbox.requests)

    async def trouble(self) -> None:
        """Every ten minutes of the incident a fault of three; every half hour nothing answers, then it is back."""
        turn = 0
        while True:
            await self._for(600)
            turn += 1
            if turn % 3 == 0:
                self.count()
                await self._sandbox.close()
                try:
                    await self._for(60)
                finally:
                    await self._sandbox.start()
                self.told.restarts += 1
                continue
            service = ("pagerduty", "slack", "freshdesk")[turn % 3 - 1]
            self._sandbox.fault(service, FAULTS[turn % len(FAULTS)], seconds=0.5, retry_after=1)
            self._sandbox.fault("*", "drop_before", every=5)
            self.told.faults += 1
            await self._for(120)
            self._sandbox.clear_faults()

    async def person(self) -> None:
        """Somebody who writes notes, reads, looks things up, and answers the community."""
        turn = 0
        while True:
            await self._for(45)
            turn += 1
            deed = (self._note, self._read, self._look, self._lift, self._draft, self._note, self._resize)[turn % 7]
            async with self.at_keys:
                await deed(turn)
                self.told.deeds += 1
                # Out of whatever may be open: the next deed begins on the incident's screen.
                await self._press(ESCAPE, ESCAPE, "1")

    async def _note(self, turn: int) -> None:
        await self._press("n", f"looked at {turn}", ENTER)
        self.told.typed.append(f"looked at {turn}")

    async def _read(self, _turn: int) -> None:
        await self._press("3", TOP, "k", "j", END, "/", "kubectl", ENTER, ESCAPE, ESCAPE)

    async def _look(self, _turn: int) -> None:
        await self._press("?", ESCAPE, "O", ESCAPE, "2", "j", "j", "e", ESCAPE, "+", "+")

    async def _lift(self, _turn: int) -> None:
        await self._press("3", "T", ENTER)

    async def _draft(self, turn: int) -> None:
        await self._press("c", f"We are on it {turn}. ", ESCAPE)
        self.told.drafts += 1
        if self.told.drafts % DRAFTS == 0:
            try:
                await self._answer(f"We know more now, that is {turn}.")
            except AssertionError as never:
                self.told.unseen.append(str(never))

    async def _answer(self, text: str) -> None:
        """Write this in place of the draft, and send it, whatever the review asks."""
        await self.settle()
        await self._press("c", ALL, text, REVIEW)
        await self._sees(lambda screen: REVIEWED in screen, "the review")
        await self._press(SEND)
        await self._sees(lambda screen: REVIEWED not in screen or ASKED in screen, "what came of it")
        if ASKED in self._terminal.screen:
            await self._press(SEND)
            await self._sees(lambda screen: REVIEWED not in screen, "that it is sent")
        self.told.answered.append(text)

    async def settle(self) -> None:
        """See what became of the last answer. Where the cockpit asks whether it arrived, look in Freshdesk and say so.

        One that is held back, since the community wrote meanwhile, gives way to the next.
        """
        if not self.told.answered:
            return
        if UNKNOWN in self._terminal.screen:
            await self._press("O")
            await self._sees(lambda screen: "outcome unknown" in screen, "the outbox")
            await self._press("i" if replies_with(self.told.answered[-1], self._sandbox) else "s", ESCAPE)
            self.told.settled += 1
        await self._sees(lambda screen: not any(words in screen for words in ON_THE_WAY), "that nothing is on its way")
        if REFUSED in self._terminal.screen and not replies_with(self.told.answered[-1], self._sandbox):
            self.told.held.append(self.told.answered.pop())

    async def _sees(self, there: Callable[[str], bool], what: str) -> None:
        """Look once a second until it is there: drawing the screen takes half of one, and holds up the world."""
        for _ in range(120):
            await asyncio.sleep(1)
            if there(self._terminal.screen):
                return
        raise AssertionError(f"the person never saw {what}:\n{self._terminal.screen}")

    async def _resize(self, turn: int) -> None:
        for size in ((24, 80), (60, 200), (40, 120)):
            self._terminal.resize(*size)
            await asyncio.sleep(0.3)

    async def _press(self, *keys: str) -> None:
        for key in keys:
            self._terminal.type(key)
            # Escape and what follows it at once would be one key with Alt.
            await asyncio.sleep(0.15)

    async def _for(self, seconds: float) -> None:
        """Let that much of the incident's time pass."""
        await asyncio.sleep(seconds / self._sandbox.clock.speed)
