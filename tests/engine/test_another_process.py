"""A team with another process: the shipped example, from its page to its review, over the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.engine.desk import Desk
from cockpit.engine.session import Session
from cockpit.incident.checklist import State
from cockpit.incident.deadlines import Due
from cockpit.incident.process_file import shipped
from cockpit.sandbox import Sandbox, SandboxClock
from tests.conftest import BEGIN, settings_for
from tests.engine.test_session import reply
from tests.waiting import until

SCENARIO = """
title = "A web service goes down"
begin = "13:03"

[[priorities]]
name = "SEV1"
description = "Customers can't use it"
color = "a8171c"

[[priorities]]
name = "SEV2"
description = "Customers notice"
color = "eb6016"

[[events]]
at = "12:50"
kind = "alert"
alert = "down"
service = "JupyterHub URL"
title = "The shop answers 503"
severity = "critical"
body = { service = "shop", description = "customer impact: total" }

[[events]]
at = "12:55"
kind = "ticket"
number = 4038
by = "r.osei@rivendell.example"
subject = "I can't pay"
text = "<p>The page says 503.</p>"
"""


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A world in which the priorities are severities."""
    scenario = tmp_path / "web.toml"
    scenario.write_text(SCENARIO)
    async with Sandbox(scenario, clock=SandboxClock(BEGIN, 0), rate_limits=False) as running:
        yield running


@pytest.fixture
async def desk(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Desk]:
    """The first responder's desk, with the other process."""
    desk = Desk(settings_for(sandbox, tmp_path / "state", process=shipped()["web-service"]))
    yield desk
    await desk.close()


def state(session: Session, step: str) -> State:
    """How the step stands."""
    return session.view.assessment.step(step).state


def due(session: Session, clock: str) -> Due | None:
    """How the deadline stands; None where that clock doesn't run."""
    return next((one.state for one in session.view.assessment.deadlines if one.id == clock), None)


async def done(session: Session, *steps: str) -> None:
    """Wait until these are done."""
    for step in steps:
        await until(lambda step=step: state(session, step) is State.DONE, step)


async def test_from_the_page_to_the_review(session: Session, sandbox: Sandbox, desk: Desk) -> None:
    assessment = session.view.assessment
    assert assessment.process.id == "web-service"
    assert [one.id for one in (await desk.offer()).p1] == []
    assert assessment.verdict == "outage", "the alert carries this team's own tag"
    assert state(session, "triage.judge") is State.NOT_APPLICABLE
    assert {one.id for one in assessment.deadlines} <= {"acknowledge", "inform", "relief"}

    session.act("link_ticket", ticket=4038, subject="I can't pay")
    session.act("acknowledge", step="triage.acknowledge")
    session.act("set_priority", step="triage.severity", priority="SEV1")
    session.act("open_channel", step="mitigate.channel")
    await done(session, "triage.acknowledge", "triage.severity", "mitigate.channel", "customers.ticket")
    assert [one.number for one in (await desk.offer()).p1] == [1924]
    await until(lambda: session.view.snapshot.ticket(4038), "the ticket is read")
    reply(session, "Hello,\n\nwe know of it.")
    await done(session, "customers.informed")
    await until(lambda: session.view.assessment.official_start.at, "the official start")

    await sandbox.advance(50 * 60)
    await until(lambda: due(session, "community_update") is Due.SOON, "this team writes every hour")
    session.act("note", text="rolling back to the release of Friday")
    session.act("attest", step="mitigate.rollback", note="done")
    await done(session, "mitigate.rollback", "mitigate.narrate")
    reply(session, "Hello,\n\nit works again.", "resolution")
    session.act("resolve_incident", resolution="rolled back")
    await done(session, "close.told", "close.resolved")

    assessment = session.view.assessment
    assert not assessment.quiet(5), "the last phase is shown once the one before it is done"
    assert {one.id for one in assessment.deadlines} == {"draft", "review"}, "there is no step that publishes"
    session.act("attest", step="learn.draft", note="written")
    session.act("attest", step="learn.meeting", link="https://notes.example/review")
    await done(session, "learn.draft", "learn.meeting")
    assert session.view.assessment.phase_done(5)
    assert session.view.assessment.next_step() is None
    await session.idle()


async def test_what_the_process_does_not_have_cannot_be_attested(session: Session) -> None:
    assert session.possible("attest", step="resolve.validated") == "This process has no step “resolve.validated”."
