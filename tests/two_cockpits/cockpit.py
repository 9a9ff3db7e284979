"""One responder's cockpit that reads and delivers when it is told to, so that a test decides what overlaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.view import Delivery, DeliveryState, Part
from tests.conftest import settings_for

if TYPE_CHECKING:
    from cockpit.engine.journal import Entry
    from cockpit.engine.session import Session
    from cockpit.sandbox import Sandbox

TICKET = 4038
"""The ticket of the small world."""


@dataclass(frozen=True)
class LaptopClock:
    """A clock that is ahead of the services'."""

    sandbox: Sandbox
    fast: timedelta

    def now(self) -> datetime:
        """What the laptop takes for the present."""
        return self.sandbox.clock.now() + self.fast


class Cockpit:
    """A desk and a session on incident 1924. Nothing is read or sent but by `poll` and `deliver`."""

    session: Session

    def __init__(self, sandbox: Sandbox, state_dir: Path, person: str, fast: timedelta = timedelta(0)) -> None:
        """`fast`: how far the laptop's clock is ahead."""
        settings = settings_for(sandbox, state_dir, person)
        object.__setattr__(settings, "sandbox_clock", LaptopClock(sandbox, fast))
        self.person = person
        self.user_id = sandbox.person(person).pagerduty_id
        self.state_dir = state_dir
        self.desk = Desk(settings)
        self.acted: list[str] = []
        """The ids of what its person did and wasn't shown as held back and dropped."""
        self.shown: list[Delivery] = []
        """What was held back, with what its person was shown of it."""

    async def open(self) -> Cockpit:
        """Begin, with one reading."""
        self.session = self.desk.session(await self.desk.find("1924"))
        await self.poll()
        return self

    async def poll(self) -> None:
        """One reading of all three services."""
        await self.session.read_once()

    def act(self, kind: str, step: str | None = None, **data: Any) -> str | None:
        """Do it as a key press would, if it is possible now; its id."""
        try:
            self.acted.append(self.session.act(kind, step=step, **data))
        except Impossible:
            return None
        return self.acted[-1]

    def reply(self, body: str, purpose: str = "update") -> str | None:
        """Reply to the ticket as it is on the screen."""
        facts = self.session.view.snapshot.ticket(TICKET)
        if facts is None:
            return None
        to = facts.ticket.requester
        return self.act("reply", ticket=TICKET, purpose=purpose, body=body, to=to.name, requester_id=to.id,
                        seen=max(said.id for said in facts.conversations))  # fmt: skip

    async def deliver(self) -> None:
        """Let everything go out that can."""
        await self.session.start_delivering()
        await self.session.idle()
        await self.session.close()

    @property
    def held(self) -> list[Delivery]:
        """What waits for its person."""
        return [one for one in self.session.view.outbox.deliveries if one.state is DeliveryState.REFUSED]

    def drop(self) -> None:
        """Give up what was held back: its person has read why."""
        for delivery in self.held:
            self.shown.append(delivery)
            self.session.decisions.drop(delivery.seq)
            if delivery.part is Part.EFFECT:
                self.acted.remove(delivery.action_id)

    def send_again(self) -> list[str]:
        """Send what was held back again, having read why; the actions' ids."""
        again = self.held
        for delivery in again:
            self.session.decisions.retry(delivery.seq)
        return [delivery.action_id for delivery in again]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every delivery that its journal holds."""
        return self.desk.journal.entries(self.session.case.key)

    def _done(self, kind: str) -> list[Entry]:
        return [
            one
            for one in self.entries
            if one.part is Part.EFFECT and one.state is DeliveryState.DONE and one.action.kind == kind
        ]

    @property
    def replies(self) -> frozenset[object]:
        """Freshdesk's ids of what it told the community."""
        return frozenset(one.outcome.get("conversation") for one in self._done("reply"))

    @property
    def handed(self) -> frozenset[int]:
        """Freshdesk's ids of whom it handed the ticket to."""
        return frozenset(int(one.action.data["agent"]) for one in self._done("assign_ticket"))

    def told(self) -> Mapping[str, str]:
        """The ids of the actions whose note this cockpit posted, and each message's timestamp."""
        notes = [one for one in self.entries if one.part is Part.NOTE and one.outcome.get("ts")]
        return {one.action.id: str(one.outcome["ts"]) for one in notes}

    def done(self, kind: str) -> int:
        """How many of its actions of that kind are known to have had their effect."""
        return len(self._done(kind))

    async def close(self) -> None:
        """End."""
        await self.session.close()
        await self.desk.close()


async def with_channel(sandbox: Sandbox, folder: Path) -> None:
    """Give the incident its channel and its ticket, by the deeds of a third person."""
    lou = await Cockpit(sandbox, folder / "lou", "lou").open()
    lou.act("link_ticket", ticket=TICKET)
    lou.act("open_channel")
    await lou.deliver()
    await lou.close()
