"""What the readers make of a channel that changes: new messages, edits, deletions, threads; and calls at rest."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.facts import Alert, Conversation
from cockpit.sandbox import Sandbox
from cockpit.sandbox.scenario import Event
from tests.waiting import until


def happen(sandbox: Sandbox, kind: str, **details: object) -> None:
    """Let something happen in the world, now."""
    assert sandbox.story.inject(Event(timedelta(0), kind, {"kind": kind, **details}))


def texts(session: Session) -> list[str]:
    """The channel's messages, a deleted one in brackets, an edited one with a star."""
    slack = session.view.snapshot.slack
    shown = []
    for message in slack.messages if slack else ():
        mark = "*" if message.edited else ""
        shown.append(f"[{message.text}]" if message.deleted else message.text + mark)
    return shown


async def open_channel(session: Session) -> None:
    """Have a channel, read."""
    session.act("open_channel")
    await until(lambda: session.view.snapshot.slack and not session.view.outbox.deliveries)


async def test_edits_and_deletions_show(session: Session, sandbox: Sandbox) -> None:
    await open_channel(session)
    happen(sandbox, "post", by="kim", text="first", key="a")
    happen(sandbox, "post", by="kim", text="second", key="b")
    await until(lambda: texts(session)[-2:] == ["first", "second"])
    happen(sandbox, "edit", message="a", text="first, mended")
    happen(sandbox, "delete", message="b")
    await until(lambda: texts(session)[-2:] == ["first, mended*", "[second]"])


async def test_a_message_that_did_not_change_stays_the_same_object(session: Session, sandbox: Sandbox) -> None:
    await open_channel(session)
    happen(sandbox, "post", by="kim", text="first")
    await until(lambda: "first" in texts(session))
    before = session.view.snapshot.slack
    assert before is not None
    happen(sandbox, "post", by="kim", text="second")
    await until(lambda: "second" in texts(session))
    after = session.view.snapshot.slack
    assert after is not None
    assert all(a is b for a, b in zip(before.messages, after.messages, strict=False))


async def test_alerts_and_letters_that_did_not_change_stay_the_same_objects(session: Session, sandbox: Sandbox) -> None:
    def alerts() -> dict[object, Alert]:
        read = session.view.snapshot.pagerduty
        return {one.id: one for one in read.alerts} if read else {}

    def letters() -> dict[object, Conversation]:
        read = session.view.snapshot.ticket(4038)
        return {one.id: one for one in read.conversations} if read else {}

    session.act("link_ticket", ticket=4038, subject="x")
    await until(lambda: alerts() and letters())
    before, read = alerts(), letters()
    happen(sandbox, "alert", alert="second", service="JupyterHub URL", title="Hub slow")
    happen(sandbox, "ticket_reply", by="r.osei@rivendell.example", text="<p>Any news?</p>")
    await until(lambda: len(alerts()) > len(before) and len(letters()) > len(read))
    assert all(alerts()[known] is one for known, one in before.items())
    assert all(letters()[known] is one for known, one in read.items())


async def test_nothing_new_changes_no_object(session: Session, sandbox: Sandbox) -> None:
    await open_channel(session)
    await until(lambda: len(session.view.snapshot.records) == 1)
    before = session.view.snapshot
    asked = len(sandbox.requests)
    await until(lambda: len(sandbox.requests) > asked + 30)
    after = session.view.snapshot
    assert after.slack is before.slack
    assert after.pagerduty is before.pagerduty
    assert after.tickets is before.tickets
    assert after.records is before.records


async def test_a_thread_is_read_when_it_grows(session: Session, sandbox: Sandbox) -> None:
    await open_channel(session)
    happen(sandbox, "post", by="kim", text="which image?", key="q")
    happen(sandbox, "post", by="lou", text="the one of Friday", thread="q")
    replies = lambda: [r.text for r in session.view.snapshot.slack.replies]
    await until(lambda: replies() == ["the one of Friday"])
    happen(sandbox, "post", by="lou", text="it can't be pulled", thread="q")
    await until(lambda: replies() == ["the one of Friday", "it can't be pulled"])
    assert "it can't be pulled" not in texts(session)


async def test_at_rest_a_round_costs_few_calls(desk: Desk, session: Session, sandbox: Sandbox) -> None:
    """Per round at the default intervals: PagerDuty (15 s), Slack (5 s), Freshdesk (20 s) stay within their budgets."""
    await open_channel(session)
    session.act("link_ticket", ticket=4038, subject="x")
    await until(lambda: session.view.snapshot.tickets and not session.view.outbox.deliveries)
    await session.close()
    resting = desk.session(session.case)
    await resting.read_once()
    begun = len(sandbox.requests)
    for _ in range(40):
        await resting.read_once()
    asked = Counter(request.service for request in sandbox.requests[begun:])
    calls = {service: count / 40 for service, count in asked.items()}
    assert 60 / 15 * calls["pagerduty"] <= 12
    assert 60 / 5 * calls["slack"] <= 20
    assert 60 / 20 * calls["freshdesk"] <= 6
