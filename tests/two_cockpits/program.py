"""A cockpit in a process of its own, with no screen: `python -m tests.two_cockpits.program CONFIG STATE_DIR`.

It does what each line of JSON on its input says, answers with a line of JSON, and ends when its input does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit import config as configuration
from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk

if TYPE_CHECKING:
    from cockpit.engine.session import Session


async def obey(session: Session, wish: dict[str, Any]) -> dict[str, Any]:
    """Do one thing; what there is to tell of it.

    `read`: one reading, and every step as it then stands. `act`: an action, at the moment `at` of the machine's
    monotonic clock where one is given, delivered until nothing more can go out. `send_again`, `drop`: what was held.
    """
    if wish["do"] == "read":
        await session.read_once()
        return {"steps": {str(one.step.id): f"{one.state}: {one.evidence}" for one in session.view.assessment.steps}}
    if wish["do"] in ("send_again", "drop"):
        for delivery in (one for one in session.view.outbox.deliveries if one.held):
            (session.decisions.retry if wish["do"] == "send_again" else session.decisions.drop)(delivery.seq)
    else:
        data = wish.get("data", {})
        if wish["kind"] == "reply":
            data |= _as_shown(session, int(data["ticket"]))
        while time.monotonic() < wish.get("at", 0.0):
            await asyncio.sleep(0)
        try:
            session.act(wish["kind"], **data)
        except Impossible as reason:
            return {"impossible": str(reason)}
    await session.idle()
    return {"open": [[one.kind, one.state, one.held, one.error] for one in session.view.outbox.deliveries]}


def _as_shown(session: Session, number: int) -> dict[str, Any]:
    facts = session.view.snapshot.ticket(number)
    assert facts is not None
    to = facts.ticket.requester
    return {"to": to.name, "requester_id": to.id, "seen": max(said.id for said in facts.conversations)}


async def live(config: Path, state_dir: Path) -> None:
    """From the first reading to the end of the input."""
    os.environ["COCKPIT_STATE_DIR"] = str(state_dir)
    desk = Desk(configuration.load(config))
    session = desk.session(await desk.find("1924"))
    await session.read_once()
    await session.start_delivering()
    print(json.dumps({"ready": True}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await obey(session, json.loads(line))), flush=True)
    await session.close()
    await desk.close()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), Path(sys.argv[2])))
