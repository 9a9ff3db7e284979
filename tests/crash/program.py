"""The program that dies: a desk and a session with no screen, on a sandbox, acting at random.

Started as `python -m tests.crash.program` it imports everything once and then forks a process for each line of JSON
that it is given (an `Order`), so that a thousand deaths don't cost a thousand imports. What a child means to do and
what it was told is done goes to stdout, a line of JSON each, written before and after: a dead process's last words.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.engine.view import DeliveryState
from cockpit.incident.markup import markdown_plain
from cockpit.secret import Secret
from cockpit.settings import FreshdeskSettings, PagerDutySettings, PollSettings, Settings, SlackSettings
from tests.crash.points import Place, Point, Reaper

TICKET = 4038
LINGERING = 1.0
"""Seconds that a process stays at most to see its deeds delivered."""
SETTLING = 60.0
"""Seconds after which something open that doesn't move any more is stuck: it should have ended, or ask a person."""
LATE = (
    *("anyio._backends._asyncio", "filelock", "h11", "httpcore", "httpx", "slack_sdk.web.async_client"),
    *("cockpit.incident.process_file", "cockpit.services.freshdesk", "cockpit.services.pagerduty"),
    *("cockpit.services.pagerduty_session", "cockpit.services.slack"),
)
"""What the cockpit imports at the first use of it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do: on which sandbox, in which folder, how much, by which dice, and where it dies.

    With `closes` it ends by itself; else it says that it is tired, and waits for its end.
    """

    state_dir: str
    addresses: dict[str, str]
    credentials: dict[str, str]
    seed: int
    reference: str
    pd_service: str
    case_key: str | None = None
    deeds: int = 12
    closes: bool = False
    settle: bool = False
    point: dict[str, Any] | None = None


def say(**words: Any) -> None:
    """One line to the driver, in one write: it is out, or it never was."""
    os.write(1, (json.dumps(words) + "\n").encode())


def settings_of(order: Order) -> Settings:
    """The first responder's settings on that sandbox."""
    given, state = order.credentials, Path(order.state_dir)
    return Settings(
        path=None, me="Ana Ruiz", email=given["pagerduty_email"],
        pagerduty=PagerDutySettings(
            order.addresses["pagerduty"], Secret.literal(given["pagerduty_token"]), given["pagerduty_email"]
        ),
        slack=SlackSettings(order.addresses["slack"], Secret.literal(given["slack_token"]), frozenset()),
        freshdesk=FreshdeskSettings(order.addresses["freshdesk"], Secret.literal(given["freshdesk_key"])),
        state_dir=state, cache_dir=state / "cache",
        polls=PollSettings(pagerduty=1.0, slack=1.0, freshdesk=1.0), review_hold=0.0,
    )  # fmt: skip


class Responder:
    """Somebody who does one thing after another, at random."""

    def __init__(self, session: Session, dice: random.Random, order: Order) -> None:
        self._session = session
        self._dice = dice
        self._order = order
        self._count = 0
        self._draft = ""

    def act(self) -> None:
        """One deed, if it is possible now; said before and after."""
        self._count += 1
        mark = f"{self._order.seed}-{self._count}"
        kind, step, data = self._choose(mark)
        if kind == "draft":
            self._type(mark)
        elif kind == "retry":
            self._retry()
        elif self._session.possible(kind, step=step, **data) is None:
            say(acting=mark, kind=kind)
            try:
                action_id = self._session.act(kind, step=step, **data)
            except Impossible:
                return
            say(acted=action_id, kind=kind, mark=mark)

    def _choose(self, mark: str) -> tuple[str, str | None, dict[str, Any]]:
        dice, declared = self._dice, self._session.case.incident_id is not None
        deeds: list[tuple[str, str | None, dict[str, Any]]] = [
            ("note", None, {"text": f"looked at {mark}"}),
            ("note", None, {"text": f"tried {mark}"}),
            ("attest", "resolve.validated", {"note": f"reviewed {mark}"}),
            ("retract", "resolve.validated", {}),
            ("override", "start.service", {"reason": f"it will do {mark}"}),
            ("draft", None, {}),
            ("draft", None, {}),
            ("retry", None, {}),
        ]
        if not any(facts.ticket.id == TICKET for facts in self._session.view.snapshot.tickets):
            deeds += [("link_ticket", None, {"ticket": TICKET, "subject": "Hub is not reachable"})] * 4
        elif dice.random() < 0.05:
            deeds.append(("unlink_ticket", None, {"ticket": TICKET}))
        if declared:
            deeds += [
                ("acknowledge", "start.acknowledged", {}),
                ("set_priority", "start.p1", {"priority": dice.choice(["P1", "P2", "P3"])}),
                ("incident_note", None, {"text": f"noted {mark}"}),
                ("incident_note", None, {"text": f"noted {mark}"}),
                ("resolve_incident", None, {"resolution": f"mended {mark}"}),
                ("reopen_incident", None, {}),
            ]
            if self._session.case.channel_id is None:
                deeds += [("open_channel", "start.channel", {})] * 4
        else:
            declaration = {"title": f"Hub is down {mark}", "service_id": self._order.pd_service, "body": ""}
            deeds += [("declare", None, declaration)] * 4
        deeds += self._on_ticket(mark)
        return dice.choice(deeds)

    def _on_ticket(self, mark: str) -> list[tuple[str, str | None, dict[str, Any]]]:
        facts = self._session.view.snapshot.ticket(TICKET)
        if facts is None:
            return []
        # Now and then the very same words as before: two identical replies on purpose are two.
        body = self._dice.choice([f"We are on it, {mark}.", f"We are on it, {mark}.", "Still working on it."])
        reply = {
            "ticket": TICKET, "purpose": "update", "body": body, "to": facts.ticket.requester.name,
            "requester_id": facts.ticket.requester.id, "seen": max(said.id for said in facts.conversations),
        }  # fmt: skip
        return [
            ("reply", "comms.update", reply),
            ("reply", "comms.update", reply),
            ("resolve_ticket", None, {"ticket": TICKET}),
            ("reopen_ticket", None, {"ticket": TICKET}),
        ]

    def _type(self, mark: str) -> None:
        self._draft = f"{self._draft[-40:]} {mark}"
        say(typing=self._draft)
        self._session.drafts.save("reply:1", self._draft, purpose="update")
        say(typed=self._draft)

    def _retry(self) -> None:
        for delivery in self._session.view.outbox.deliveries:
            if delivery.state is DeliveryState.REFUSED:
                say(retrying=delivery.seq)
                self._session.decisions.retry(delivery.seq)
                return


async def live(order: Order) -> None:
    """One process's whole life, if it is let live."""
    if order.point is not None:
        # From here on, and not from the fork on: the desk's opening writes are part of it.
        Reaper(Point(**{**order.point, "place": Place(order.point["place"])})).install()
    desk = Desk(settings_of(order))
    desk.hurry()  # as the screen does
    case = desk.journal.case(order.case_key) if order.case_key else await desk.find(order.reference)
    say(case=case.key, notice=desk.journal.notice)
    session = desk.session(case)
    await session.start()
    if order.settle:
        await settle(session, order)
    else:
        responder, dice = Responder(session, random.Random(order.seed), order), random.Random(order.seed + 1)
        for _ in range(order.deeds):
            responder.act()
            await asyncio.sleep(dice.uniform(0, 0.12))
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGERING):
                await session.idle()
        if not order.closes:
            say(tired=True)
            await asyncio.Event().wait()
    await session.close()
    await desk.close()


async def settle(session: Session, order: Order) -> None:
    """Let everything end that can, as a person would who only ever says "try again" to what was refused."""
    loop = asyncio.get_running_loop()
    tried: set[int] = set()
    moved_at, seen = loop.time(), None
    while loop.time() < moved_at + SETTLING:
        await asyncio.sleep(0.1)
        now = [(one.seq, one.state, one.error) for one in session.view.outbox.deliveries]
        if now != seen:
            moved_at, seen = loop.time(), now
        case = session.case
        if case.incident_id is None or case.channel_id is None:
            kind = "declare" if case.incident_id is None else "open_channel"
            data = {"title": "Hub is down", "service_id": order.pd_service, "body": ""} if kind == "declare" else {}
            if session.possible(kind, **data) is None:
                say(acted=session.act(kind, **data), kind=kind, mark="settling")
            continue
        for delivery in session.view.outbox.deliveries:
            if delivery.state is DeliveryState.REFUSED and not delivery.held and delivery.seq not in tried:
                tried.add(delivery.seq)
                say(retrying=delivery.seq)
                session.decisions.retry(delivery.seq)
        if all(delivery.asks or delivery.state is DeliveryState.REFUSED for delivery in session.view.outbox.deliveries):
            break
    say(settled=[asdict(delivery) | {"at": None, "retry_at": None} for delivery in session.view.outbox.deliveries])


def main() -> None:
    """Fork a child for each order on stdin; tell of its birth and of its end."""
    # Imported before the first fork, as the interface would have them long before a person acts: what is imported late
    # is imported anew by each child.
    for name in LATE:
        import_module(name)
    markdown_plain("")  # its parser is made at the first use
    # Nothing of it is garbage: a child's collector leaves it alone, and so leaves its memory shared.
    gc.freeze()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                asyncio.run(live(order))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        say(born=child)
        _, status = os.waitpid(child, 0)
        say(ended=child, signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, code=status >> 8)


if __name__ == "__main__":
    main()
