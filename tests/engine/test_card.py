"""The status card: one message, pinned where that is allowed, kept current in place, shared by all cockpits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.card import StatusCard
from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.facts import Source
from cockpit.incident.timeline import timeline
from cockpit.sandbox import Sandbox
from cockpit.settings import PollSettings, Settings
from tests.conftest import settings_for
from tests.engine.test_session import reply
from tests.waiting import until

OFTEN = PollSettings(pagerduty=0.2, slack=0.2, freshdesk=0.2)
"""A card is written after a reading of the channel, and the others see it with theirs."""


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    """The first responder's settings, with the card on."""
    return settings_for(sandbox, tmp_path / "state", status_card=True, polls=OFTEN)


@pytest.fixture
async def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No minute between two writes, and looks that follow closely."""
    monkeypatch.setattr("cockpit.engine.card.LOOK", 0.05)
    monkeypatch.setattr("cockpit.engine.card.BETWEEN", 0.05)


@pytest.fixture
async def opened(quick: None, session: Session) -> Session:
    """The session with its channel open and its ticket linked."""
    session.act("acknowledge")
    session.act("set_priority", priority="P1")
    session.act("open_channel")
    session.act("link_ticket", ticket=4038, subject="Hub is not reachable")
    await until(lambda: session.view.snapshot.slack is not None and not session.view.outbox.deliveries)
    return session


def cards(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The status cards that stand in the channel, as the sandbox holds them."""
    messages = [m for channel in sandbox.state()["slack"]["channels"] for m in channel["messages"]]
    return [
        m
        for m in messages
        if (m.get("metadata") or {}).get("event_type") == "cockpit_card" and m.get("subtype") != "tombstone"
    ]


def pins(sandbox: Sandbox) -> list[str]:
    """The pinned messages of the incident's channel."""
    return [pin[0] for channel in sandbox.world.slack.channels.values() for pin in channel.pins]


def said(sandbox: Sandbox) -> str:
    """The card's words."""
    (card,) = cards(sandbox)
    return str(card["text"])


async def test_it_follows_the_incident_in_place(opened: Session, sandbox: Sandbox) -> None:
    await until(lambda: len(cards(sandbox)) == 1 and "not told yet" in said(sandbox))
    ts = cards(sandbox)[0]["ts"]
    reply(opened, "We are on it.")
    await until(lambda: "told at 23 Nov 13:03 UTC, next update due at 23 Nov 15:03 UTC" in said(sandbox))
    text = said(sandbox)
    assert "▣ #1924 Hub unreachable: rivendell/prod" in text
    assert "State: P1, acknowledged" in text
    assert "Officially started: 23 Nov 13:03 UTC" in text
    assert "IR Ana Ruiz" in text
    assert "Rivendell University (ticket 4038)" in text
    assert "R. Osei" not in text
    assert cards(sandbox)[0]["ts"] == ts, "kept in place"


async def test_it_is_no_line_of_the_log_and_no_narration(opened: Session, sandbox: Sandbox) -> None:
    await until(lambda: any(message.card for message in opened.view.snapshot.slack.messages))
    card = next(message for message in opened.view.snapshot.slack.messages if message.card)
    assert card.record is None
    assert not any("▣" in event.text for event in timeline(opened.view.snapshot))
    assert "▣" not in opened.view.assessment.step("work.narrated").evidence
    assert all(record.kind != "card" for record in opened.view.snapshot.records)


async def test_nothing_new_writes_nothing(opened: Session, sandbox: Sandbox) -> None:
    rest = ("State: P1, acknowledged", "not yet: community to be told", "IR Ana Ruiz", "ticket 4038")
    await until(lambda: len(cards(sandbox)) == 1 and all(words in said(sandbox) for words in rest))
    writes = lambda: sum(r.path.endswith(("chat.update", "chat.postMessage")) for r in sandbox.requests)
    before, looks = writes(), len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > looks + 60)
    assert writes() == before


async def test_between_two_writes_lies_a_minute(session: Session, sandbox: Sandbox) -> None:
    session.act("open_channel")
    await until(lambda: len(cards(sandbox)) == 1)
    session.act("acknowledge")
    session.act("set_priority", priority="P1")
    await until(lambda: session.view.assessment.step("start.p1").settled)
    looks = len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > looks + 60)
    assert "no priority, triggered" in said(sandbox)


@pytest.fixture
async def unpinnable(sandbox: Sandbox) -> None:
    """A Slack app that may not pin."""
    sandbox.world.slack.apps["cockpit"].scopes.remove("pins:write")


async def test_without_the_scope_it_is_not_pinned_which_is_said_once(
    unpinnable: None, opened: Session, sandbox: Sandbox
) -> None:
    await until(lambda: any("isn't pinned" in notice for notice in opened.view.notices))
    assert pins(sandbox) == []
    asked = lambda: sum(r.path.endswith("pins.add") for r in sandbox.requests)
    before, looks = asked(), len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > looks + 60)
    assert asked() == before == 1
    assert sum("isn't pinned" in notice for notice in opened.view.notices) == 1


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_it_is_posted_once_and_pinned(quick: None, session: Session, sandbox: Sandbox, fault: str | None) -> None:
    if fault:
        sandbox.fault("slack", fault, path="chat.postMessage", count=2)
    session.act("open_channel")
    await until(lambda: len(pins(sandbox)) == 1)
    await until(lambda: not session.view.outbox.deliveries)
    (card,) = cards(sandbox)
    assert pins(sandbox) == [card["ts"]]
    assert not any("pinned" in notice for notice in session.view.notices)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_a_lost_edit_is_made_good(opened: Session, sandbox: Sandbox, fault: str) -> None:
    await until(lambda: len(cards(sandbox)) == 1 and "not told yet" in said(sandbox))
    sandbox.fault("slack", fault, path="chat.update", count=1)
    reply(opened, "We are on it.")
    await until(lambda: "told at" in said(sandbox))


async def test_a_cold_start_finds_it_and_so_do_others(opened: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    await until(lambda: len(cards(sandbox)) == 1 and "IR Ana Ruiz" in said(sandbox))
    ts = cards(sandbox)[0]["ts"]
    desk = Desk(settings_for(sandbox, tmp_path / "ben", "ben", status_card=True))
    other = desk.session(await desk.find("1924"))
    await other.start()
    await until(lambda: other._outbox.delivering and other._card._written)
    assert sum(one.path.endswith("pins.add") for one in sandbox.requests) == 1, "who sees it right asks nothing"
    await opened.close()
    kim = (await other.directory.search("kim")).found[0]
    other.act("assign", user=kim.pagerduty, name=kim.name)
    await until(lambda: "IR Kim Tanaka" in said(sandbox))
    assert cards(sandbox)[0]["ts"] == ts
    await other.close()
    await desk.close()


async def test_before_anything_is_written_the_channel_is_read_again(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(settings_for(sandbox, tmp_path / "off", status_card=False))
    session = desk.session(await desk.find("1924"))
    await session.start()
    session.act("open_channel")
    await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)
    view = session.view
    kept = StatusCard(
        session._people, view=lambda: view, reach=session._reach, mine=lambda: True, notice=lambda words: None
    )
    for _ in range(2):
        view = replace(view)
        assert not await kept.look(), "another cockpit may have written it meanwhile"
    read = view.snapshot.health[Source.SLACK]
    await until(lambda: session.view.snapshot.health[Source.SLACK] is not read)
    view = session.view
    assert await kept.look()
    assert len(cards(sandbox)) == 1
    await session.close()
    await desk.close()


async def test_two_posted_at_one_moment_become_one(opened: Session, sandbox: Sandbox) -> None:
    await until(lambda: len(cards(sandbox)) == 1)
    first = cards(sandbox)[0]["ts"]
    service = opened._connection.slack
    assert service is not None
    await service.post_card(str(opened.case.channel_id), "▣ a twin")
    await until(lambda: len(cards(sandbox)) == 1)
    assert cards(sandbox)[0]["ts"] == first


async def test_taken_away_by_somebody_it_stays_away(opened: Session, sandbox: Sandbox) -> None:
    await until(lambda: any(message.card for message in opened.view.snapshot.slack.messages))
    channel = sandbox.world.slack.channels[str(opened.case.channel_id)]
    message = channel.find(cards(sandbox)[0]["ts"])
    assert message is not None
    sandbox.world.slack.delete(channel, message)
    reply(opened, "We are on it.")
    await until(lambda: opened.view.assessment.step("start.informed").settled)
    looks = len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > looks + 40)
    assert cards(sandbox) == []


async def test_it_can_be_switched_off(quick: None, sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(settings_for(sandbox, tmp_path / "off", status_card=False))
    session = desk.session(await desk.find("1924"))
    await session.start()
    session.act("open_channel")
    await until(lambda: session.view.snapshot.slack is not None and not session.view.outbox.deliveries)
    looks = len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > looks + 40)
    assert cards(sandbox) == []
    await session.close()
    await desk.close()


async def test_two_cockpits_of_different_settings_do_not_fight(
    opened: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    await until(lambda: len(cards(sandbox)) == 1 and "IR Ana Ruiz" in said(sandbox))
    leads = frozenset({"ana.ruiz@example.org"})
    desk = Desk(settings_for(sandbox, tmp_path / "ben", "ben", status_card=True, tech_leads=leads, polls=OFTEN))
    other = desk.session(await desk.find("1924"))
    await other.start()
    await until(lambda: "TL Ana Ruiz" in said(sandbox))
    edits = lambda: sum(r.path.endswith("chat.update") for r in sandbox.requests)
    before, looks = edits(), len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > looks + 150)
    assert edits() - before <= 2, "each writes once what changed for it; then both rest"
    await other.close()
    await desk.close()
