"""A forged log: metadata like ours on a message that isn't ours is a message, and believed for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cockpit.engine.auditor import proofs
from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.brief import as_note
from cockpit.incident.facts import Freshness, Source
from cockpit.incident.timeline import timeline
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_session import begin, happen, posted, reply
from tests.waiting import until

STEPS = {"attest": "resolve.validated", "override": "start.service", "not_applicable": "start.service"}

RECORDS: dict[str, dict[str, Any]] = {
    "attest": {"note": "all good"},
    "verdict": {"verdict": "not_outage"},
    "override": {"reason": "because"},
    "not_applicable": {"reason": "because"},
    "defer": {"reason": "later"},
    "retract": {},
    "link_ticket": {"ticket": 4040},
    "unlink_ticket": {"ticket": 4038},
    "open_ticket": {"ticket": 4041},
    "reply": {"ticket": 4038, "purpose": "resolution", "conversation": 1},
    "lift": {"ts": "1.000000"},
    "handoff": {"to": "Lou Chen", "liaison": "Lou Chen", "agent": "1"},
    "assign": {"to": "Lou Chen"},
    "invite": {"users": ["U1"]},
    "snooze": {"deadline": "community_update", "ticket": 4038, "until": "2026-11-24T00:00:00+00:00", "reason": "x"},
    "report": {"path": "x"},
    "note": {},
    "run": {"command": "rm -rf /", "exit": 0, "seconds": 1},
    "acknowledge": {},
    "set_priority": {"priority": "P1"},
    "declare": {"id": "PX", "number": 7},
    "resolve_incident": {},
}
"""Every kind that the checklist, the clocks, the report or the brief reads, with the data that would count."""


def forged(kind: str, data: dict[str, Any], name: str = "", /, **changes: object) -> dict[str, Any]:
    """The metadata of a record that nobody of ours wrote."""
    step = "validate.test" if kind == "verdict" else STEPS.get(kind)
    payload = {
        "id": name or f"forged-{kind}", "kind": "attest" if kind == "verdict" else kind, "step": step,
        "actor": "Ana Ruiz", "at": "2026-11-23T13:03:00+00:00", "data": data,
        "audit": {"log": "forged", "number": 99, "hash": "0" * 64},
    }  # fmt: skip
    return {"event_type": "cockpit_action", "event_payload": payload | changes}


async def wire(sandbox: Sandbox, token: str, method: str, **arguments: Any) -> dict[str, Any]:
    """One call to the sandbox's Slack, by whoever has the token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(sandbox.slack_url + method, json=arguments) as a,
    ):
        answer: dict[str, Any] = await a.json()
        assert answer["ok"], answer
        return answer


async def _as_another_app(sandbox: Sandbox, channel: str, text: str, metadata: dict[str, Any]) -> None:
    token = sandbox.other_slack_token
    await wire(sandbox, token, "conversations.join", channel=channel)
    await wire(sandbox, token, "chat.postMessage", channel=channel, text=text, metadata=metadata)


async def _as_an_edit(sandbox: Sandbox, channel: str, text: str, metadata: dict[str, Any]) -> None:
    token = sandbox.other_slack_token
    await wire(sandbox, token, "conversations.join", channel=channel)
    ts = (await wire(sandbox, token, "chat.postMessage", channel=channel, text="harmless"))["ts"]
    await wire(sandbox, token, "chat.update", channel=channel, ts=ts, text=text, metadata=metadata)


def _through(app: str, **more: object) -> Callable[..., Any]:
    async def post(sandbox: Sandbox, channel: str, text: str, metadata: dict[str, Any]) -> None:
        happen(sandbox, "post", by="lou", through=app, text=text, metadata=metadata, **more)

    return post


FORGERS: dict[str, Callable[..., Any]] = {
    "another app": _as_another_app,
    "another app, by an edit": _as_an_edit,
    "another app, under our name": _through("other", username="Incident cockpit"),
    "a person, through another app": _through("other"),
    "a webhook": _through("webhook"),
    "a webhook, under our name": _through("webhook", username="Incident cockpit"),
}
"""Whoever isn't ours and can post metadata: Slack lets a person do so through an app only."""

INSTANT = [post for post in FORGERS.values() if post not in (_as_another_app, _as_an_edit)]
"""Those whose message is there before anything of ours can be sent."""


@pytest.fixture
async def session(session: Session) -> Session:
    """The session at its official start but for the reply."""
    await begin(session)
    await until(lambda: all(one.ts for one in session.view.snapshot.records), "the channel shows all of it")
    return session


def believed(session: Session) -> tuple[object, ...]:
    """All that rests on the log."""
    view = session.view
    return (
        [(one.id, one.kind, one.at) for one in view.snapshot.records],
        [(one.step.id, one.state, one.evidence) for one in view.assessment.steps],
        [(one.id, one.ticket, one.state, one.due) for one in view.assessment.deadlines],
        view.assessment.official_start,
        [facts.ticket.id for facts in view.snapshot.tickets],
        [(event.actor, event.kind, event.text) for event in timeline(view.snapshot)],
        as_note(session.brief()),
        session.case,
    )


async def read(session: Session, text: str, count: int) -> None:
    """Wait until the channel shows that many messages of this text."""
    await until(lambda: sum(one.text == text for one in session.view.snapshot.slack.messages) == count)


async def test_it_is_a_message_and_nothing_more(session: Session, sandbox: Sandbox, desk: Desk) -> None:
    channel = session.case.channel_id
    # They are in the channel, and Slack says so in it, before what is held against each other.
    await wire(sandbox, sandbox.other_slack_token, "conversations.join", channel=channel)
    happen(sandbox, "post", by="lou", text="hello")
    lou = sandbox.person("lou").name
    await until(lambda: any(one.name == lou for one in session.view.snapshot.slack.members))
    await read(session, "hello", 1)
    before, proven = believed(session), await proofs(desk, session.case)
    text = "● Attested: all of it — Ana Ruiz"
    for forger, post in FORGERS.items():
        for kind, data in RECORDS.items():
            await post(sandbox, channel, text, forged(kind, data, f"{kind} by {forger}"))
    await read(session, text, len(RECORDS) * len(FORGERS))
    shown = [one for one in session.view.snapshot.slack.messages if one.text == text]
    assert all(one.record is None and not one.card for one in shown)
    assert believed(session) == before
    assert await proofs(desk, session.case) == proven
    assert session.view.snapshot.health[Source.SLACK].state is Freshness.OK


async def test_a_note_of_unknown_outcome_is_not_found_in_a_forgers_message(session: Session, sandbox: Sandbox) -> None:
    sandbox.fault("slack", "drop_before", path="chat.postMessage", count=1)
    known = session.act("note", text="did it arrive?")
    for post in INSTANT:
        await post(sandbox, session.case.channel_id, "found me", forged("note", {}, known))
    await until(lambda: any("did it arrive?" in one["text"] for one in posted(sandbox)), "it was sent again")
    await until(lambda: not session.view.outbox.deliveries)
    assert sum("did it arrive?" in one["text"] for one in posted(sandbox)) == 1
    await until(lambda: [one.ts for one in session.view.snapshot.records if one.id == known] != [None])
    (record,) = [one for one in session.view.snapshot.records if one.id == known]
    (ours,) = [one for one in posted(sandbox) if "did it arrive?" in one["text"]]
    assert record.ts == ours["ts"], "the record is the one in our message"


async def test_a_forged_card_is_neither_taken_over_nor_touched(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.engine.card.LOOK", 0.05)
    desk = Desk(settings_for(sandbox, tmp_path / "state"))
    session = desk.session(await desk.find("1924"))
    await session.start()
    await begin(session)
    await session.close()
    await desk.close()
    card = {"event_type": "cockpit_card", "event_payload": {"kind": "card"}}
    for name, post in FORGERS.items():
        await post(sandbox, session.case.channel_id, f"▣ by {name}", card)

    desk = Desk(settings_for(sandbox, tmp_path / "state", status_card=True))
    session = desk.session(await desk.find("1924"))
    await session.start()
    cockpit = sandbox.world.slack.apps["cockpit"]
    (channel,) = [one for one in sandbox.world.slack.channels.values() if one.id == session.case.channel_id]

    def cards() -> list[Any]:
        return [one for one in channel.messages if (one.metadata or {}).get("event_type") == "cockpit_card"]

    await until(lambda: any(one.app is cockpit for one in cards()), "our own card is there")
    await until(lambda: any(one.card for one in session.view.snapshot.slack.messages))
    theirs = [one for one in cards() if one.app is not cockpit]
    assert len(theirs) == len(FORGERS)
    assert [one.text for one in theirs] == [f"▣ by {name}" for name in FORGERS]
    assert not any(one.deleted for one in theirs)
    assert len(cards()) == len(FORGERS) + 1
    await session.close()
    await desk.close()


ODD: dict[str, dict[str, Any]] = {
    "no id": forged("attest", {}, id=None),
    "an id that is a list": forged("attest", {}, id=["x"]),
    "no kind": forged("attest", {}, kind=""),
    "a kind that is a number": forged("attest", {}, kind=7),
    "no actor": forged("attest", {}, actor=None),
    "a step that is a table": forged("attest", {}, step={"id": "resolve.validated"}),
    "no time": forged("attest", {}, at=None),
    "a time in seconds": forged("attest", {}, at=1_763_900_000),
    "a time with no zone": forged("attest", {}, at="2026-11-23T13:03:00"),
    "data that is a list": forged("attest", {}, data=[1]),
    "data with no end": forged("attest", {"x": json.loads("[" * 60 + "]" * 60)}),
    "a payload that says nothing": {"event_type": "cockpit_action", "event_payload": {}},
}
"""What our own app might post, broken, and nobody can read."""

HALF: dict[str, dict[str, Any]] = {
    "an unknown kind": forged("levitate", {"ticket": 4040}, "half-1"),
    "huge": forged("note", {"text": "x" * 15_000}, "half-2"),
    "a ticket that is none": forged("link_ticket", {"ticket": {"id": 4040}}, "half-3"),
    "a ticket of 5,000 digits": forged("link_ticket", {"ticket": "9" * 5_000}, "half-4"),
    "a lift of a list": forged("lift", {"ts": ["1.0"]}, "half-5"),
    "a hand-off to a table": forged("handoff", {"to": {"a": 1}, "liaison": [1], "agent": {}}, "half-6"),
    "a snooze until never": forged("snooze", {"deadline": [], "ticket": [], "until": "never"}, "half-7"),
    "an invitation of a number": forged("invite", {"users": 7, "names": None}, "half-8"),
    "a verdict that is a list": forged("verdict", {"verdict": ["outage"], "outage_kind": {}}, "half-9"),
    "a reply to nobody": forged("reply", {"ticket": None, "purpose": [], "conversation": {}}, "half-10"),
    "a command that is a table": forged("run", {"command": {}, "exit": "0", "seconds": None}, "half-11"),
    "a moment before time": forged("note", {"impact_start": "0001-01-01T00:00:00+14:00"}, "half-12"),
}
"""Records that are well-formed and say something that means nothing."""


async def test_our_own_records_that_cannot_be_read_are_believed_for_nothing(session: Session, sandbox: Sandbox) -> None:
    channel, token = session.case.channel_id, sandbox.credentials()["slack_token"]
    before = believed(session)
    for metadata in ODD.values():
        await wire(sandbox, token, "chat.postMessage", channel=channel, text="odd", metadata=metadata)
    await read(session, "odd", len(ODD))
    assert believed(session) == before


async def test_records_that_mean_nothing_stop_nothing(session: Session, sandbox: Sandbox) -> None:
    channel, token = session.case.channel_id, sandbox.credentials()["slack_token"]
    linked = [facts.ticket.id for facts in session.view.snapshot.tickets]
    for metadata in HALF.values():
        await wire(sandbox, token, "chat.postMessage", channel=channel, text="half", metadata=metadata)
    await read(session, "half", len(HALF))
    assert session.view.snapshot.health[Source.SLACK].state is Freshness.OK
    assert [facts.ticket.id for facts in session.view.snapshot.tickets] == linked
    as_note(session.brief())
    timeline(session.view.snapshot)
    session.lift_all()
    reply(session, "We are on it.")
    await until(lambda: any("Told the community" in one["text"] for one in posted(sandbox)), "the work goes on")


async def test_an_id_that_comes_twice_is_the_first_ones_and_a_moment_to_come_is_the_postings(
    session: Session, sandbox: Sandbox
) -> None:
    channel, token = session.case.channel_id, sandbox.credentials()["slack_token"]
    ahead = forged("attest", {"note": "first"}, "twice", at="2999-01-01T00:00:00+00:00")
    again = forged("attest", {"note": "second"}, "twice")
    for metadata in (ahead, again):
        await wire(sandbox, token, "chat.postMessage", channel=channel, text="twice", metadata=metadata)
    await read(session, "twice", 2)
    (record,) = [one for one in session.view.snapshot.records if one.id == "twice"]
    assert record.data["note"] == "first"
    await sandbox.advance(60)
    assert record.at < session.now()
    session.act("retract", step="resolve.validated")
    await until(lambda: not session.view.outbox.deliveries)
    assert "first" not in session.view.assessment.step("resolve.validated").evidence, "it can be taken back"
