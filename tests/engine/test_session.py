"""A whole incident through a session with no screen, and the ways in which its actions end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.pollers import Poller
from cockpit.engine.session import Session
from cockpit.engine.view import Delivery, DeliveryState
from cockpit.incident.checklist import State
from cockpit.incident.facts import Freshness, Source
from cockpit.sandbox import Sandbox
from cockpit.sandbox.scenario import Event
from cockpit.settings import Settings
from tests.conftest import BEGIN, settings_for
from tests.waiting import until


async def begin(session: Session) -> None:
    """Take the incident to its official start."""
    session.act("link_ticket", ticket=4038, subject="Hub is not reachable")
    session.act("acknowledge", step="start.acknowledged")
    session.act("set_priority", step="start.p1", priority="P1")
    session.act("open_channel", step="start.channel")
    await until(lambda: session.view.snapshot.slack is not None, "the channel is read")
    await until(lambda: session.view.snapshot.ticket(4038), "the ticket is read")
    await until(lambda: not session.view.outbox.deliveries, "all of it is told in the channel")


def reply(session: Session, body: str, purpose: str = "first_response") -> str:
    """Send a reply as the composer would."""
    facts = session.view.snapshot.ticket(4038)
    assert facts is not None
    return session.act(
        "reply",
        ticket=4038,
        purpose=purpose,
        body=body,
        to=facts.ticket.requester.name,
        requester_id=facts.ticket.requester.id,
        seen=max(said.id for said in facts.conversations),
    )


def posted(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Our notes in the incident's channel, as the sandbox holds them."""
    messages = [m for channel in sandbox.state()["slack"]["channels"] for m in channel["messages"]]
    return [m for m in messages if (m.get("metadata") or {}).get("event_type") == "cockpit_action"]


def happen(sandbox: Sandbox, kind: str, **details: object) -> None:
    """Let something happen in the world, now."""
    assert sandbox.story.inject(Event(timedelta(0), kind, {"kind": kind, **details}))


def ticket_state(sandbox: Sandbox) -> dict[str, Any]:
    """Ticket 4038 as the sandbox holds it."""
    return next(t for t in sandbox.state()["freshdesk"]["tickets"] if t["id"] == 4038)


async def test_the_main_line_from_alert_to_both_resolutions(session: Session, sandbox: Sandbox, desk: Desk) -> None:
    await begin(session)
    reply(session, "Hello R. Osei,\n\nwe know of it and are working on it.")
    await until(lambda: session.view.assessment.official_start.at, "the official start")
    await sandbox.advance(3600)
    session.act("note", text="restarted the hub's pod, no change")
    session.act("attest", step="resolve.validated", note="the new image works")
    reply(session, "Hello R. Osei,\n\nit works again.", "resolution")
    await until(lambda: session.view.assessment.step("resolve.told").state is State.DONE)
    session.act("resolve_incident", resolution="the image was fixed")
    session.act("resolve_ticket", ticket=4038)
    for step in ("resolve.pagerduty", "resolve.freshdesk", "resolve.holds"):
        await until(lambda step=step: session.view.assessment.step(step).state is State.DONE, step)
    await session.idle()

    told = posted(sandbox)
    done = {delivery.action_id for delivery in desk.history(session.case)}
    assert sorted(note["metadata"]["event_payload"]["id"] for note in told) == sorted(done)
    assert all(note["thread_ts"] is None for note in told), "a note is never in a thread"
    assert all(delivery.state is DeliveryState.DONE for delivery in desk.history(session.case))
    assert session.view.assessment.official_start.at is not None, "resolving doesn't undo the start"


async def test_notes_wait_for_the_channel_and_go_out_in_order(session: Session, sandbox: Sandbox) -> None:
    for number in range(5):
        session.act("note", text=f"look {number}")
    await session.idle()
    assert session.view.outbox.waiting == 5
    assert posted(sandbox) == []
    await sandbox.advance(600)
    session.act("open_channel")
    await until(lambda: not session.view.outbox.deliveries and len(posted(sandbox)) == 6)
    texts = [note["text"] for note in sorted(posted(sandbox), key=lambda note: float(note["ts"]))]
    assert [text.split(" — ")[0] for text in texts[:5]] == [f"✎ look {number}" for number in range(5)]
    assert texts[0].endswith("(13:03 UTC)"), "a note that is told late says when the act was"


async def test_a_dropped_connection_after_the_write_leaves_one_note(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)
    before = len(posted(sandbox))
    sandbox.fault("slack", "drop_after", path="chat.postMessage", count=1)
    session.act("note", text="once only")
    await until(lambda: not session.view.outbox.deliveries)
    assert len(posted(sandbox)) == before + 1


async def test_a_dropped_connection_before_the_write_sends_it_again(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)
    before = len(posted(sandbox))
    sandbox.fault("slack", "drop_before", path="chat.postMessage", count=1)
    session.act("note", text="twice tried")
    await until(lambda: len(posted(sandbox)) == before + 1)
    await until(lambda: not session.view.outbox.deliveries)


async def test_a_reply_whose_answer_was_lost_is_found_and_not_sent_again(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    sandbox.fault("freshdesk", "drop_after", path="reply", count=1)
    reply(session, "Hello,\n\n* one\n* two\n\nwe are *on it*.")
    await until(lambda: session.view.snapshot.ticket(4038).conversations[-1].public_reply)
    await until(lambda: not session.view.outbox.deliveries)
    assert len(ticket_state(sandbox)["conversations"]) == 1


async def test_a_reply_that_cannot_be_found_asks_a_person(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    sandbox.fault("freshdesk", "drop_before", path="reply", count=1)
    reply(session, "Hello,\n\nwe are on it.")

    def asked() -> Delivery | None:
        return next((d for d in session.view.outbox.deliveries if d.asks), None)

    await until(asked)
    delivery = asked()
    assert delivery is not None
    assert delivery.state is DeliveryState.UNKNOWN
    assert "did it arrive?" in (delivery.error or "")
    assert ticket_state(sandbox)["conversations"] == []
    session.decisions.settle(delivery.seq, arrived=False)
    await until(lambda: not session.view.outbox.deliveries)
    assert len(ticket_state(sandbox)["conversations"]) == 1


async def test_a_person_can_say_that_it_arrived(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    sandbox.fault("freshdesk", "drop_before", path="reply", count=1)
    reply(session, "Hello,\n\nwe are on it.")
    await until(lambda: any(d.asks for d in session.view.outbox.deliveries))
    session.decisions.settle(session.view.outbox.deliveries[0].seq, arrived=True)
    await until(lambda: not session.view.outbox.deliveries)
    assert ticket_state(sandbox)["conversations"] == []
    assert any("confirmed by hand" in note["text"] for note in posted(sandbox))


async def test_a_reply_is_held_when_the_community_wrote_meanwhile(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    session.drafts.save("reply:4038", "We are on it.")
    seen = session.view.snapshot.ticket(4038)
    assert seen is not None
    happen(sandbox, "ticket_reply", number=4038, by="r.osei@rivendell.example", text="<p>It is back!</p>")
    session.act(
        "reply",
        ticket=4038,
        purpose="first_response",
        body="We are on it.",
        to="R. Osei",
        requester_id=seen.ticket.requester.id,
        seen=max(said.id for said in seen.conversations),
    )
    await until(lambda: session.view.outbox.refused == 1)
    delivery = session.view.outbox.deliveries[0]
    assert delivery.held
    assert "It is back!" in (delivery.error or "")
    draft = session.drafts.of("reply:4038")
    assert draft is not None
    assert draft.text == "We are on it."
    session.decisions.drop(delivery.seq)
    assert session.drafts.of("reply:4038") is not None, "giving up a delivery doesn't lose its words"


async def test_a_draft_goes_only_when_its_reply_arrived(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    session.drafts.save("reply:4038", "We are on it.", purpose="first_response")
    reply(session, "We are on it.")
    assert session.drafts.of("reply:4038") is not None
    await until(lambda: session.drafts.of("reply:4038") is None)


async def test_acknowledging_what_was_resolved_meanwhile_is_held(session: Session, sandbox: Sandbox) -> None:
    happen(sandbox, "resolve", by="bot")
    session.act("acknowledge")  # before the next reading
    await until(lambda: session.view.outbox.refused == 1)
    assert "reopen" in (session.view.outbox.deliveries[0].error or "")
    incident = sandbox.state()["pagerduty"]["incidents"][0]
    assert incident["status"] == "resolved"


async def test_what_cannot_be_done_says_why(session: Session) -> None:
    with pytest.raises(Impossible, match="no step"):
        session.act("attest", step="no.such")
    with pytest.raises(Impossible, match="can't be attested"):
        session.act("attest", step="start.p1")
    with pytest.raises(Impossible, match="reason"):
        session.act("override", step="start.p1", reason="  ")
    session.act("set_priority", priority="P1")
    await until(lambda: session.view.snapshot.pagerduty.incident.priority == "P1")
    with pytest.raises(Impossible, match="Resolve the incident first"):
        session.act("set_priority", priority=None)
    with pytest.raises(ValueError, match="body"):
        session.act("reply", ticket=4038)


async def test_a_false_alarm_is_resolved_before_its_priority_goes(session: Session, sandbox: Sandbox) -> None:
    session.act("set_priority", priority="P1")
    await until(lambda: session.view.snapshot.pagerduty.incident.priority == "P1")
    session.act("resolve_incident", resolution="false alarm")
    await until(lambda: session.view.snapshot.pagerduty.incident.status == "resolved")
    session.act("set_priority", priority=None)
    await until(lambda: sandbox.state()["pagerduty"]["incidents"][0]["priority"] is None)


async def test_reopening_after_still_broken(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    session.act("resolve_incident", resolution="")
    session.act("resolve_ticket", ticket=4038)
    for step in ("resolve.pagerduty", "resolve.freshdesk"):
        await until(lambda step=step: session.view.assessment.step(step).state is State.DONE)
    session.act("reopen_incident")
    session.act("reopen_ticket", ticket=4038)
    await until(lambda: session.view.assessment.step("resolve.pagerduty").state is State.TODO)
    await until(lambda: ticket_state(sandbox)["status"] == 2)


async def test_a_cold_start_elsewhere_agrees(session: Session, sandbox: Sandbox, tmp_path: Any) -> None:
    await begin(session)
    session.act("override", step="start.service", reason="the catch-all will do")
    session.act("note", text="looked at the pods")
    await until(lambda: not session.view.outbox.deliveries)
    await until(lambda: len(session.view.snapshot.records) == 6)

    elsewhere = Desk(settings_for(sandbox, tmp_path / "elsewhere"))
    other = elsewhere.session(await elsewhere.find("1924"))
    await other.read_once()
    assert [record.id for record in other.view.snapshot.records] == [
        record.id for record in session.view.snapshot.records
    ]
    assert other.view.assessment.step("start.service").state is State.OVERRIDDEN
    assert [facts.ticket.id for facts in other.view.snapshot.tickets] == [4038]
    await other.close()
    await elsewhere.close()


async def test_a_ticket_alone_declared_from_the_cockpit(desk: Desk, sandbox: Sandbox) -> None:
    session = desk.session(await desk.find("ticket:4038"))
    await session.start()
    await until(lambda: session.view.snapshot.ticket(4038))
    assert session.possible("open_channel") == "The channel is named after the PagerDuty incident: declare it first."
    service = (await desk.pd_services())[0]
    session.act("declare", title="Hub of Rivendell is down", service_id=service.id, body="http://x/a/tickets/4038")
    await until(lambda: session.case.incident_id)
    await until(lambda: session.view.assessment.step("start.p1").state is State.DONE)
    session.act("open_channel")
    await until(lambda: len(posted(sandbox)) == 3)
    assert [note["metadata"]["event_payload"]["kind"] for note in posted(sandbox)] == [
        "link_ticket", "declare", "open_channel",
    ]  # fmt: skip
    await session.close()


async def test_declaring_twice_by_a_lost_answer_makes_one_incident(desk: Desk, sandbox: Sandbox) -> None:
    session = desk.session(await desk.find("ticket:4038"))
    await session.start()
    before = len(sandbox.state()["pagerduty"]["incidents"])
    service = (await desk.pd_services())[0]
    sandbox.fault("pagerduty", "drop_after", method="POST", path="incidents", count=1)
    session.act("declare", title="Hub down", service_id=service.id, body="")
    await until(lambda: session.case.incident_id)
    assert len(sandbox.state()["pagerduty"]["incidents"]) == before + 1
    await session.close()


async def test_one_service_down_leaves_the_others(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault("slack", "401")
    session = desk.session(await desk.find("1924"))
    await session.start()
    health = lambda source: session.view.snapshot.health[source]
    await until(lambda: health(Source.PAGERDUTY).state is Freshness.OK)
    await until(lambda: health(Source.SLACK).error)
    assert health(Source.SLACK).state is Freshness.DOWN
    assert "Slack" in (health(Source.SLACK).error or "")
    assert session.view.assessment.step("work.narrated").state is State.CANT_TELL
    sandbox.clear_faults()
    session.refresh()
    await until(lambda: health(Source.SLACK).state is Freshness.OK)
    await session.close()


async def test_old_facts_stay_while_a_service_fails(session: Session, sandbox: Sandbox) -> None:
    for kind in ("500", "html", "cut"):
        sandbox.fault("pagerduty", kind)
    await until(lambda: session.view.snapshot.health[Source.PAGERDUTY].state is Freshness.STALE)
    assert session.view.snapshot.pagerduty is not None
    assert session.view.snapshot.pagerduty.incident.number == 1924


async def test_read_only_lets_no_write_out(sandbox: Sandbox, tmp_path: Any) -> None:
    sandbox.fail_writes()
    desk = Desk(settings_for(sandbox, tmp_path / "state", read_only=True))
    session = desk.session(await desk.find("1924"))
    await session.start()
    await until(lambda: session.view.snapshot.pagerduty)
    with pytest.raises(Impossible, match="Read-only"):
        session.act("acknowledge")
    await session.close()
    await desk.close()
    assert not any(request.took_effect for request in sandbox.requests)


async def test_a_restart_finds_what_was_on_its_way(sandbox: Sandbox, settings: Settings) -> None:
    desk = Desk(settings)
    session = desk.session(await desk.find("1924"))
    await session.start()
    session.act("open_channel")
    await until(lambda: session.case.channel_id)
    await until(lambda: not session.view.outbox.deliveries)
    sandbox.fault("slack", "hang", path="chat.postMessage", count=1)
    session.act("note", text="in the middle of it")
    await until(lambda: session.view.outbox.sending == 1)
    await session.close()
    await desk.close()

    desk = Desk(settings)
    assert desk.remembered() is not None
    session = desk.session(await desk.find("1924"))
    assert session.view.snapshot.pagerduty is not None, "the last known facts are there before anything is read"
    await session.start()
    await until(lambda: not session.view.outbox.deliveries)
    assert sum("in the middle of it" in note["text"] for note in posted(sandbox)) == 1
    await session.close()
    await desk.close()


async def test_a_note_joins_the_channel_that_our_bot_is_not_in(session: Session, sandbox: Sandbox) -> None:
    await begin(session)
    channel = next(c for c in sandbox.world.slack.channels.values() if c.id == session.case.channel_id)
    bot = sandbox.world.slack.apps["cockpit"].user_id
    channel.members.remove(bot)
    before = len(posted(sandbox))
    session.act("note", text="back again")
    await until(lambda: not session.view.outbox.deliveries)
    assert len(posted(sandbox)) == before + 1


async def test_what_backed_off_goes_out_once_the_service_can_be_read_again(session: Session, sandbox: Sandbox) -> None:
    session.act("open_channel")
    await until(lambda: session.view.snapshot.slack is not None and not session.view.outbox.deliveries)
    sandbox.fault("slack", "drop_before")
    session.act("note", text="kept")
    await until(lambda: session.view.outbox.deliveries and session.view.outbox.deliveries[0].error)
    await until(lambda: session.view.snapshot.health[Source.SLACK].error)
    (delivery,) = session.view.outbox.deliveries
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    session._journal.requeue(delivery.seq, session.now(), delivery.error, tomorrow)
    session.act("incident_note", text="another service is none of it")
    await until(lambda: len(session.view.outbox.deliveries) == 2, "its note waits behind")
    sandbox.clear_faults()
    await until(lambda: not session.view.outbox.deliveries)
    assert [note["text"].partition(" — ")[0] for note in posted(sandbox)][-2:] == [
        "✎ kept",
        "✎ Noted in PagerDuty: another service is none of it",
    ]


async def test_a_fault_of_ours_in_a_reading_is_told_and_ends_nothing() -> None:
    faults = [True, False]
    recovered: list[bool] = []

    async def read() -> None:
        if faults.pop(0):
            raise KeyError("what was read")

    poller = Poller(
        Source.SLACK,
        lambda: 5.0,
        read,
        now=lambda: BEGIN,
        changed=lambda: None,
        recovered=lambda: recovered.append(True),
    )
    await poller.round()
    assert poller.health.state is Freshness.DOWN
    assert "A fault in the cockpit (KeyError in test_session.py, line " in (poller.health.error or "")
    assert "what was read" not in (poller.health.error or "")
    assert not recovered
    await poller.round()
    assert poller.health.state is Freshness.OK
    assert recovered
