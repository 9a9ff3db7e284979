"""A session that only reads: nothing of it reaches a service, and nothing of it is left for another process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cockpit.engine.actions import KINDS, Impossible
from cockpit.engine.desk import JOURNAL, Desk
from cockpit.engine.directory import Colleague
from cockpit.engine.journal import Journal
from cockpit.engine.session import Session
from cockpit.engine.view import DeliveryState, Part
from cockpit.incident.facts import Freshness, Source
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.conftest import SandboxSettings
from tests.engine.test_threads import threads
from tests.waiting import until

SOMETHING: dict[str, Any] = {
    "text": "words", "reason": "because", "ticket": 4038, "priority": "P1", "title": "Hub down", "service_id": "P1",
    "users": ["U1"], "names": ["Ben"], "message": "come", "user": "P1", "name": "Ben", "agent": "1", "to": "Ben",
    "to_email": "ben@example.org", "brief": "it burns", "email": "ana@example.edu", "subject": "Hub", "body": "Hello",
    "deadline": "narrate", "until": "2026-11-23T18:00:00+00:00", "ts": "1.0", "author": "Ben", "at": "1.0",
    "purpose": "update", "requester_id": "1", "seen": 0, "command": "ls", "exit": 0, "seconds": 1.0,
}  # fmt: skip
"""Data for any kind of action."""


async def read(session: Session) -> None:
    await session.start()
    await until(lambda: all(health.state is Freshness.OK for health in session.view.snapshot.health.values()))


async def test_no_kind_of_action_and_no_decision_is_taken(settings: Settings, sandbox: Sandbox) -> None:
    """What another process left queued, refused and unknown stays exactly so: a reader delivers nobody's actions."""
    desk = Desk(settings)
    first = desk.session(await desk.find("1924"))
    first.act("note", text="waits for a channel")
    first.act("open_channel")
    first.act("incident_note", text="of unknown outcome")
    effects = [one for one in desk.journal.entries(first.case.key) if one.part is Part.EFFECT]
    desk.journal.refuse(effects[0].seq, first.now(), "no")
    desk.journal.unknown(effects[1].seq, first.now(), "perhaps", asks=True)
    await desk.close()
    sandbox.fail_writes()

    reading = Desk(reads_only(settings))
    case = reading.journal.cases()[0]
    session = reading.session(case)
    await read(session)
    for kind in KINDS.values():
        with pytest.raises(Impossible, match="Read-only"):
            session.act(kind.name, **{name: SOMETHING.get(name, "words") for name in kind.needs})
    ben = Colleague(name="Ben", email="ben@example.org", pagerduty="P1", slack="U1", freshdesk="1")
    with pytest.raises(Impossible, match="Read-only"):
        session.hand_over(ben, ben)
    for one in session.view.outbox.deliveries:
        for decide in (
            session.decisions.retry,
            session.decisions.drop,
            lambda seq: session.decisions.settle(seq, True),
        ):
            with pytest.raises(Impossible, match="Read-only"):
                decide(one.seq)
    states = [one.state for one in session.view.outbox.deliveries]
    assert sorted(states) == [DeliveryState.QUEUED, DeliveryState.REFUSED, DeliveryState.UNKNOWN]
    assert not (settings.state_dir / "locks").exists()
    await session.close()
    await reading.close()
    assert [one for one in sandbox.requests if one.write] == []


async def test_threads_are_not_lifted_and_the_channel_is_not_joined(settings: Settings, sandbox: Sandbox) -> None:
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await read(session)
    await threads(session, sandbox)
    await session.close()
    await desk.close()
    sandbox.fail_writes()
    before = len(sandbox.requests)

    reading = Desk(reads_only(settings))
    session = reading.session(reading.journal.cases()[0])
    await read(session)
    with pytest.raises(Impossible, match="Read-only"):
        session.lift_all()
    bot, channel = sandbox.world.slack.apps["cockpit"].user_id, session.case.channel_id
    sandbox.world.slack.channels[channel].members.remove(bot)
    session.refresh()
    await until(lambda: "isn't in that channel" in (session.view.snapshot.health[Source.SLACK].error or ""))
    await session.close()
    await reading.close()
    assert [one for one in sandbox.requests[before:] if one.write] == []


async def test_looking_at_a_ticket_leaves_no_note_behind(settings: Settings, sandbox: Sandbox) -> None:
    """Opening an incident by its ticket links the ticket: a reader has it linked for itself alone."""
    reading = Desk(reads_only(settings))
    session = reading.session(await reading.find("ticket:4038"))
    await session.read_once()
    assert [facts.ticket.id for facts in session.view.snapshot.tickets] == [4038]
    session.drafts.save("reply:4038", "not kept")
    await session.close()
    await reading.close()
    journal = Journal(settings.state_dir / JOURNAL)
    assert journal.cases() == ()
    journal.close()


def reads_only(settings: Settings) -> Settings:
    """The same cockpit with `--read-only`, on the sandbox's clock, and with all that it would do by itself."""
    assert isinstance(settings, SandboxSettings)
    changed = replace(settings, read_only=True, status_card=True)
    object.__setattr__(changed, "sandbox_clock", settings.sandbox_clock)
    return changed
