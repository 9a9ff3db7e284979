"""Polls and people share what a service allows: polls make themselves rarer, deeds pass them, a storm loses nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.pace import EASED, RAREST, WAY_BACK, Pace
from cockpit.engine.pollers import ALONE, TOGETHER, Poller
from cockpit.engine.session import Session
from cockpit.engine.view import Case, DeliveryState, Part, View
from cockpit.engine.watch import NO_CHANNEL, UNSEEN, Watch
from cockpit.incident.facts import Freshness, Snapshot, Source
from cockpit.sandbox import Sandbox
from cockpit.services.errors import Limited
from cockpit.settings import PollSettings, Settings
from tests.benchmarks.idle_cockpits import LIMIT, simulated
from tests.conftest import settings_for
from tests.engine.test_session import begin, happen, posted, reply, ticket_state
from tests.waiting import until


@asynccontextmanager
async def opened(settings: Settings, **options: float) -> AsyncIterator[Session]:
    """A session on the incident, all three services read."""
    desk = Desk(settings, **options)
    session = desk.session(await desk.find("1924"))
    await session.start()
    try:
        await until(lambda: all(one.state is Freshness.OK for one in session.view.snapshot.health.values()))
        yield session
    finally:
        await session.close()
        await desk.close()


# --- a write never waits behind a poll ----------------------------------------------------------------------------


@pytest.mark.parametrize("source", list(Source), ids=lambda source: source.value)
async def test_a_deed_and_its_guard_pass_a_poll_that_hangs(
    settings: Settings, sandbox: Sandbox, source: Source
) -> None:
    async with opened(settings, timeout=300.0) as session:
        await begin(session)
        if source is Source.SLACK:
            happen(sandbox, "post", by="kim", text="which image?", key="q")
            happen(sandbox, "post", by="lou", text="Friday's", thread="q")
            await until(lambda: session.view.snapshot.slack.replies)
        # Only what is asked again and again hangs, once: the guard that reads the same afterwards is answered.
        sandbox.fault(source.value, "hang", method="GET", count=1)
        await until(lambda: any(one.fault == "hang" for one in sandbox.requests), "the poll hangs")
        poller = session._watch.pollers[source]
        rounds, begun = poller.rounds, len(sandbox.requests)
        if source is Source.PAGERDUTY:
            session.act("resolve_incident", resolution="the image was fixed")
        elif source is Source.SLACK:
            session.lift_all()
        else:
            reply(session, "We are on it.")
        await until(lambda: not session.view.outbox.deliveries, "it arrives")
        assert poller.rounds == rounds, "the poll hangs still"
        sent = [one for one in sandbox.requests[begun:] if one.service == source.value]
        assert any(one.method == "GET" for one in sent), "its guard has looked"
        assert any(one.write and one.took_effect for one in sent)


# --- a storm ------------------------------------------------------------------------------------------------------


async def test_a_storm_of_429_loses_nothing_doubles_nothing_and_shows(settings: Settings, sandbox: Sandbox) -> None:
    async with opened(settings) as session:
        limited: set[Source] = set()
        queued: set[str] = set()

        def look(view: View) -> None:
            for source, health in view.snapshot.health.items():
                if health.limited and health.retry_at is not None and health.retry_at > view.now:
                    limited.add(source)
            queued.update(
                one.destination
                for one in view.outbox.deliveries
                if one.state is DeliveryState.QUEUED and one.retry_at is not None and one.retry_at > view.now
            )

        session.subscribe(look)
        for source in Source:
            sandbox.fault(source.value, "429", every=2, retry_after=1)
        session.act("link_ticket", ticket=4038, subject="Hub is not reachable")
        session.act("acknowledge", step="start.acknowledged")
        session.act("set_priority", step="start.p1", priority="P1")
        session.act("open_channel", step="start.channel")
        session.act("incident_note", text="looking")
        for number in range(2):
            session.act("note", text=f"look {number}")
        await until(lambda: session.view.snapshot.ticket(4038), "the ticket is read in spite of it")
        reply(session, "We are on it.")
        effects = lambda: [one for one in session.view.outbox.deliveries if one.part is Part.EFFECT]
        await until(lambda: len(effects()) < 3, "the deeds happen")
        await until(lambda: not effects(), "all of them")
        await until(lambda: not session.view.outbox.deliveries, "all of it is told")

        ids = [note["metadata"]["event_payload"]["id"] for note in posted(sandbox)]
        done = [entry.action.id for entry in session._journal.entries(session.case.key)]
        assert sorted(ids) == sorted(set(done))
        texts = [note["text"] for note in sorted(posted(sandbox), key=lambda note: float(note["ts"]))]
        assert [text[2:8] for text in texts if "look " in text] == ["look 0", "look 1"]
        incident = sandbox.state()["pagerduty"]["incidents"][0]
        assert [note["content"] for note in incident["notes"]] == ["looking"]
        assert sum(said["body_text"] == "We are on it." for said in ticket_state(sandbox)["conversations"]) == 1
        assert limited == set(Source), "each service's wait was to be seen"
        assert queued, "and a delivery's"
        # The facts came through as well, each of them.
        await until(lambda: session.view.snapshot.pagerduty.incident.priority == "P1")
        await until(lambda: len(session.view.snapshot.records) == len(set(done)))


# --- polls make themselves rarer ----------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pace's clock, which only the test moves."""
    now = [1000.0]
    monkeypatch.setattr("cockpit.engine.pace.time.monotonic", lambda: now[0])
    return now


def test_what_a_429_asks_for_tells_how_far_over_everybody_is(clock: list[float]) -> None:
    pace = Pace()
    assert pace.times == 1
    pace.limited(20)  # a minute's requests were used up in 40 s
    assert pace.times == pytest.approx(60 / 40 / 0.6)
    clock[0] += EASED
    assert pace.times == pytest.approx(60 / 40 / 0.6 / 2)
    clock[0] += EASED
    assert pace.times == 1
    clock[0] += WAY_BACK
    for _ in range(5):
        pace.limited(500)
    assert pace.times == RAREST, "and not without end"


def test_who_is_limited_again_on_the_way_back_stays_rare(clock: list[float]) -> None:
    pace = Pace()
    for _ in range(3):  # one spell, for whatever reason
        pace.limited(30)
        clock[0] += 20
    clock[0] += EASED
    pace.limited(1)  # others are there to stay
    learnt = pace.times
    clock[0] += 10 * EASED
    assert pace.times == learnt > 1
    alone = Pace()
    for _ in range(2):
        alone.limited(30)
        clock[0] += 2 * WAY_BACK
    assert alone.times == 1, "two bursts far apart are bursts"


@pytest.mark.parametrize(("acting", "quiet"), [(0, 0), (2, 0), (3, 0), (10, 0), (10, 3)])
def test_ten_stay_under_the_limit_from_the_first_minute_on(acting: int, quiet: int) -> None:
    random.seed(4)
    found = simulated(cockpits=10, hours=0.5, acting=acting, quiet=quiet)
    assert found.refused.total() == 0
    assert max(found.asked.values()) <= LIMIT


def test_ten_at_the_keys_who_never_act_find_their_share_and_keep_to_it() -> None:
    random.seed(4)
    found = simulated(cockpits=10, hours=2, attended=10)
    assert found.refused.total() <= 50, "one 429 each at first, two or three each on the first way back"
    assert max(found.asked[minute] for minute in range(60, 120)) <= LIMIT


async def test_a_poller_that_was_limited_comes_back_later_and_not_in_step(clock: list[float]) -> None:
    trouble: list[Exception] = []

    async def read() -> None:
        if trouble:
            raise trouble.pop()

    poller = Poller(Source.SLACK, lambda: 5.0, read, now=datetime.now, changed=lambda: None)
    waits = [(await poller.round())[0] for _ in range(20)]
    assert all(5 * (1 - ALONE) <= wait <= 5 * (1 + ALONE) for wait in waits)
    trouble.append(Limited(Source.SLACK, "read", "too many", retry_after=35))
    assert await poller.round() == (35, False), "as long as it is asked to"
    assert (poller.health.limited, poller.health.state) == (True, Freshness.STALE)
    waits = [(await poller.round())[0] for _ in range(20)]
    assert all(20 * (1 - TOGETHER) <= wait <= 20 * (1 + TOGETHER) for wait in waits)
    assert len(set(waits)) > 1
    assert not poller.health.limited


def watch_of(settings: Settings, at_work: Set[str], channel: str | None = "C1") -> Watch:
    """What keeps the facts of a case fresh, where the log shows these at work."""
    case = Case("case", "Hub is down", channel_id=channel)
    return Watch(
        settings, Desk(settings).connection, Snapshot(), reach=lambda: SimpleNamespace(case=case), tickets=tuple,
        at_work=lambda: at_work, learn=lambda case: None, log_read=lambda: None, recovered=lambda source: None,
        changed=lambda: None,
    )  # fmt: skip


def waits_of(watch: Watch) -> list[float]:
    """Seconds between two readings of the channel, as chance has it."""
    return [watch.pollers[Source.SLACK]._next() for _ in range(50)]


def others(number: int) -> set[str]:
    """So many colleagues."""
    return {f"Colleague {n}" for n in range(number)}


@pytest.mark.parametrize(("cockpits", "seconds"), [(1, 5), (2, 5), (3, 6), (10, 20)])
async def test_cockpits_on_one_channel_divide_what_slack_grants_polls(
    settings: Settings, cockpits: int, seconds: float
) -> None:
    watch = watch_of(replace(settings, polls=PollSettings()), others(cockpits - 1) | {settings.me})
    assert all((1 - TOGETHER) * seconds <= wait <= (1 + TOGETHER) * seconds for wait in waits_of(watch))
    assert cockpits * 60 / seconds <= 0.6 * 50
    watch.pollers[Source.SLACK]._pace.limited(40)
    assert max(waits_of(watch)) <= (1 + TOGETHER) * 20, "both reasons at once don't multiply"


async def test_who_is_not_seen_by_the_others_takes_little_unless_somebody_looks(settings: Settings) -> None:
    def within(waits: list[float], seconds: float) -> bool:
        return all((1 - TOGETHER) * seconds <= wait <= (1 + TOGETHER) * seconds for wait in waits)

    usual = replace(settings, polls=PollSettings())
    watch = watch_of(usual, others(3))
    assert within(waits_of(watch), UNSEEN)
    watch.attended()
    assert within(waits_of(watch), 8), "as a fourth of those who are seen"
    assert within(waits_of(watch_of(replace(usual, polls=PollSettings(slack=90)), set())), 90), "who wants it seldom"
    assert within(waits_of(watch_of(replace(usual, polls=PollSettings(slack=0.5)), set())), UNSEEN / 10), "a sandbox"
    assert within(waits_of(watch_of(usual, {usual.me}, channel=None)), NO_CHANNEL), "there is nothing to be read yet"


async def test_whoever_looks_has_what_is_old_read_at_once(settings: Settings) -> None:
    async def read() -> None:
        """There is nothing new."""

    seconds = 3600.0
    poller = Poller(Source.SLACK, lambda: seconds, read, now=datetime.now, changed=lambda: None)
    polling = asyncio.create_task(poller.run())
    await until(lambda: poller.rounds == 1 and poller._rest)
    poller.hasten()
    await asyncio.sleep(0)
    assert poller.rounds == 1, "it is as often as was asked for"
    seconds = 1e-6
    poller.hasten()
    await until(lambda: poller.rounds > 1, "it is read again")
    polling.cancel()
    await asyncio.wait([polling])
    poller.hasten()  # nothing waits any more


async def test_after_a_deed_it_is_read_now_unless_many_share_the_limit(settings: Settings) -> None:
    usual = replace(settings, polls=PollSettings())
    for colleagues, now in ((1, True), (2, False)):
        watch = watch_of(usual, others(colleagues) | {usual.me})
        watch.look_after(Source.SLACK)
        assert watch.pollers[Source.SLACK]._poke.is_set() is now


async def test_the_log_shows_who_is_at_work(settings: Settings, sandbox: Sandbox, tmp_path: Path) -> None:
    async with opened(settings) as ana, opened(settings_for(sandbox, tmp_path / "other", "ben")) as ben:
        ana.act("open_channel")
        await until(lambda: ben.view.snapshot.slack, "Ben's cockpit finds the channel")
        await until(lambda: ben._at_work() == {ana.settings.me})
        assert ana._at_work() == {ana.settings.me}, "who only looks on isn't seen"
        assert ben._watch._unseen()
        assert not ana._watch._unseen()
        await sandbox.advance(16 * 60)
        assert ben._at_work() == set()
        ben.attended()
        assert not ben._watch._unseen()


# --- what a round that is cut short leaves behind -----------------------------------------------------------------


async def test_threads_read_before_a_429_are_not_forgotten(settings: Settings, sandbox: Sandbox) -> None:
    async with opened(settings) as session:
        session.act("open_channel")
        await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)
        sandbox.fault("slack", "500", path="conversations.replies", every=2)
        for key in "ab":
            happen(sandbox, "post", by="kim", text=key, key=key)
            happen(sandbox, "post", by="lou", text=f"to {key}", thread=key)
        replies = lambda: [one.text for one in session.view.snapshot.slack.replies]
        await until(lambda: replies() == ["to a", "to b"])
