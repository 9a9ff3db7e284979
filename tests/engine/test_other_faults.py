"""Faults that no sandbox can make: names, certificates, connections, clocks; and how a poller backs off."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from cockpit.engine.desk import Desk
from cockpit.engine.pollers import LONGEST_WAIT, Poller
from cockpit.engine.session import Session
from cockpit.engine.view import DeliveryState
from cockpit.incident.facts import Freshness, Source
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.services.errors import Limited, NotAuthorised, ServiceError, Unreachable
from cockpit.settings import Settings
from tests.conftest import BEGIN, settings_for
from tests.engine.test_faults import PATHS, TIMEOUT, others_go_on, write, written
from tests.engine.test_session import begin
from tests.waiting import until


@asynccontextmanager
async def port(answer: Any, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A loopback port that answers each connection with that coroutine function; its address."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield f"https://{host}" if tls else f"http://{host}"
    finally:
        server.close()


def pointed(settings: Settings, source: Source, address: str) -> Settings:
    """The same settings with one service elsewhere."""
    given = getattr(settings, source.value)
    where = {"url": address} if source is Source.FRESHDESK else {"api_url": address}
    moved = replace(settings, **{source.value: replace(given, **where)})
    object.__setattr__(moved, "sandbox_clock", settings.sandbox_clock)
    return moved


@asynccontextmanager
async def away(settings: Settings, source: Source, address: str) -> AsyncIterator[Session]:
    """A session with that service away: it was never read, the others are."""
    first = Desk(settings)
    case = await first.find("1924")
    first.journal.save_case(replace(case, channel_id="C1", channel_name="hub"))
    await first.close()

    desk = Desk(pointed(settings, source, address), timeout=TIMEOUT)
    session = desk.session(desk.journal.cases()[0])
    await session.start()
    await until(lambda: session.view.snapshot.health[source].error)
    assert session.view.snapshot.health[source].state is Freshness.DOWN, "nothing was ever read of it"
    await others_go_on(session, source)
    yield session
    await session.close()
    await desk.close()


async def not_even_sent(settings: Settings, source: Source, address: str, words: str) -> None:
    """With that service away health says why, and a write waits."""
    async with away(settings, source, address) as session:
        assert words in (session.view.snapshot.health[source].error or "")
        if source is Source.SLACK:
            session.act("note", text="kept")
            await until(lambda: session.view.outbox.deliveries[0].error)
            assert session.view.outbox.deliveries[0].state is DeliveryState.QUEUED, "nothing was sent"


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_name_that_cannot_be_resolved(settings: Settings, source: Source) -> None:
    await not_even_sent(settings, source, "https://cockpit-test.invalid", "can't be resolved")


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_certificate_that_nobody_vouches_for(settings: Settings, source: Source) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10_000))
        writer.close()

    async with port(answer, context) as address:
        await not_even_sent(settings, source, address, "certificate can't be verified")
    assert not any(heard), "no token was shown to it"


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_connection_that_opens_and_never_answers(settings: Settings, source: Source) -> None:
    gone = asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    async with port(answer) as address:
        try:
            async with away(settings, source, address) as session:
                error = session.view.snapshot.health[source].error or ""
                assert "no answer in time" in error.replace(f"within {TIMEOUT:g} s", "in time")
                if source is Source.SLACK:
                    await into_the_void(session)
        finally:
            gone.set()


async def into_the_void(session: Session) -> None:
    """What is sent into a half-open connection may have arrived: it isn't sent again unlooked."""
    session.act("note", text="into the void")
    await until(lambda: session.view.outbox.unknown == 1)
    await others_go_on(session, Source.SLACK)
    assert session._journal.entries(session.case.key)[0].attempts == 1


@pytest.mark.parametrize("hours", [-1, 1], ids=["an hour behind", "an hour ahead"])
@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_clock_that_is_off_doubles_nothing(
    sandbox: Sandbox, tmp_path: Path, source: Source, hours: int
) -> None:
    settings = settings_for(sandbox, tmp_path / "state")
    wrong = SandboxClock(BEGIN + timedelta(hours=hours), 0)
    object.__setattr__(settings, "sandbox_clock", wrong)
    desk = Desk(settings, timeout=TIMEOUT)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)
    sandbox.fault(source.value, "drop_after", method="POST", path=PATHS[source], count=1)
    write(session, source, "whatever the clock says")
    await until(lambda: written(sandbox, source, "whatever the clock says") == 1)
    await until(lambda: not session.view.outbox.deliveries, "it is recognised in spite of the clocks")
    assert written(sandbox, source, "whatever the clock says") == 1
    assert any("clock" in notice for notice in session.view.notices)
    await session.close()
    await desk.close()


# --- backing off ---------------------------------------------------------------------------------------------------


async def waits_of(error: ServiceError, rounds: int) -> list[tuple[float, bool]]:
    """What a poller whose readings all fail so waits between them; and whether a key press may shorten it."""

    async def read() -> None:
        raise error

    poller = Poller(Source.SLACK, lambda: 5.0, read, now=datetime.now, changed=lambda: None)
    return [await poller.round() for _ in range(rounds)]


async def test_a_poller_backs_off_and_a_refresh_may_hurry_it() -> None:
    waits = await waits_of(Unreachable(Source.SLACK, "read", "away"), 12)
    for number, (wait, may_hurry) in enumerate(waits):
        plain = min(LONGEST_WAIT, 5.0 * 2.0 ** min(number, 6))
        assert 0.75 * plain <= wait <= 1.25 * plain
        assert may_hurry


async def test_a_poller_waits_as_long_as_it_is_asked_to() -> None:
    limited = Limited(Source.SLACK, "read", "too many", retry_after=42.0)
    assert await waits_of(limited, 3) == [(42.0, False)] * 3
    refused = await waits_of(NotAuthorised(Source.SLACK, "read", "no"), 1)
    assert refused[0][1], "a mended credential is tried at once"
