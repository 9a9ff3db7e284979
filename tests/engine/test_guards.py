"""The guards hold on the engine's floor: whoever calls, what oughtn't to reach a community doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.session import Session
from cockpit.sandbox import Sandbox
from tests.engine.test_session import happen, posted
from tests.waiting import until


@pytest.fixture
async def ticketed(session: Session, sandbox: Sandbox) -> Session:
    """An incident with two communities' tickets, and a channel."""
    happen(sandbox, "ticket", ticket="mordor", by="g.moreau@mordor.example", subject="Down", text="<p>Down.</p>")
    for number in (4038, 4039):
        session.act("link_ticket", ticket=number, subject="x")
    session.act("open_channel")
    await until(lambda: len(session.view.snapshot.tickets) == 2)
    await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)
    return session


def letter(session: Session, body: str, **changes: Any) -> dict[str, Any]:
    """The data of a reply to ticket 4038."""
    facts = session.view.snapshot.ticket(4038)
    assert facts is not None
    who = facts.ticket.requester
    seen = max(said.id for said in facts.conversations)
    data = {"ticket": 4038, "purpose": "update", "body": body, "to": who.name, "requester_id": who.id, "seen": seen}
    return data | changes


def conversations(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What was said in ticket 4038."""
    return next(t for t in sandbox.state()["freshdesk"]["tickets"] if t["id"] == 4038)["conversations"]


@pytest.mark.parametrize(
    ("body", "words", "passed"),
    [
        ("", "It is empty", None),
        ("{{ticket.id}}", "isn't filled in", None),
        ("<!subteam^S123>", "a mention out of Slack", None),
        ("x" * 20_001, "20,001 characters", None),
        ("at 10.1.2.3", "an address that isn't public: “10.1.2.3”", "host:10.1.2.3"),
        ("xoxb-1234567890-abcdef", "looks like a secret", "secret:1"),
        ("Hello G. Moreau", "“G. Moreau”, who wrote ticket 4039", "community:G. Moreau"),
    ],
)
async def test_a_reply_is_stopped_before_it_is_journalled(
    ticketed: Session, sandbox: Sandbox, body: str, words: str, passed: str | None
) -> None:
    with pytest.raises(Impossible, match=words.replace(".", "[.]")):
        ticketed.act("reply", **letter(ticketed, body, despite=["host:other"]))
    assert ticketed.view.outbox.deliveries == ()
    if passed is not None:
        ticketed.act("reply", **letter(ticketed, body, despite=[passed]))
        await until(lambda: not ticketed.view.outbox.deliveries)
    assert len([said for said in conversations(sandbox) if not said["incoming"]]) == (passed is not None)


async def test_a_first_letter_has_the_same_guards(ticketed: Session) -> None:
    to = {"email": "p.lindqvist@utopia.example", "name": "P. Lindqvist", "about": "utopia/prod"}
    for subject, body, words in (
        ("Outage", "as at R. Osei's", "R. Osei"),
        ("Outage on hub.internal", "We are on it.", "The subject: Line 1 names an internal host"),
    ):
        with pytest.raises(Impossible, match=words):
            ticketed.act("open_ticket", **to, subject=subject, body=body)


@pytest.mark.parametrize("change", ["company", "requester", "merged"])
async def test_a_ticket_that_became_anothers_is_not_written_to(
    ticketed: Session, sandbox: Sandbox, change: str
) -> None:
    data = letter(ticketed, "We are on it.", company="Rivendell University")
    desk = sandbox.world.freshdesk
    if change == "company":
        data["company"] = "Mordor"
    elif change == "requester":
        desk.tickets[4038].requester_id = desk.tickets[4039].requester_id
    else:
        desk.merge(desk.tickets[4038], desk.tickets[4039], sandbox.person("ben").agent_id or 0)
    ticketed.act("reply", **data)
    await until(lambda: ticketed.view.outbox.refused == 1)
    assert "Not sent: ticket 4038" in (ticketed.view.outbox.deliveries[0].error or "")
    assert not [said for said in conversations(sandbox) if not said["incoming"] and not said["private"]]


@pytest.mark.parametrize("fault", [None, "drop_after"])
async def test_a_private_note_is_private_and_told_once(ticketed: Session, sandbox: Sandbox, fault: str | None) -> None:
    if fault:
        sandbox.fault("freshdesk", fault, path="tickets/4038/notes", count=1)
    ticketed.act("ticket_note", ticket=4038, body="See hub.internal, as for G. Moreau: **not public**")
    await until(lambda: not ticketed.view.outbox.deliveries)
    (note,) = [said for said in conversations(sandbox) if not said["incoming"]]
    assert note["private"] is True
    told = [one["text"] for one in posted(sandbox) if "private note" in one["text"]]
    assert len(told) == 1
    assert "colleagues only" in told[0]
    assert "hub.internal" not in told[0]
    informed = next(one for one in ticketed.view.assessment.steps if one.step.id == "start.informed")
    assert informed.state.value != "done", "a private note tells no community"
