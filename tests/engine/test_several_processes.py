"""Several processes on one machine share the journal: one delivers, the others' actions go out all the same."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from cockpit.engine.desk import Desk
from cockpit.engine.outbox import DeliveryLock
from cockpit.engine.session import Session
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.engine.test_session import posted
from tests.waiting import until


async def test_the_second_session_hands_its_actions_to_the_first(
    session: Session, sandbox: Sandbox, settings: Settings
) -> None:
    session.act("open_channel")
    await until(lambda: not session.view.outbox.deliveries and session.case.channel_id)
    beside = Desk(settings)
    second = beside.session(await beside.find("1924"))
    await second.start_delivering()
    for number in range(5):
        second.act("note", text=f"from beside {number}")
    await until(lambda: len(posted(sandbox)) == 6)
    await until(lambda: not session.view.outbox.deliveries)
    await second.close()
    await beside.close()
    texts = [note["text"] for note in posted(sandbox)]
    assert [f"✎ from beside {number}" for number in range(5)] == [text.split(" — ")[0] for text in texts[1:]]


async def test_when_the_first_goes_the_second_delivers(session: Session, sandbox: Sandbox, settings: Settings) -> None:
    session.act("open_channel")
    await until(lambda: not session.view.outbox.deliveries and session.case.channel_id)
    beside = Desk(settings)
    second = beside.session(await beside.find("1924"))
    await second.start_delivering()
    await session.close()
    second.act("note", text="after the first has gone")
    await until(lambda: len(posted(sandbox)) == 2)
    await second.close()
    await beside.close()


async def test_a_dead_process_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "case.lock"
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, time; from pathlib import Path; from cockpit.engine.outbox import DeliveryLock\n"
        f"lock = DeliveryLock(Path({str(path)!r})); assert lock.take(); print('held', flush=True); time.sleep(600)",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    mine = DeliveryLock(path)
    assert not mine.take()
    holder.kill()
    await holder.wait()
    assert mine.take()
    mine.free()
