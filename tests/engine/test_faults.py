"""Each service × each fault: the rest goes on, old facts stay, it recovers by itself, no write is doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.engine.view import Delivery, DeliveryState
from cockpit.incident.facts import Freshness, Source
from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.settings import PollSettings
from tests.conftest import BEGIN, settings_for
from tests.engine.test_session import begin, posted, reply, ticket_state
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


PATHS = {Source.PAGERDUTY: "notes", Source.SLACK: "chat.postMessage", Source.FRESHDESK: "reply"}
"""Where each service is written to by `write`."""

# The rows share one world and one session, which are made once for each worker: that is most of what a row would take.
pytestmark = pytest.mark.asyncio(loop_scope="module")

World = tuple[Session, Sandbox]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A session at its official start but for the reply, with little patience, on a world of its own."""
    async with Sandbox("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False) as sandbox:
        polls = PollSettings(pagerduty=0.1, slack=0.1, freshdesk=0.1)
        settings = settings_for(sandbox, tmp_path_factory.mktemp("faults") / "state", polls=polls)
        patient = Desk(settings)
        first = patient.session(await patient.find("1924"))
        await first.start()
        await begin(first)
        await first.close()
        await patient.close()

        desk = Desk(settings, timeout=TIMEOUT)
        session = desk.session(desk.journal.cases()[0])
        await session.start()
        yield session, sandbox
        await session.close()
        await desk.close()


@pytest_asyncio.fixture(loop_scope="module")
async def session(world: World) -> Session:
    """The session with no fault, nothing under way, and all read that earlier rows left."""
    session, sandbox = world
    sandbox.clear_faults()
    for delivery in session.view.outbox.deliveries:  # of a row that failed
        with suppress(KeyError):
            session.decisions.drop(delivery.seq)
            session.decisions.settle(delivery.seq, arrived=True)
    await until(lambda: not session.view.outbox.deliveries)
    rounds = {poller: poller.rounds for poller in session._watch.pollers.values()}
    session.refresh()
    await until(lambda: all(poller.rounds > before + 1 for poller, before in rounds.items()))
    await until(lambda: all(health.state is Freshness.OK for health in session.view.snapshot.health.values()))
    await until(lambda: session.view.snapshot.ticket(4038))
    return session


@pytest.fixture
def sandbox(world: World) -> Sandbox:
    """The sandbox that the session is on."""
    return world[1]


def write(session: Session, source: Source, words: str) -> None:
    """One write of these words to that service."""
    if source is Source.PAGERDUTY:
        session.act("incident_note", text=words)
    elif source is Source.SLACK:
        session.act("note", text=words)
    else:
        reply(session, words)


def written(sandbox: Sandbox, source: Source, words: str) -> int:
    """How often those words are there."""
    return texts(sandbox, source).count(words)


def texts(sandbox: Sandbox, source: Source) -> list[str]:
    """What was written to that service, in its order."""
    if source is Source.PAGERDUTY:
        return [note["content"] for note in sandbox.state()["pagerduty"]["incidents"][0]["notes"]]
    if source is Source.SLACK:
        notes = sorted(posted(sandbox), key=lambda note: float(note["ts"]))
        return [note["text"].removeprefix("✎ ").split(" — ")[0] for note in notes]
    return [said["body_text"] for said in ticket_state(sandbox)["conversations"]]


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


async def end(session: Session, sandbox: Sandbox, source: Source, words: str) -> None:
    """Let the write end, answering as a person would who looks there first."""
    await until(lambda: not session.view.outbox.deliveries or waiting(session))
    while (delivery := waiting(session)) is not None:
        assert delivery.error
        if delivery.asks:
            session.decisions.settle(delivery.seq, arrived=written(sandbox, source, words) == 1)
        else:
            session.decisions.retry(delivery.seq)
        await until(lambda: not session.view.outbox.deliveries or waiting(session))


@pytest.mark.parametrize(("source", "kind"), TABLE)
async def test_a_service_fails_and_comes_back(session: Session, sandbox: Sandbox, source: Source, kind: str) -> None:
    health: Callable[[], Any] = lambda: session.view.snapshot.health[source]
    before = facts_of(session, source)
    sandbox.fault(source.value, kind, seconds=4 * TIMEOUT, retry_after=1)
    await until(lambda: health().error, "the fault shows")
    read_at = health().read_at

    words = f"while {source} fails by {kind}"
    write(session, source, words)
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
    await end(session, sandbox, source, words)
    assert written(sandbox, source, words) == 1


async def test_a_ticket_that_is_gone_stays_on_the_screen_and_gets_no_reply(session: Session, sandbox: Sandbox) -> None:
    ticket = lambda: session.view.snapshot.ticket(4038)
    conversations = ticket().conversations
    sandbox.fault("freshdesk", "404")
    await until(lambda: ticket().ticket.deleted)
    assert ticket().conversations == conversations
    words = "to a ticket that is gone"
    write(session, Source.FRESHDESK, words)
    await until(lambda: waiting(session))
    sandbox.clear_faults()
    await until(lambda: not ticket().ticket.deleted)
    assert written(sandbox, Source.FRESHDESK, words) == 0
    await end(session, sandbox, Source.FRESHDESK, words)
    assert written(sandbox, Source.FRESHDESK, words) == 1


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "hang", "slow", "500", "cut", "html"])
async def test_only_the_write_fails(session: Session, sandbox: Sandbox, source: Source, kind: str) -> None:
    words = f"the one write that fails by {kind}"
    sandbox.fault(source.value, kind, method="POST", path=PATHS[source], count=1, seconds=1.2 * TIMEOUT)
    write(session, source, words)
    await until(lambda: not session.view.outbox.deliveries or waiting(session))
    assert written(sandbox, source, words) <= 1
    if waiting(session) is not None:
        assert source is not Source.SLACK, "a note is recognised by its id, so nobody is asked"
    await end(session, sandbox, source, words)
    assert written(sandbox, source, words) == 1


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_service_that_was_away_for_an_hour_gets_what_waited_in_order(
    session: Session, sandbox: Sandbox, source: Source
) -> None:
    health: Callable[[], Any] = lambda: session.view.snapshot.health[source]
    sandbox.fault(source.value, "drop_before")
    await until(lambda: health().error, "it is away")
    words = [f"waits for {source}: {number}" for number in range(3)]
    for one in words:
        if source is Source.FRESHDESK:  # one reply at a time is all that a person may send
            session.act("ticket_note", ticket=4038, body=one)
        else:
            write(session, source, one)
    await sandbox.advance(3600)
    await others_go_on(session, source)
    assert session.now() - health().read_at >= timedelta(hours=1), "what is shown is an hour old, and says so"
    assert not [text for text in texts(sandbox, source) if text in words]
    sandbox.clear_faults()
    await until(lambda: health().state is Freshness.OK)
    await until(lambda: not session.view.outbox.deliveries)
    assert [text for text in texts(sandbox, source) if text in words] == words
