"""Pulling people in: searching them, asking them through PagerDuty, inviting them, handing the incident to one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.actions import Impossible
from cockpit.engine.desk import Desk
from cockpit.engine.directory import Colleague, join, ranked
from cockpit.engine.session import Session
from cockpit.incident.checklist import State
from cockpit.incident.facts import LogKind, Person, Source
from cockpit.sandbox import Sandbox
from tests.conftest import settings_for
from tests.engine.test_session import begin, happen, posted
from tests.waiting import until


async def begun(session: Session) -> None:
    """The incident has begun, and nothing of it is on its way any more."""
    await begin(session)
    await until(lambda: not session.view.outbox.deliveries)


async def person(session: Session, name: str) -> Colleague:
    """The one whom a search for that name finds first."""
    return (await session.directory.search(name)).found[0]


def responders(sandbox: Sandbox) -> list[Any]:
    """The requests for responders on the incident, as the sandbox holds them."""
    (incident,) = sandbox.world.pagerduty.incidents.values()
    return list(incident.responders)


def requests_sent(sandbox: Sandbox, path: str) -> int:
    """How many requests to that path took effect."""
    return sum(path in request.path and request.took_effect for request in sandbox.requests)


async def test_a_person_is_one_entry_across_the_three_services(session: Session) -> None:
    found = (await session.directory.search("kim")).found
    assert [one.name for one in found] == ["Kim Tanaka"]
    assert found[0].email == "kim.tanaka@example.org"
    assert found[0].pagerduty
    assert found[0].slack
    assert found[0].freshdesk


async def test_nobody_and_bots_are_not_found(session: Session) -> None:
    everyone = (await session.directory.search("")).found
    assert [one.name for one in everyone] == ["Ana Ruiz", "Ben Okafor", "Kim Tanaka", "Lou Marsh"]


async def test_the_lists_are_read_once(session: Session, sandbox: Sandbox) -> None:
    await session.directory.search("kim")
    lists = lambda: [r for r in sandbox.requests if r.path.endswith(("/users", "users.list", "/agents"))]
    before = len(lists())
    await session.directory.search("lou")
    assert len(lists()) == before


async def test_a_service_that_fails_is_told_and_asked_again(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(settings_for(sandbox, tmp_path / "state"))
    sandbox.fault("freshdesk", "500", path="agents", count=1)
    first = await desk.directory.search("lou")
    assert set(first.errors) == {Source.FRESHDESK}
    assert first.found[0].freshdesk is None
    second = await desk.directory.search("lou")
    assert second.errors == {}
    assert second.found[0].freshdesk is not None
    await desk.close()


def test_ranking_prefers_whole_names_then_beginnings_then_parts() -> None:
    names = ["Lou Marsh", "Marsha Lou", "Ana Ruiz", "Paul Oumar", "Zoë Ångström"]
    people = [Colleague(name, f"{name.split()[1].lower()}@example.org") for name in names]
    assert [one.name for one in ranked(people, "lou")] == ["Lou Marsh", "Marsha Lou"]
    assert [one.name for one in ranked(people, "mar")] == ["Marsha Lou", "Lou Marsh", "Paul Oumar"]
    assert [one.name for one in ranked(people, "ma lo")] == ["Lou Marsh", "Marsha Lou"]
    assert [one.name for one in ranked(people, "ar")] == ["Ana Ruiz", "Lou Marsh", "Marsha Lou", "Paul Oumar"]
    assert [one.name for one in ranked(people, "zoe ang")] == ["Zoë Ångström"]
    assert ranked(people, "nobody") == ()


def test_joining_without_addresses_goes_by_name_and_never_merges_two_addresses() -> None:
    joined = join(
        {
            Source.PAGERDUTY: [Person("P1", "Sam Lee", "sam@a.org"), Person("P2", "Kim Tan", "kim@a.org")],
            Source.SLACK: [Person("U1", "Kim Tan"), Person("U2", "Sam Lee", "sam@b.org")],
        }
    )
    assert [(one.name, one.email, one.pagerduty, one.slack) for one in joined] == [
        ("Kim Tan", "kim@a.org", "P2", "U1"),
        ("Sam Lee", "sam@a.org", "P1", None),
        ("Sam Lee", "sam@b.org", None, "U2"),
    ]


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_asking_for_responders_asks_once(session: Session, sandbox: Sandbox, fault: str | None) -> None:
    await begun(session)
    kim, lou = await person(session, "kim"), await person(session, "lou")
    if fault:
        sandbox.fault("pagerduty", fault, path="responder_requests", count=1)
    session.act(
        "request_responders",
        users=[kim.pagerduty, lou.pagerduty],
        names=[kim.name, lou.name],
        message="the image can't be pulled",
    )
    await until(lambda: len(session.view.snapshot.pagerduty.responders) == 2)
    await until(lambda: not session.view.outbox.deliveries)
    assert requests_sent(sandbox, "responder_requests") == 1
    assert session.view.assessment.step("hands.experts").state is State.DONE
    texts = [note["text"] for note in posted(sandbox)]
    assert "☎ Asked Kim Tanaka, Lou Marsh to respond in PagerDuty: the image can't be pulled — Ana Ruiz" in texts


async def test_who_was_asked_already_is_not_paged_again(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    kim = await person(session, "kim")
    for _ in range(2):
        session.act("request_responders", users=[kim.pagerduty], names=[kim.name], message="please")
        await session.idle()
    await until(lambda: session.view.outbox.refused == 1)
    assert "Nobody was asked: Kim Tanaka is asked already." in (session.view.outbox.deliveries[0].error or "")
    assert requests_sent(sandbox, "responder_requests") == 1
    assert sum("☎ Asked" in note["text"] for note in posted(sandbox)) == 1, "who asked nobody doesn't tell so"


async def test_a_plan_without_responder_requests_says_what_to_do_instead(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    sandbox.world.pagerduty.abilities.remove("coordinated_responding")
    kim = await person(session, "kim")
    session.act("request_responders", users=[kim.pagerduty], names=[kim.name], message="please")
    await until(lambda: session.view.outbox.refused == 1)
    error = session.view.outbox.deliveries[0].error or ""
    assert "PagerDuty's plan has no responder requests" in error
    assert "Kim Tanaka" in error
    assert "Invite them to the Slack channel instead." in error
    session.act("invite", users=[kim.slack], names=[kim.name])
    await until(lambda: any(one.id == kim.slack for one in session.view.snapshot.slack.members))


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_inviting_invites_once(session: Session, sandbox: Sandbox, fault: str | None) -> None:
    await begun(session)
    kim, lou = await person(session, "kim"), await person(session, "lou")
    if fault:
        sandbox.fault("slack", fault, path="conversations.invite", count=1)
    session.act("invite", users=[kim.slack, lou.slack], names=[kim.name, lou.name])
    channel = next(iter(c for c in sandbox.world.slack.channels.values() if c.id == session.case.channel_id))
    await until(lambda: {kim.slack, lou.slack} <= set(channel.members))
    await until(lambda: not session.view.outbox.deliveries)
    assert requests_sent(sandbox, "conversations.invite") == 1
    assert sum("☎ Invited Kim Tanaka, Lou Marsh" in note["text"] for note in posted(sandbox)) == 1
    assert session.view.assessment.step("hands.experts").state is State.DONE


async def test_inviting_says_why_it_can_not(session: Session) -> None:
    assert session.possible("invite", users=["U1"]) == "There is no channel yet: open it first."
    await begin(session)
    assert session.possible("invite", users=[]) == "Whom? Nobody is chosen who is in Slack."
    with pytest.raises(Impossible, match="what you need them for"):
        session.act("request_responders", users=["P1"], names=["Kim"], message=" ")


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_reassigning_assigns_once(session: Session, sandbox: Sandbox, fault: str | None) -> None:
    await begun(session)
    lou = await person(session, "lou")
    if fault:
        sandbox.fault("pagerduty", fault, method="PUT", count=1)
    session.act("assign", user=lou.pagerduty, name=lou.name)
    assignees = lambda: [one.name for one in session.view.snapshot.pagerduty.incident.assignees]
    await until(lambda: assignees() == ["Lou Marsh"])
    await until(lambda: not session.view.outbox.deliveries)
    log = session.view.snapshot.pagerduty.log_entries
    told = [entry for entry in log if entry.kind is LogKind.ASSIGNED and entry.assignees[0].name == "Lou Marsh"]
    assert len(told) == 1
    assert sum("⇄ Reassigned" in note["text"] for note in posted(sandbox)) == 1
    assert session.possible("assign", user=lou.pagerduty) == "Lou Marsh has it already."


async def test_a_resolved_incident_is_not_assigned(session: Session, sandbox: Sandbox) -> None:
    await begun(session)
    lou = await person(session, "lou")
    happen(sandbox, "resolve", by="bot")
    session.act("assign", user=lou.pagerduty, name=lou.name)
    await until(lambda: session.view.outbox.refused == 1)
    assert "is resolved" in (session.view.outbox.deliveries[0].error or "")


@pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
async def test_a_ticket_is_handed_to_an_agent_once(session: Session, sandbox: Sandbox, fault: str | None) -> None:
    await begun(session)
    ben = await person(session, "ben")
    if fault:
        sandbox.fault("freshdesk", fault, method="PUT", count=1)
    session.act("assign_ticket", ticket=4038, agent=ben.freshdesk, name=ben.name)
    await until(lambda: session.view.snapshot.ticket(4038).ticket.agent)
    await until(lambda: not session.view.outbox.deliveries)
    assert sum(r.method == "PUT" and r.took_effect for r in sandbox.requests if r.service == "freshdesk") == 1
    assert sum("⇄ Handed ticket 4038 to Ben Okafor" in note["text"] for note in posted(sandbox)) == 1
    assert session.possible("assign_ticket", ticket=4038, agent=ben.freshdesk) == "Ben Okafor has ticket 4038 already."
