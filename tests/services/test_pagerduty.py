"""PagerDuty over HTTP: every method against the sandbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cockpit.incident.facts import LogKind, Status
from cockpit.sandbox import Sandbox
from cockpit.services import pagerduty_line
from cockpit.services.errors import Forbidden, NotFound, Refused
from cockpit.services.pagerduty import PagerDuty


async def the_incident(pagerduty: PagerDuty) -> str:
    return (await pagerduty.open_incidents())[0].id


async def test_me(pagerduty: PagerDuty, sandbox: Sandbox, connect: Callable[..., Any]) -> None:
    me = await pagerduty.me()
    assert me is not None
    assert (me.name, me.email) == ("Ana Ruiz", "ana.ruiz@example.org")
    assert await connect("pagerduty", token=sandbox.pagerduty_account_key).me() is None


async def test_open_incidents_know_whom_they_are_assigned_to(pagerduty: PagerDuty) -> None:
    (found,) = await pagerduty.open_incidents()
    assert (found.number, found.status, found.title) == (1924, Status.TRIGGERED, "Hub unreachable: rivendell/prod")
    assert [person.email for person in found.assignees] == ["ana.ruiz@example.org"]
    assert found.service_name == "JupyterHub URL"


async def test_incidents_of_a_range_resolved_ones_too(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    service = (await pagerduty.services())[0].id
    made = [await pagerduty.create(f"number {n}", service, "P1", "", f"key-{n}") for n in range(3)]
    await pagerduty.resolve(made[1].id)
    since, until = made[0].created_at - timedelta(hours=1), made[2].created_at + timedelta(seconds=5)
    found = await pagerduty.incidents(since, until)
    assert [one.title for one in found if one.title.startswith("number")] == ["number 2", "number 1", "number 0"]
    assert {one.title: one.status for one in found}["number 1"] is Status.RESOLVED
    assert await pagerduty.incidents(since - timedelta(days=30), since - timedelta(days=1)) == ()
    assert await pagerduty.incidents(until, since) == ()


async def test_a_long_range_is_asked_for_in_parts_and_pages_are_put_together(
    pagerduty: PagerDuty, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagerduty_line, "PAGE", 2)
    service = (await pagerduty.services())[0].id
    made = [await pagerduty.create(f"number {n}", service, "P1", "", f"key-{n}") for n in range(5)]
    before = len(sandbox.requests)
    until = made[-1].created_at + timedelta(seconds=5)
    found = await pagerduty.incidents(until - timedelta(days=400), until)
    assert {one.id for one in made} <= {one.id for one in found}
    assert len({one.id for one in found}) == len(found)
    asked = [one for one in sandbox.requests[before:] if one.path.endswith("/incidents")]
    assert len(asked) >= 3 + 2, "three ranges of at most six months, and the last one's pages"


async def test_an_incident_by_id_and_by_number(pagerduty: PagerDuty) -> None:
    found = await pagerduty.incident(await the_incident(pagerduty))
    assert await pagerduty.incident("1924") == found
    assert await pagerduty.find(1924) == found
    assert await pagerduty.find(1) is None
    assert await pagerduty.find(99999) is None
    with pytest.raises(NotFound):
        await pagerduty.incident("QNOSUCH")


async def test_a_number_is_looked_for_in_the_list_where_it_is_no_id(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    sandbox.fault("pagerduty", "404", path="/incidents/1924")
    found = await pagerduty.find(1924)
    assert found is not None
    assert found.number == 1924
    assert [person.email for person in found.assignees] == ["ana.ruiz@example.org"]


async def test_an_id_cannot_lead_out_of_its_path(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    with pytest.raises(Refused):
        await pagerduty.acknowledge("../users/me?x=")
    assert sandbox.requests[-1].path.startswith("/incidents/")


async def test_alerts_and_log_entries_and_notes_are_oldest_first(pagerduty: PagerDuty) -> None:
    known = await the_incident(pagerduty)
    (alert,) = await pagerduty.alerts(known)
    assert "The hub has not answered for 10 minutes." in alert.body
    for number in range(3):
        await pagerduty.add_note(known, f"note {number}")
    assert [note.content for note in await pagerduty.notes(known)] == ["note 0", "note 1", "note 2"]
    log = await pagerduty.log_entries(known)
    assert [entry.kind for entry in log[:2]] == [LogKind.TRIGGERED, LogKind.ASSIGNED]
    assert [entry.summary for entry in log if entry.kind is LogKind.NOTE] == ["note 0", "note 1", "note 2"]
    assert [entry.at for entry in log] == sorted(entry.at for entry in log)


async def test_the_log_since_a_moment(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    known = await the_incident(pagerduty)
    start = sandbox.clock.now()
    await sandbox.advance(60)
    await pagerduty.acknowledge(known)
    (entry,) = await pagerduty.log_entries(known, since=start + timedelta(seconds=30))
    assert (entry.kind, entry.by_person) == (LogKind.ACKNOWLEDGED, True)
    assert entry.agent is not None
    assert entry.agent.email == "ana.ruiz@example.org"


async def test_on_call_by_level(pagerduty: PagerDuty) -> None:
    (found,) = await pagerduty.open_incidents()
    assert found.escalation_policy is not None
    on_call = await pagerduty.on_call(found.escalation_policy)
    assert [one.level for one in on_call] == sorted(one.level for one in on_call)
    assert on_call[0].person.email == "ana.ruiz@example.org"


async def test_lists(pagerduty: PagerDuty) -> None:
    assert list(await pagerduty.priorities()) == ["P1", "P2", "P3", "P4"]
    names = [service.name for service in await pagerduty.services()]
    assert "JupyterHub URL" in names
    assert names == sorted(names, key=str.casefold)
    assert {person.email for person in await pagerduty.users()} >= {"ana.ruiz@example.org", "kim.tanaka@example.org"}


async def test_a_plan_without_priorities_has_none(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    sandbox.fault("pagerduty", "404", path="/priorities")
    assert await pagerduty.priorities() == {}


async def test_acknowledge_resolve_reopen(pagerduty: PagerDuty) -> None:
    known = await the_incident(pagerduty)
    acknowledged = await pagerduty.acknowledge(known)
    assert acknowledged.status is Status.ACKNOWLEDGED
    assert [person.name for person in acknowledged.acknowledgers] == ["Ana Ruiz"]
    resolved = await pagerduty.resolve(known, "image was missing")
    assert (resolved.status, resolved.assignees) == (Status.RESOLVED, ())
    assert any("image was missing" in note.content for note in await pagerduty.notes(known))
    assert await pagerduty.open_incidents() == ()
    assert (await pagerduty.trigger(known)).status is Status.TRIGGERED
    kinds = [entry.kind for entry in await pagerduty.log_entries(known)]
    assert kinds.index(LogKind.RESOLVED) < kinds.index(LogKind.REOPENED)


async def test_set_priority(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    known = await the_incident(pagerduty)
    assert (await pagerduty.set_priority(known, "P1")).priority == "P1"
    assert (await pagerduty.set_priority(known, None)).priority is None
    writes = sum(request.write for request in sandbox.requests)
    with pytest.raises(Refused, match="no priority named P9, but P1, P2, P3, P4"):
        await pagerduty.set_priority(known, "P9")
    assert sum(request.write for request in sandbox.requests) == writes
    changes = [entry.priority for entry in await pagerduty.log_entries(known) if entry.kind is LogKind.PRIORITY]
    assert changes == ["P1", None]


async def test_assign(pagerduty: PagerDuty) -> None:
    known = await the_incident(pagerduty)
    ben = next(person for person in await pagerduty.users() if person.name == "Ben Okafor")
    assert [person.id for person in (await pagerduty.assign(known, [ben.id])).assignees] == [ben.id]
    newest = [entry for entry in await pagerduty.log_entries(known) if entry.kind is LogKind.ASSIGNED][-1]
    assert [person.email for person in newest.assignees] == ["ben.okafor@example.org"]


async def test_create_once_and_find_it_by_its_key(pagerduty: PagerDuty) -> None:
    service = (await pagerduty.services())[0]
    assert await pagerduty.find_by_key("k-1") is None
    made = await pagerduty.create("Hub down", service.id, "P1", "Ticket: https://desk.example.org/a/tickets/7", "k-1")
    assert (made.priority, made.service_name, made.incident_key) == ("P1", service.name, "k-1")
    with pytest.raises(Refused) as caught:
        await pagerduty.create("Hub down", service.id, "P1", "again", "k-1")
    assert caught.value.status == 400
    found = await pagerduty.find_by_key("k-1")
    assert found is not None
    assert (found.id, found.description) == (made.id, "Ticket: https://desk.example.org/a/tickets/7")


async def test_responders(pagerduty: PagerDuty) -> None:
    known = await the_incident(pagerduty)
    kim = next(person for person in await pagerduty.users() if person.name == "Kim Tanaka")
    assert (await pagerduty.details(known))[1] == ()
    await pagerduty.request_responders(known, [kim.id], "please have a look")
    (responder,) = (await pagerduty.details(known))[1]
    assert (responder.person.email, responder.state) == ("kim.tanaka@example.org", "pending")


async def test_an_account_level_key_acts_as_the_address_it_was_given(
    sandbox: Sandbox, connect: Callable[..., Any]
) -> None:
    client = connect("pagerduty", token=sandbox.pagerduty_account_key)
    known = await the_incident(client)
    note = await client.add_note(known, "by key")
    assert note.author.name == "Ana Ruiz"
    kim = next(person for person in await client.users() if person.name == "Kim Tanaka")
    await client.request_responders(known, [kim.id], "please")
    assert json.loads(sandbox.requests[-1].body)["requester_id"] == note.author.id


async def test_the_dedicated_channel(pagerduty: PagerDuty, slack: Any) -> None:
    known = await the_incident(pagerduty)
    assert await pagerduty.dedicated_channel(known) is None
    made = await pagerduty.create_dedicated_channel(known, "jupyterhub_u_inc_1924", (await slack.me()).team_id)
    assert made.name == "jupyterhub_u_inc_1924"
    assert await pagerduty.dedicated_channel(known) == made
    found = await slack.find_channel("jupyterhub_u_inc_1924")
    assert found is not None
    assert found.id == made.id


async def test_the_dedicated_channel_needs_an_owner_or_admin(connect: Callable[..., Any]) -> None:
    ben = connect("pagerduty", "ben")
    known = await the_incident(ben)
    with pytest.raises(Forbidden, match="Owner or Global Admin"):
        await ben.dedicated_channel(known)


async def test_a_list_of_many_pages_into_which_something_new_comes(
    pagerduty: PagerDuty, connect: Callable[..., Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest comes first: what arrives meanwhile pushes an entry onto the next page, where it is told again."""
    monkeypatch.setattr(pagerduty_line, "PAGE", 10)
    service = (await pagerduty.services())[0]
    made = [await pagerduty.create(f"Alert {number}", service.id, None, "", f"k-{number}") for number in range(24)]
    before = len(sandbox.requests)
    # The second page is slow to come, so that there is time for a new incident before it.
    sandbox.fault("pagerduty", "slow", path="/incidents", method="GET", every=2, seconds=1.0)
    listing = asyncio.ensure_future(pagerduty.open_incidents())
    while len(sandbox.requests) < before + 2:
        await asyncio.sleep(0.01)
    await connect("pagerduty", "ben").create("Meanwhile", service.id, None, "", "m")
    found = await listing
    pages = [request for request in sandbox.requests[before:] if request.path == "/incidents" and not request.write]
    assert len(pages) == 3
    assert len({one.id for one in found}) == len(found) == 25
    assert {one.id for one in made} < {one.id for one in found}
    assert [one.number for one in found] == sorted((one.number for one in found), reverse=True)


async def test_each_user_is_asked_for_once(pagerduty: PagerDuty, sandbox: Sandbox) -> None:
    known = await the_incident(pagerduty)
    for _ in range(3):
        await pagerduty.incident(known)
        await pagerduty.log_entries(known)
    asked = [request.path for request in sandbox.requests if request.path.startswith("/users/")]
    assert len(asked) == len(set(asked)) > 0


async def test_the_calls_are_counted_and_the_clocks_compared(connect: Callable[..., Any], sandbox: Sandbox) -> None:
    ahead = connect("pagerduty", now=lambda: datetime.now(UTC) - timedelta(minutes=5))
    assert (ahead.calls, ahead.skew) == (0, None)
    await ahead.me()
    assert ahead.calls == len(sandbox.requests) == 1
    assert timedelta(minutes=4) < ahead.skew < timedelta(minutes=6)
