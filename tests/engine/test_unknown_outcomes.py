"""Writes of which nobody knows whether they arrived: looked up with a stated certainty, else a person is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.ledger import delivery_of
from cockpit.engine.session import Session
from cockpit.engine.view import Delivery
from cockpit.incident.facts import Source
from cockpit.sandbox import Sandbox
from cockpit.settings import Settings
from tests.engine.test_session import begin, happen, posted, reply, ticket_state
from tests.waiting import until

WORDS = "We are on it."


@pytest.fixture
async def session(settings: Settings, sandbox: Sandbox) -> AsyncIterator[Session]:
    """A session at its official start but for the reply; a request may take two seconds."""
    desk = Desk(settings, timeout=2.0)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)
    yield session
    await session.close()
    await desk.close()


def asked(session: Session) -> Delivery | None:
    """The delivery that a person is asked about."""
    return next((one for one in session.view.outbox.deliveries if one.asks), None)


def replies(sandbox: Sandbox) -> int:
    """How many replies of these words the ticket has."""
    return sum(said["body_text"] == WORDS for said in ticket_state(sandbox)["conversations"])


async def shown(session: Session, count: int) -> None:
    """Wait until the session has read that many conversations, the description not counted."""
    await until(lambda: len(session.view.snapshot.ticket(4038).conversations) == count + 1)


async def test_two_identical_replies_on_purpose_are_two(session: Session, sandbox: Sandbox) -> None:
    reply(session, WORDS)
    await shown(session, 1)
    await sandbox.advance(60)
    sandbox.fault("freshdesk", "drop_after", path="reply", count=1)
    reply(session, WORDS, "update")
    await until(lambda: not session.view.outbox.deliveries)
    assert replies(sandbox) == 2
    ids = {note["metadata"]["event_payload"]["data"].get("conversation") for note in posted(sandbox)[-2:]}
    assert len(ids - {None}) == 2, "each knows its own"


async def test_a_second_identical_reply_that_did_not_arrive_is_not_taken_for_the_first(
    session: Session, sandbox: Sandbox
) -> None:
    reply(session, WORDS)
    await shown(session, 1)
    sandbox.fault("freshdesk", "drop_before", path="reply", count=1)
    reply(session, WORDS, "update")
    await until(lambda: asked(session))
    assert replies(sandbox) == 1


async def test_a_person_sees_what_was_sent_and_what_the_ticket_shows(session: Session, sandbox: Sandbox) -> None:
    sandbox.fault("freshdesk", "drop_before", path="reply", count=1)
    reply(session, WORDS)
    await until(lambda: session.view.outbox.unknown)
    await until(lambda: asked(session))
    delivery = asked(session)
    assert delivery is not None
    assert f"You sent “{WORDS}”" in (delivery.error or "")
    assert "Ticket 4038 shows no new reply since." in (delivery.error or "")
    assert delivery.data["body"] == WORDS
    assert "did it arrive?" in (delivery.error or "")


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_persons_word_is_noted(session: Session, sandbox: Sandbox, arrived: bool) -> None:
    sandbox.fault("freshdesk", "drop_before", path="reply", count=1)
    reply(session, WORDS)
    await until(lambda: asked(session))
    count = len(posted(sandbox))
    session.decisions.settle(asked(session).seq, arrived=arrived)
    await until(lambda: len(posted(sandbox)) == count + 1)
    words = "(arrival confirmed by hand)" if arrived else "(sent again by hand)"
    assert words in posted(sandbox)[-1]["text"]
    assert replies(sandbox) == (0 if arrived else 1)


async def test_a_resolution_that_arrived_and_was_undone_by_somebody_is_not_repeated(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.fault("pagerduty", "drop_after", method="PUT", count=1)
    session.act("resolve_incident", resolution="")
    await until(lambda: sandbox.state()["pagerduty"]["incidents"][0]["status"] == "resolved")
    happen(sandbox, "reopen", by="kim")
    await until(lambda: not session.view.outbox.deliveries)
    incident = sandbox.state()["pagerduty"]["incidents"][0]
    assert incident["status"] != "resolved", "Kim's word stands"
    assert sum(line["type"] == "resolve_log_entry" for line in incident["log_entries"]) == 1
    assert any("Resolved PagerDuty incident" in note["text"] for note in posted(sandbox)), "what we did is told"


async def test_an_acknowledgement_that_arrived_is_told_although_the_incident_was_resolved_since(
    settings: Settings, sandbox: Sandbox
) -> None:
    desk = Desk(settings, timeout=2.0)
    session = desk.session(await desk.find("1924"))
    await session.start()
    await until(lambda: session.view.snapshot.pagerduty)
    sandbox.fault("pagerduty", "drop_after", method="PUT", count=1)
    session.act("acknowledge")
    await until(lambda: sandbox.state()["pagerduty"]["incidents"][0]["status"] == "acknowledged")
    happen(sandbox, "resolve", by="bot")
    await until(lambda: session.view.outbox.queued == session.view.outbox.waiting == 1, "done; its note waits")
    assert session.view.outbox.unknown == session.view.outbox.refused == 0
    await session.close()
    await desk.close()


async def test_a_ticket_that_changed_since_is_not_resolved_again_over_the_communitys_head(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.fault("freshdesk", "drop_after", method="PUT", count=1)
    session.act("resolve_ticket", ticket=4038)
    await until(lambda: ticket_state(sandbox)["status"] == 4)
    await sandbox.advance(5)
    happen(sandbox, "ticket_reply", number=4038, by="r.osei@rivendell.example", text="<p>Still broken.</p>")
    await until(lambda: asked(session) or not session.view.outbox.deliveries)
    assert sum(r.method == "PUT" and r.took_effect for r in sandbox.requests if r.service == "freshdesk") == 1


async def test_a_look_up_that_is_refused_for_good_asks_and_lets_the_others_pass(
    session: Session, sandbox: Sandbox
) -> None:
    count = len(posted(sandbox))
    sandbox.fault("slack", "drop_before", path="chat.postMessage", count=1)
    sandbox.fault("slack", "404", path="conversations.history")
    session.act("note", text="nobody can tell")
    session.act("note", text="behind it")
    await until(lambda: asked(session))
    await until(lambda: len(posted(sandbox)) == count + 1)
    assert posted(sandbox)[-1]["text"].startswith("✎ behind it")
    sandbox.clear_faults()
    session.decisions.settle(asked(session).seq, arrived=False)
    await until(lambda: not session.view.outbox.deliveries)
    assert sum("nobody can tell" in note["text"] for note in posted(sandbox)) == 1


async def test_a_write_that_arrives_after_the_first_look_is_not_sent_again(session: Session, sandbox: Sandbox) -> None:
    """Its sender gave up after 2 s and looked 0.25 s later; it takes effect 0.4 s after the sender gave up."""
    count = len(posted(sandbox))
    sandbox.fault("slack", "slow", path="chat.postMessage", count=1, seconds=2.4)
    session.act("note", text="late, not lost")
    await until(lambda: len(posted(sandbox)) == count + 1 and not session.view.outbox.deliveries)
    assert sum(r.path.endswith("chat.postMessage") for r in sandbox.requests if "late, not lost" in r.body) == 1


async def test_looking_up_leaves_the_other_services_alone(session: Session, sandbox: Sandbox) -> None:
    sandbox.fault("slack", "drop_before", path="chat.postMessage", count=1)
    session.act("note", text="looked up")
    session.act("incident_note", text="goes at once")
    await until(lambda: any(r.path.endswith("/notes") and r.write for r in sandbox.requests))
    await until(lambda: not session.view.outbox.deliveries)
    assert session.view.snapshot.health[Source.SLACK].error is None


async def test_a_hand_on_that_arrived_is_not_taken_back_from_who_has_it_since(
    session: Session, sandbox: Sandbox
) -> None:
    people = {one.name: one for one in (await session.directory.search("")).found}
    lou = people["Lou Marsh"]
    sandbox.fault("pagerduty", "drop_after", method="PUT", count=1)
    session.act("assign", user=lou.pagerduty, name=lou.name)
    await until(lambda: assigned(sandbox) == [lou.pagerduty], "it arrived")
    happen(sandbox, "reassign", by="kim", to="kim")
    await until(lambda: not session.view.outbox.deliveries)
    assert assigned(sandbox) == [people["Kim Tanaka"].pagerduty], "Kim's word stands"
    assert any("⇄ Reassigned PagerDuty incident #1924 to Lou Marsh" in note["text"] for note in posted(sandbox))


def assigned(sandbox: Sandbox) -> list[str]:
    """Whose the incident is, by PagerDuty's ids."""
    return [one["assignee"]["id"] for one in sandbox.state()["pagerduty"]["incidents"][0]["assignments"]]


async def test_a_colleagues_deed_is_not_taken_for_ours_that_did_not_arrive(session: Session, sandbox: Sandbox) -> None:
    sandbox.fault("pagerduty", "drop_before", method="PUT", count=1)
    session.act("resolve_incident", resolution="")
    await until(lambda: session.view.outbox.unknown)
    happen(sandbox, "resolve", by="kim")
    await until(lambda: session.view.outbox.refused)
    (held,) = session.view.outbox.deliveries
    assert held.held
    assert "#1924 is resolved already: Kim Tanaka resolved it at 13:03 UTC." in (held.error or "")
    assert not any("✔ Resolved" in note["text"] for note in posted(sandbox)), "what we didn't do isn't told"


async def test_a_line_that_may_be_anybodys_is_put_to_the_person(settings: Settings, sandbox: Sandbox) -> None:
    sandbox.fault("pagerduty", "403", method="GET", path="users/")
    desk = Desk(settings, timeout=2.0)
    session = desk.session(await desk.find("1924"))
    await session.start_delivering()
    sandbox.fault("pagerduty", "drop_after", method="PUT", count=1)
    session.act("acknowledge")
    await until(lambda: asked(session))
    words = asked(session).error or ""
    assert "You wanted to acknowledge the incident. PagerDuty's log shows it at 13:03:00 UTC, but not whether" in words
    assert "did it arrive?" in words
    await session.close()
    await desk.close()


async def test_what_a_write_was_found_by_is_kept_and_told_where_it_is_not_certain(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.fault("freshdesk", "drop_after", path="reply", count=1)
    reply(session, WORDS)
    await until(lambda: any("✉ Told" in note["text"] for note in posted(sandbox)))
    likeness = "a reply of the same words by Ana Ruiz at 13:03 UTC"
    assert f"(no answer came; taken for arrived by {likeness}) — Ana Ruiz" in posted(sandbox)[-1]["text"]
    assert any(f"It is taken for arrived, by {likeness}." in words for words in session.view.notices)
    sandbox.fault("slack", "drop_after", path="chat.postMessage", count=1)
    session.act("note", text="certain")
    await until(lambda: not session.view.outbox.deliveries)
    found = {one.title: one.found_by for one in delivered(session) if one.found_by}
    assert found == {
        "first response to ticket 4038 (R. Osei)": likeness,
        "note “certain”": "its id in the channel",
    }
    assert posted(sandbox)[-1]["text"] == "✎ certain — Ana Ruiz", "an id leaves nothing to tell"


def delivered(session: Session) -> list[Delivery]:
    """Every delivery of the session's case."""
    return [delivery_of(entry, session.now()) for entry in session._journal.entries(session.case.key)]
