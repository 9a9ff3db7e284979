"""A session on the small world, reading and delivering."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.facts import Freshness
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.waiting import until


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """The first responder's desk. Who waits for a look-up waits for so many parts of this timeout."""
    desk = Desk(settings, timeout=4.0)
    yield desk
    await desk.close()


@pytest.fixture
async def session(desk: Desk, sandbox: Sandbox) -> AsyncIterator[Session]:
    """A session on incident 1924, when all three services have been read once."""
    session = desk.session(await desk.find("1924"))
    await session.start()
    await until(lambda: all(health.state is Freshness.OK for health in session.view.snapshot.health.values()))
    yield session
    await session.close()
