"""An alert nobody wrote a ticket for: whom it concerns, and the letter that opens the ticket, sent once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.engine.view import Delivery
from cockpit.incident.checklist import State
from cockpit.incident.communities import Community, Listed
from cockpit.incident.facts import Freshness
from cockpit.incident.outbound import letter
from cockpit.incident.replies import problems
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_session import happen, posted
from tests.waiting import until

BODY = "Hi R. Osei,\n\nyour hub doesn't answer; we are on it. You hear from us by 15:00 UTC."


def write(session: Session, **changes: object) -> str:
    """Send the letter as the screen would."""
    data: dict[str, object] = {
        "email": "r.osei@rivendell.example",
        "name": "R. Osei",
        "subject": "Outage: rivendell/prod",
        "body": BODY,
        "about": "rivendell/prod",
    }
    return session.act("open_ticket", **(data | changes))


def outbound(sandbox: Sandbox) -> list[dict[str, object]]:
    """The tickets that we opened, as the sandbox holds them."""
    return [ticket for ticket in sandbox.state()["freshdesk"]["tickets"] if ticket["source"] == 10]


@pytest.fixture
async def opened(session: Session) -> Session:
    """The session with its channel and P1."""
    session.act("acknowledge")
    session.act("set_priority", priority="P1")
    session.act("open_channel")
    await until(lambda: session.view.snapshot.slack is not None and not session.view.outbox.deliveries)
    return session


async def test_the_community_is_found_by_freshdesks_companies(session: Session) -> None:
    (found,) = await session.outreach.communities()
    assert (str(found.place), found.company) == ("rivendell/prod", "Rivendell University")
    assert [one.email for one in found.representatives] == ["r.osei@rivendell.example", "t.brandt@rivendell.example"]
    subject, body = letter(
        session.view.snapshot, session.view.assessment, found, found.representatives[0], session.now()
    )
    assert subject == "Outage: rivendell/prod"
    assert body.startswith("Hi R. Osei,")
    assert "rivendell/prod" in body
    assert problems(body), "what the facts can't say is marked and blocks sending"


async def with_table(sandbox: Sandbox, folder: Path, table: dict[str, Listed]) -> tuple[Community, ...]:
    """Whom the alert concerns, to a cockpit whose config has that table."""
    desk = Desk(settings_for(sandbox, folder, communities=table))
    session = desk.session(await desk.find("1924"))
    await session.read_once()
    found = await session.outreach.communities()
    await session.close()
    await desk.close()
    return found


async def test_the_config_comes_first(sandbox: Sandbox, tmp_path: Path) -> None:
    table = {"Rivendell/Prod": Listed("Rivendell University", ("t.brandt@rivendell.example", "new@rivendell.example"))}
    (found,) = await with_table(sandbox, tmp_path / "a", table)
    assert [(one.name, one.email) for one in found.representatives] == [
        ("T. Brandt", "t.brandt@rivendell.example"),
        ("new@rivendell.example", "new@rivendell.example"),
    ]
    assert "config" in found.words
    (found,) = await with_table(sandbox, tmp_path / "b", {"rivendell": Listed("Mordor Institute")})
    assert [one.name for one in found.representatives] == ["G. Moreau"]


async def test_nobody_found_is_said_so(sandbox: Sandbox, tmp_path: Path) -> None:
    happen(
        sandbox, "alert", alert="gondor", title="Hub unreachable: gondor/prod", body={"cluster": "gondor", "hub": "x"}
    )
    known, unknown = await with_table(sandbox, tmp_path / "a", {})
    assert known.representatives
    assert (str(unknown.place), unknown.representatives) == ("gondor/x", ())
    assert "Nobody was found for gondor/x" in unknown.words
    _, misnamed = await with_table(sandbox, tmp_path / "b", {"gondor": Listed("Gondor College")})
    assert "Freshdesk has no company of that name" in misnamed.words


@pytest.mark.parametrize("fault", [None, "drop_after"])
async def test_the_letter_opens_one_ticket_which_is_linked_and_told(
    opened: Session, sandbox: Sandbox, fault: str | None
) -> None:
    if fault:
        sandbox.fault("freshdesk", fault, path="outbound_email", count=1)
    write(opened, cc=["t.brandt@rivendell.example"])
    await until(lambda: opened.view.snapshot.tickets, "the ticket is linked and read")
    await until(lambda: not opened.view.outbox.deliveries)
    (ticket,) = outbound(sandbox)
    assert ticket["cc_emails"] == ["t.brandt@rivendell.example"]
    assert opened.view.assessment.step("start.informed").state is State.DONE, "it counts as the first public reply"
    assert opened.view.assessment.step("start.ticket").state is State.DONE
    (note,) = [note for note in posted(sandbox) if note["metadata"]["event_payload"]["kind"] == "open_ticket"]
    assert "✉ Wrote to the community first about rivendell/prod" in note["text"]
    assert "to R. Osei, with 1 in copy)" in note["text"], "who else is nobody's business in the channel"
    assert "hub doesn't answer" not in note["text"]
    assert note["metadata"]["event_payload"]["data"] == {"purpose": "first_response", "ticket": ticket["id"]}


async def test_a_letter_that_cannot_be_found_asks_a_person(opened: Session, sandbox: Sandbox) -> None:
    sandbox.fault("freshdesk", "drop_before", path="outbound_email", count=1)
    write(opened)

    def asked() -> Delivery | None:
        return next((d for d in opened.view.outbox.deliveries if d.asks), None)

    await until(asked)
    delivery = asked()
    assert delivery is not None
    assert "You wrote to R. Osei" in (delivery.error or "")
    assert outbound(sandbox) == []
    opened.decisions.settle(delivery.seq, arrived=False)
    await until(lambda: not opened.view.outbox.deliveries)
    assert len(outbound(sandbox)) == 1


async def test_two_cockpits_do_not_write_the_same_letter(opened: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    write(opened)
    await until(lambda: not opened.view.outbox.deliveries)
    desk = Desk(settings_for(sandbox, tmp_path / "ben", "ben"))
    other = desk.session(await desk.find("1924"))
    await other.start()
    await until(lambda: all(one.state is Freshness.OK for one in other.view.snapshot.health.values()))
    write(other)
    await until(lambda: other.view.outbox.refused == 1)
    assert f"Link ticket {outbound(sandbox)[0]['id']} instead" in (other.view.outbox.deliveries[0].error or "")
    assert len(outbound(sandbox)) == 1
    await other.close()
    await desk.close()


async def test_what_cannot_be_sent_says_why(opened: Session) -> None:
    with pytest.raises(Impossible, match="isn't filled in"):
        write(opened, body="Hi ⟦name⟧")
    with pytest.raises(Impossible, match="subject"):
        write(opened, subject=" ")
    with pytest.raises(Impossible, match="“T. Brandt” isn't an address"):
        write(opened, cc=["T. Brandt"])
    with pytest.raises(Impossible, match="gets the letter itself"):
        write(opened, cc=["R.Osei@rivendell.example"])
    with pytest.raises(Impossible, match="Nobody is chosen"):
        write(opened, email="")


async def test_a_case_that_opened_a_ticket_is_found_by_it(opened: Session, desk: Desk, sandbox: Sandbox) -> None:
    write(opened)
    await until(lambda: opened.view.snapshot.tickets and not opened.view.outbox.deliveries)
    assert (await desk.find(f"ticket:{outbound(sandbox)[0]['id']}")).key == opened.case.key
