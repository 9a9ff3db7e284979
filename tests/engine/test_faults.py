"""Each service × each fault: the rest goes on, old facts stay, it recovers by itself, no write is doubled."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
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
from cockpit.engine.view import Delivery, DeliveryState
from cockpit.incident.facts import Freshness, Source
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.services.errors import Limited, NotAuthorised, ServiceError, Unreachable
from cockpit.settings import Settings
from tests.conftest import BEGIN, settings_for
from tests.engine.test_session import begin, happen, posted, reply, ticket_state
from tests.waiting import until

TIMEOUT = 0.8
"""Seconds: a hanging request is given up soon enough for a test, and a local one never is."""

KINDS = ("slow", "hang", "401", "403", "404", "429", "500", "html", "cut", "drop_before", "drop_after")
REFUSALS = {"401": "credential", "403": "needs", "404": "refused"}
TABLE = [
    pytest.param(source, kind, id=f"{source.value}-{kind}")
    for source in Source
    for kind in KINDS
    if (source, kind) != (Source.FRESHDESK, "404")  # a ticket that isn't there is a fact, with a test of its own
]


@pytest.fixture
async def session(settings: Settings, sandbox: Sandbox) -> AsyncIterator[Session]:
    """A session at its official start but for the reply, with nothing under way and little patience."""
    patient = Desk(settings)
    first = patient.session(await patient.find("1924"))
    await first.start()
    await begin(first)
    await until(lambda: not first.view.outbox.deliveries and len(posted(sandbox)) == 4)
    await first.close()
    await patient.close()

    desk = Desk(settings, timeout=TIMEOUT)
    session = desk.session(desk.journal.cases()[0])
    await session.start()
    await until(lambda: all(health.state is Freshness.OK for health in session.view.snapshot.health.values()))
    await until(lambda: session.view.snapshot.ticket(4038))
    yield session
    await session.close()
    await desk.close()


def write(session: Session, source: Source) -> str:
    """One write to that service; the words by which the test finds it there."""
    if source is Source.PAGERDUTY:
        session.act("incident_note", text="the one note")
        return "the one note"
    if source is Source.SLACK:
        session.act("note", text="the one note")
        return "the one note"
    reply(session, "We are on it.")
    return "We are on it."


def written(sandbox: Sandbox, source: Source) -> int:
    """How often that write is there."""
    if source is Source.PAGERDUTY:
        notes = sandbox.state()["pagerduty"]["incidents"][0]["notes"]
        return sum(note["content"] == "the one note" for note in notes)
    if source is Source.SLACK:
        return sum(note["text"].startswith("✎ the one note") for note in posted(sandbox))
    return sum(said["body_text"] == "We are on it." for said in ticket_state(sandbox)["conversations"])


def facts_of(session: Session, source: Source) -> object:
    """What the view shows of that service."""
    snapshot = session.view.snapshot
    return {Source.PAGERDUTY: snapshot.pagerduty, Source.SLACK: snapshot.slack, Source.FRESHDESK: snapshot.tickets}[
        source
    ]


def waiting(session: Session) -> Delivery | None:
    """The delivery that a person has to see to, if there is one."""
    return next((one for one in session.view.outbox.deliveries if one.asks or one.state is DeliveryState.REFUSED), None)


async def others_go_on(session: Session, source: Source) -> None:
    """The pollers of the other two services come round again, whatever that one does."""
    pollers = [poller for other, poller in session._watch.pollers.items() if other is not source]
    before = [poller.rounds for poller in pollers]
    await until(lambda: all(poller.rounds > n + 1 for poller, n in zip(pollers, before, strict=True)))


async def end(session: Session, sandbox: Sandbox, source: Source) -> None:
    """Let the write end, answering as a person would who looks there first."""
    await until(lambda: not session.view.outbox.deliveries or waiting(session))
    while (delivery := waiting(session)) is not None:
        assert delivery.error
        if delivery.asks:
            session.settle(delivery.seq, arrived=written(sandbox, source) == 1)
        else:
            session.retry(delivery.seq)
        await until(lambda: not session.view.outbox.deliveries or waiting(session))


@pytest.mark.parametrize(("source", "kind"), TABLE)
async def test_a_service_fails_and_comes_back(session: Session, sandbox: Sandbox, source: Source, kind: str) -> None:
    health: Callable[[], Any] = lambda: session.view.snapshot.health[source]  # noqa: E731
    before = facts_of(session, source)
    sandbox.fault(source.value, kind, seconds=4 * TIMEOUT, retry_after=1)
    await until(lambda: health().error, "the fault shows")
    read_at = health().read_at

    words = write(session, source)
    assert any(words in str(one.data) for one in session.view.outbox.deliveries), "it is journalled at once"
    await others_go_on(session, source)

    assert facts_of(session, source) == before, "what was known stays"
    assert health().read_at == read_at
    assert read_at is not None
    assert health().retry_at is not None
    assert health().state is (Freshness.DOWN if kind == "401" else Freshness.STALE)
    assert REFUSALS.get(kind, "") in health().error
    await until(lambda: all(session.view.snapshot.health[o].state is Freshness.OK for o in Source if o is not source))

    sandbox.clear_faults()
    await until(lambda: health().state is Freshness.OK, "it recovers by itself")
    assert health().error is None
    await end(session, sandbox, source)
    assert written(sandbox, source) == 1


async def test_a_ticket_that_is_gone_stays_on_the_screen_and_gets_no_reply(session: Session, sandbox: Sandbox) -> None:
    ticket = lambda: session.view.snapshot.ticket(4038)  # noqa: E731
    conversations = ticket().conversations  # type: ignore[union-attr]
    sandbox.fault("freshdesk", "404")
    await until(lambda: ticket().ticket.deleted)  # type: ignore[union-attr]
    assert ticket().conversations == conversations  # type: ignore[union-attr]
    write(session, Source.FRESHDESK)
    await until(lambda: waiting(session))
    sandbox.clear_faults()
    await until(lambda: not ticket().ticket.deleted)  # type: ignore[union-attr]
    assert written(sandbox, Source.FRESHDESK) == 0
    await end(session, sandbox, Source.FRESHDESK)
    assert written(sandbox, Source.FRESHDESK) == 1


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "hang", "slow", "500", "cut", "html"])
async def test_only_the_write_fails(session: Session, sandbox: Sandbox, source: Source, kind: str) -> None:
    path = {Source.PAGERDUTY: "notes", Source.SLACK: "chat.postMessage", Source.FRESHDESK: "reply"}[source]
    sandbox.fault(source.value, kind, method="POST", path=path, count=1, seconds=1.2 * TIMEOUT)
    write(session, source)
    await until(lambda: not session.view.outbox.deliveries or waiting(session))
    assert written(sandbox, source) <= 1
    if waiting(session) is not None:
        assert source is not Source.SLACK, "a note is recognised by its id, so nobody is asked"
    await end(session, sandbox, source)
    assert written(sandbox, source) == 1


# --- faults that no sandbox can make: below HTTP ------------------------------------------------------------------


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
    object.__setattr__(moved, "sandbox_clock", settings.sandbox_clock)  # type: ignore[attr-defined]
    return moved


async def away(settings: Settings, source: Source, address: str, words: str) -> None:
    """Open a session with that service away: health says why, the others are read, a write waits or says why not."""
    first = Desk(settings)
    case = await first.find("1924")
    first.journal.save_case(replace(case, channel_id="C1", channel_name="hub"))
    await first.close()

    desk = Desk(pointed(settings, source, address), timeout=TIMEOUT)
    session = desk.session(desk.journal.cases()[0])
    await session.start()
    await until(lambda: session.view.snapshot.health[source].error)
    assert words in (session.view.snapshot.health[source].error or "")
    assert session.view.snapshot.health[source].state is Freshness.DOWN, "nothing was ever read of it"
    await others_go_on(session, source)
    if source is Source.SLACK:
        session.act("note", text="kept")
        await until(lambda: session.view.outbox.deliveries[0].error)
        assert session.view.outbox.deliveries[0].state is DeliveryState.QUEUED, "nothing was sent"
    await session.close()
    await desk.close()


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_name_that_cannot_be_resolved(settings: Settings, source: Source) -> None:
    await away(settings, source, "https://cockpit-test.invalid", "can't be resolved")


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_certificate_that_nobody_vouches_for(settings: Settings, source: Source) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10_000))
        writer.close()

    async with port(answer, context) as address:
        await away(settings, source, address, "certificate can't be verified")
    assert not any(heard), "no token was shown to it"


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_connection_that_opens_and_never_answers(settings: Settings, source: Source) -> None:
    gone = asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    async with port(answer) as address:
        try:
            await away_or_unknown(settings, source, address)
        finally:
            gone.set()


async def away_or_unknown(settings: Settings, source: Source, address: str) -> None:
    """As `away`; but what was sent into a half-open connection may have arrived."""
    desk = Desk(pointed(settings, source, address), timeout=TIMEOUT)
    case = desk.journal.new_case("Hub unreachable", BEGIN, "PX", 1924)
    desk.journal.save_case(replace(case, channel_id="C1", channel_name="hub"))
    session = desk.session(desk.journal.case(case.key))
    await session.start()
    await until(lambda: session.view.snapshot.health[source].error)
    assert "no answer in time" in (session.view.snapshot.health[source].error or "").replace(
        f"within {TIMEOUT:g} s", "in time"
    )
    await others_go_on(session, source)
    if source is Source.SLACK:
        session.act("note", text="into the void")
        await until(lambda: session.view.outbox.unknown == 1)
        attempts = session._journal.entries(case.key)[0].attempts
        await others_go_on(session, source)
        assert session._journal.entries(case.key)[0].attempts == attempts == 1, "it isn't sent again unlooked"
    await session.close()
    await desk.close()


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
    path = {Source.PAGERDUTY: "notes", Source.SLACK: "chat.postMessage", Source.FRESHDESK: "reply"}[source]
    sandbox.fault(source.value, "drop_after", method="POST", path=path, count=1)
    write(session, source)
    await until(lambda: written(sandbox, source) == 1)
    await until(lambda: not session.view.outbox.deliveries, "it is recognised in spite of the clocks")
    assert written(sandbox, source) == 1
    assert any("clock" in notice for notice in session.view.notices)
    await session.close()
    await desk.close()


async def test_a_service_that_was_away_for_an_hour_gets_what_waited_in_order(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.fault("slack", "drop_before")
    for number in range(3):
        session.act("note", text=f"look {number}")
    await until(lambda: session.view.snapshot.health[Source.SLACK].error)
    await sandbox.advance(3600)
    happen(sandbox, "resolve", by="bot")
    await until(lambda: session.view.snapshot.pagerduty.incident.status == "resolved")  # type: ignore[union-attr]
    sandbox.clear_faults()
    await until(lambda: len(posted(sandbox)) == 4 + 3)
    await until(lambda: not session.view.outbox.deliveries)
    texts = [note["text"] for note in sorted(posted(sandbox), key=lambda note: float(note["ts"]))]
    assert [text.split(" — ")[0] for text in texts[-3:]] == [f"✎ look {number}" for number in range(3)]
    assert all("(13:03 UTC)" in text for text in texts[-3:])


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
