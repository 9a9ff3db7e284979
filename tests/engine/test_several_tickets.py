"""Several tickets to one incident: each its own delivery; what to know before one is linked."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.deadlines import Due
from cockpit.sandbox import Sandbox
from tests.engine.test_session import happen, posted
from tests.waiting import until

NUMBERS = (4038, 4039, 4040)


@pytest.fixture
async def three(session: Session, sandbox: Sandbox) -> Session:
    """An incident that three communities wrote about."""
    for key, by in (("mordor", "g.moreau@mordor.example"), ("utopia", "p.lindqvist@utopia.example")):
        happen(sandbox, "ticket", ticket=key, by=by, subject="Hub is down", text="<p>Hello, it is down.</p>")
    for number in NUMBERS:
        session.act("link_ticket", ticket=number, subject="x")
    session.act("acknowledge")
    session.act("set_priority", priority="P1")
    session.act("open_channel")
    await until(lambda: len(session.view.snapshot.tickets) == 3)
    await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)
    await sandbox.advance(60)
    return session


def tell(session: Session, number: int, purpose: str, body: str) -> None:
    """Reply to one ticket, as it is on the screen."""
    facts = session.view.snapshot.ticket(number)
    assert facts is not None
    session.act(
        "reply",
        ticket=number,
        purpose=purpose,
        body=body,
        to=facts.ticket.requester.name,
        requester_id=facts.ticket.requester.id,
        seen=max(said.id for said in facts.conversations),
    )


def replies(sandbox: Sandbox) -> dict[int, list[str]]:
    """The public replies of each ticket, as the sandbox holds them."""
    tickets = sandbox.state()["freshdesk"]["tickets"]
    public: dict[int, list[Any]] = {
        one["id"]: [c for c in one["conversations"] if not c["private"] and not c["incoming"]] for one in tickets
    }
    return {number: [c["body"] for c in found] for number, found in public.items()}


def due(session: Session) -> dict[int | None, Due]:
    """How each ticket's update stands."""
    return {one.ticket: one.state for one in session.view.assessment.deadlines if one.id == "community_update"}


@pytest.mark.parametrize("fault", [None, "drop_after"])
async def test_one_update_to_all_is_a_delivery_each(three: Session, sandbox: Sandbox, fault: str | None) -> None:
    if fault:
        sandbox.fault("freshdesk", fault, path="tickets/4039/reply", count=1)
    for number in NUMBERS:
        tell(three, number, "first_response", f"We are on it ({number}).")
    await until(lambda: not three.view.outbox.deliveries)
    assert {number: len(found) for number, found in replies(sandbox).items()} == {4038: 1, 4039: 1, 4040: 1}
    notes = [n["metadata"]["event_payload"]["data"] for n in posted(sandbox) if "✉" in n["text"]]
    assert sorted(note["ticket"] for note in notes) == list(NUMBERS)


async def test_one_that_is_held_does_not_hold_the_others(three: Session, sandbox: Sandbox) -> None:
    before = {n: max(c.id for c in three.view.snapshot.ticket(n).conversations) for n in NUMBERS}
    happen(sandbox, "ticket_reply", ticket="mordor", by="g.moreau@mordor.example", text="<p>Any news?</p>")
    for number in NUMBERS:
        facts = three.view.snapshot.ticket(number)
        assert facts is not None
        three.act(
            "reply", ticket=number, purpose="update", body="We are on it.", to=facts.ticket.requester.name,
            requester_id=facts.ticket.requester.id, seen=before[number],
        )  # fmt: skip
    await until(lambda: three.view.outbox.refused == 1 and len(three.view.outbox.deliveries) == 1)
    assert "Any news?" in (three.view.outbox.deliveries[0].error or "")
    assert {number: len(found) for number, found in replies(sandbox).items()} == {4038: 1, 4039: 0, 4040: 1}


async def test_each_ticket_has_its_own_deadline(three: Session, sandbox: Sandbox) -> None:
    for number in NUMBERS:
        tell(three, number, "first_response", "We are on it.")
    await until(lambda: set(due(three)) == set(NUMBERS))
    await sandbox.advance(5_500)
    tell(three, 4038, "update", "We found it.")
    await until(lambda: due(three) == {4038: Due.OK, 4039: Due.SOON, 4040: Due.SOON})
    three.act("unlink_ticket", ticket=4040)
    await until(lambda: set(due(three)) == {4038, 4039})


async def test_what_to_know_before_a_ticket_is_linked(session: Session, sandbox: Sandbox) -> None:
    happen(sandbox, "ticket", ticket="mordor", by="g.moreau@mordor.example", subject="Hub is down", text="<p>Hello</p>")
    happen(sandbox, "ticket", ticket="twin", by="t.brandt@rivendell.example", subject="Down", text="<p>Hello</p>")
    sandbox.world.freshdesk.merge(
        sandbox.world.freshdesk.tickets[4040],
        sandbox.world.freshdesk.tickets[4038],
        sandbox.person("ben").agent_id or 0,
    )
    fine = await session.outreach.check(4038)
    assert (fine.refusal, fine.warnings) == (None, ())
    other = await session.outreach.check(4039)
    assert other.refusal is None, "another community is a warning, not a refusal"
    assert other.warnings == (
        "Ticket 4039 is Mordor Institute's, but the alert is about rivendell/prod: is it the same outage?",
    )
    merged = await session.outreach.check(4040)
    assert merged.refusal == "Ticket 4040 was merged into ticket 4038: link 4038 instead."
    sandbox.world.freshdesk.discard(sandbox.world.freshdesk.tickets[4039], spam=False)
    assert "deleted" in ((await session.outreach.check(4039)).refusal or "")
    assert "no ticket 99999" in ((await session.outreach.check(99_999)).refusal or "")


async def test_a_linked_ticket_of_another_community_is_warned_of(three: Session) -> None:
    facts = three.view.snapshot.ticket(4039)
    assert facts is not None
    assert "is it the same outage?" in three.outreach.warnings(facts)[0]
    facts = three.view.snapshot.ticket(4038)
    assert facts is not None
    assert three.outreach.warnings(facts) == ()


async def test_two_messages_within_a_second_both_show(desk: Desk, sandbox: Sandbox) -> None:
    """Freshdesk tells when a ticket changed to the second, and the cockpit may look in the middle of one."""
    session = desk.session(await desk.find("1924"))
    session.act("link_ticket", ticket=4038, subject="x")
    for words in ("Hello?", "Anybody?"):
        happen(sandbox, "ticket_reply", number=4038, by="r.osei@rivendell.example", text=f"<p>{words}</p>")
        await session.read_once()
    facts = session.view.snapshot.ticket(4038)
    assert facts is not None
    assert [said.text for said in facts.conversations[1:]] == ["Hello?", "Anybody?"]
    await session.close()
