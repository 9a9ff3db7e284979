"""Handing over: the responder's role, the liaison's, both; to whom it can't be done; the brief that goes with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.directory import Colleague
from cockpit.engine.session import Session
from cockpit.engine.view import DeliveryState
from cockpit.incident.brief import as_note
from cockpit.incident.checklist import State
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_people import begun, person
from tests.engine.test_session import posted
from tests.waiting import until

STEPS = ("handoff.agreed", "handoff.reassigned", "handoff.announced", "handoff.comms")


def members(session: Session) -> list[str]:
    """Who is in the channel."""
    slack = session.view.snapshot.slack
    return [one.name for one in slack.members] if slack else []


def announcements(sandbox: Sandbox) -> list[str]:
    """The hand-off's notes in the channel."""
    return [note["text"] for note in posted(sandbox) if note["metadata"]["event_payload"]["kind"] == "handoff"]


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_both_roles_in_one_deed(session: Session, sandbox: Sandbox, fault: str | None) -> None:
    await begun(session)
    session.drafts.save("reply:4038", "We found that", purpose="update")
    lou, ben = await person(session, "lou"), await person(session, "ben")
    if fault:
        sandbox.fault("pagerduty", fault, method="PUT", count=1)
    session.hand_over(lou, ben, agreed="on the phone")
    for step in STEPS:
        await until(lambda step=step: session.view.assessment.step(step).state is State.DONE, step)
    await until(lambda: not session.view.outbox.deliveries)
    (said,) = announcements(sandbox)
    assert said.startswith("⇄ Hand-off: Lou Marsh takes over #1924 as Incident Responder; Ben Okafor is the new")
    assert "• update to ticket 4038" in said or "*Drafts waiting*: update to ticket 4038, saved just now" in said
    assert "nobody here can open our hub" not in said, "no customer's words in the channel"
    assert said.rstrip().endswith("— Ana Ruiz")
    assert len(said) < 2_800
    await until(lambda: "Lou Marsh" in members(session), "the next responder is in the channel")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_the_announcement_is_posted_once(session: Session, sandbox: Sandbox, fault: str) -> None:
    await begun(session)
    lou = await person(session, "lou")
    sandbox.fault("slack", fault, path="chat.postMessage", count=1)
    session.hand_over(lou)
    await until(lambda: session.view.assessment.step("handoff.announced").state is State.DONE)
    await until(lambda: not session.view.outbox.deliveries)
    assert len(announcements(sandbox)) == 1


async def test_somebody_who_is_not_in_pagerduty_is_said_so(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    before = len(posted(sandbox))
    with pytest.raises(Impossible, match="Pat Doe isn't in PagerDuty.*Add them there"):
        session.hand_over(Colleague("Pat Doe", "pat@example.org", slack="U9"))
    assert session.view.outbox.deliveries == ()
    assert len(posted(sandbox)) == before


async def test_who_left_pagerduty_since_is_held_and_nothing_is_announced(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    gone = replace(await person(session, "lou"), name="Pat Doe", email="pat@example.org")
    session.hand_over(gone)
    await until(lambda: session.view.outbox.refused == 1)
    refused = next(one for one in session.view.outbox.deliveries if one.state is DeliveryState.REFUSED)
    assert refused.held
    assert "Not handed over: Pat Doe isn't in PagerDuty" in (refused.error or "")
    await session.idle()
    assert announcements(sandbox) == []
    assert session.view.assessment.step("handoff.reassigned").state is State.TODO


async def test_the_liaison_alone(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    ben = await person(session, "ben")
    session.hand_over(liaison=ben)
    await until(lambda: session.view.snapshot.ticket(4038).ticket.agent)
    await until(lambda: not session.view.outbox.deliveries)
    texts = [note["text"] for note in posted(sandbox)]
    assert sum("Hand-off: Ben Okafor takes over as Communication Liaison" in text for text in texts) == 1
    assert announcements(sandbox) == []
    with pytest.raises(Impossible, match="isn't an agent in Freshdesk"):
        session.hand_over(liaison=replace(ben, freshdesk=None))
    with pytest.raises(Impossible, match="To whom"):
        session.hand_over()


async def test_the_next_one_starts_cold_and_sees_everything(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    await begun(session)
    session.act("note", text="the image can't be pulled")
    lou = await person(session, "lou")
    session.hand_over(lou, agreed="yes")
    await until(lambda: session.view.assessment.step("handoff.announced").state is State.DONE)
    await until(lambda: not session.view.outbox.deliveries)

    theirs = Desk(settings_for(sandbox, tmp_path / "lou", "lou"))
    other = theirs.session(await theirs.find("1924"))
    await other.read_once()
    for step in ("handoff.agreed", "handoff.reassigned", "handoff.announced"):
        assert other.view.assessment.step(step).state is State.DONE, step
    shown = as_note(other.brief())
    assert "IR Lou Marsh, since" in shown
    assert "the image can't be pulled" in shown
    await other.close()
    await theirs.close()
