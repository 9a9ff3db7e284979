"""What a session leaves behind when it is closed: no task, no socket, no file."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest

from cockpit.engine.desk import Desk
from cockpit.incident.facts import Freshness
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.engine.test_session import begin, happen
from tests.waiting import until

FILES = Path("/proc/self/fd")


async def lead(settings: Settings, sandbox: Sandbox) -> None:
    """A short life with readings, connections that break, a write and a look-up; closed in the middle of a request."""
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await begin(session)
    happen(sandbox, "post", by="kim", text="seen it")
    sandbox.fault("slack", "drop_after", path="chat.postMessage", count=1)
    session.act("note", text="once")
    await until(lambda: not session.view.outbox.deliveries)
    sandbox.fault("*", "drop_before")
    await until(lambda: all(one.state is not Freshness.OK for one in session.view.snapshot.health.values()))
    sandbox.clear_faults()
    await until(lambda: all(one.state is Freshness.OK for one in session.view.snapshot.health.values()))
    sandbox.fault("*", "hang")
    struck = len(sandbox.requests)
    session.refresh()
    await until(lambda: len({one.service for one in sandbox.requests[struck:] if one.fault == "hang"}) == 3)
    await session.close()
    await desk.close()
    sandbox.clear_faults()


def ours() -> list[str]:
    """The tasks on the loop that are the product's."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(("cockpit ", "deliver "))]


def files() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir(FILES))


@pytest.mark.skipif(not FILES.is_dir(), reason="only Linux lists a process's files")
async def test_nothing_is_left_over_of_a_session_that_was_closed(settings: Settings, sandbox: Sandbox) -> None:
    before, complaints = files(), []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    await lead(settings, sandbox)
    await until(lambda: not ours(), "its tasks end")
    # Both ends are in this process; the far one is let go when the sandbox notices.
    await until(lambda: files() <= before, "its files and sockets are closed")
    gc.collect()
    assert complaints == [], "aiohttp tells of what nobody closed"
