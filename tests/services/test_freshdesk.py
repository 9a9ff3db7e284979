"""Freshdesk over HTTP: every method against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cockpit.incident.facts import TicketStatus
from cockpit.sandbox import Sandbox
from cockpit.services import Services, freshdesk_line
from cockpit.services.errors import NotFound, Refused, Unreachable
from cockpit.services.freshdesk import Freshdesk


async def test_me_and_the_agents(freshdesk: Freshdesk) -> None:
    me = await freshdesk.me()
    assert (me.name, me.email) == ("Ana Ruiz", "ana.ruiz@example.org")
    agents = await freshdesk.agents()
    assert me in agents
    assert [one.name for one in agents] == sorted((one.name for one in agents), key=str.casefold)


async def test_a_ticket_with_its_people(freshdesk: Freshdesk, sandbox: Sandbox) -> None:
    found = await freshdesk.ticket(4038)
    assert (found.subject, found.status, found.company) == ("Hub is not reachable", 2, "Rivendell University")
    assert (found.requester.name, found.requester.email) == ("R. Osei", "r.osei@rivendell.example")
    assert found.url == f"{sandbox.freshdesk_url}/a/tickets/4038"
    assert (found.agent, found.outbound) == (None, False)
    with pytest.raises(NotFound):
        await freshdesk.ticket(1)


async def test_polling_a_ticket_costs_one_plain_request(freshdesk: Freshdesk, sandbox: Sandbox) -> None:
    first = await freshdesk.ticket(4038)
    before = len(sandbox.requests)
    assert await freshdesk.ticket(4038) == first
    (request,) = sandbox.requests[before:]
    assert (request.path, request.query) == ("/api/v2/tickets/4038", "")
    assert "include" in sandbox.requests[0].query


async def test_the_conversation_begins_with_the_description(freshdesk: Freshdesk) -> None:
    (first,) = await freshdesk.conversations(4038)
    assert (first.id, first.incoming, first.author.name) == (0, True, "R. Osei")
    assert "nobody here can open our hub" in first.text
    assert "<p>" not in first.text


async def test_reply_and_private_note(freshdesk: Freshdesk, sandbox: Sandbox) -> None:
    sent = await freshdesk.reply(4038, "<p>We are <b>on it</b></p>")
    noted = await freshdesk.private_note(4038, "<p>the image is missing</p>")
    assert (sent.public_reply, noted.public_reply, noted.private) == (True, False, True)
    assert json.loads(sandbox.requests[-1].body)["private"] is True
    found = await freshdesk.conversations(4038)
    assert [one.id for one in found] == [0, sent.id, noted.id]
    assert [one.public_reply for one in found] == [False, True, False]
    assert "on it" in found[1].text
    assert {one.author.name for one in found[1:]} == {"Ana Ruiz"}


async def test_who_wrote_is_known_to_a_client_that_begins_cold(
    freshdesk: Freshdesk, connect: Callable[..., Any]
) -> None:
    await freshdesk.reply(4038, "<p>by Ana</p>")
    found = await connect("freshdesk", "ben").conversations(4038)
    assert [one.author.name for one in found] == ["R. Osei", "Ana Ruiz"]


async def test_a_conversation_of_many_pages(freshdesk: Freshdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshdesk_line, "PAGE", 5)
    sent = [(await freshdesk.private_note(4038, f"<p>{number}</p>")).id for number in range(11)]
    found = await freshdesk.conversations(4038)
    assert len(found) == 12
    assert {one.id for one in found[1:]} == set(sent)


async def test_status_and_agent(freshdesk: Freshdesk) -> None:
    me = await freshdesk.me()
    await freshdesk.set_status(4038, TicketStatus.RESOLVED)
    await freshdesk.set_agent(4038, int(me.id))
    found = await freshdesk.ticket(4038)
    assert (found.status, found.agent) == (TicketStatus.RESOLVED, me)
    with pytest.raises(Refused, match="status") as caught:
        await freshdesk.set_status(4038, 99)
    assert (caught.value.status, caught.value.code) == (400, "invalid_value")


async def test_recent_tickets(freshdesk: Freshdesk, sandbox: Sandbox) -> None:
    now = sandbox.clock.now()
    (found,) = await freshdesk.recent_tickets(now - timedelta(days=1))
    assert found == await freshdesk.ticket(4038)
    assert await freshdesk.recent_tickets(now + timedelta(hours=1)) == ()


async def test_contact_and_company_are_asked_for_once(freshdesk: Freshdesk, sandbox: Sandbox) -> None:
    requester = int((await freshdesk.ticket(4038)).requester.id)
    cold = len(sandbox.requests)
    assert (await freshdesk.contact(requester)).name == "R. Osei"
    assert len(sandbox.requests) == cold
    assert await freshdesk.company(1) is None
    assert await freshdesk.company(1) is None
    assert len(sandbox.requests) == cold + 1
    with pytest.raises(NotFound):
        await freshdesk.contact(1)


async def test_canned_responses(freshdesk: Freshdesk) -> None:
    found = await freshdesk.canned_responses()
    first = next(one for one in found if one.title == "Outage: first response")
    assert "{{ticket.requester.firstname}}" in first.html
    assert set(await freshdesk.canned_responses(first.folder)) <= set(found)
    assert await freshdesk.canned_responses("No such folder") == ()


async def test_a_canned_folder_that_is_gone_leaves_the_others(freshdesk: Freshdesk, sandbox: Sandbox) -> None:
    everything = await freshdesk.canned_responses()
    sandbox.fault("freshdesk", "404", path="/responses", count=1)
    left = await freshdesk.canned_responses()
    assert left
    assert set(left) < set(everything)


async def test_companies_and_their_contacts(freshdesk: Freshdesk) -> None:
    companies = await freshdesk.companies()
    assert [one.name for one in companies] == ["Mordor Institute", "Rivendell University", "Utopia College"]
    assert companies[1].domains == ("rivendell.example",)
    contacts = await freshdesk.contacts_of(companies[1].id)
    assert [one.name for one in contacts] == ["R. Osei", "T. Brandt"]
    assert await freshdesk.contact_by_email("t.brandt@rivendell.example") == contacts[1]
    assert await freshdesk.contact_by_email("nobody@rivendell.example") is None


async def test_writing_to_somebody_first(freshdesk: Freshdesk) -> None:
    made = await freshdesk.outbound_email("g.moreau@mordor.example", "Your hub is down", "<p>We know</p>")
    found = await freshdesk.ticket(made.id)
    assert (found.status, found.outbound, found.requester.email) == (TicketStatus.OPEN, True, "g.moreau@mordor.example")
    (first,) = await freshdesk.conversations(made.id)
    assert (first.public_reply, first.text) == (True, "We know")


async def test_the_budget_is_told() -> None:
    async with Sandbox("quiet") as limited:
        freshdesk = Freshdesk(limited.freshdesk_url, limited.credentials()["freshdesk_key"])
        assert freshdesk.budget.left is None
        await freshdesk.me()
        assert freshdesk.budget.left is not None
        left, total = freshdesk.budget.left
        assert total > 0
        await freshdesk.me()
        assert freshdesk.budget.left == (left - 1, total)
        await freshdesk.close()


async def test_all_services_close_together(pagerduty: Any, slack: Any, freshdesk: Freshdesk) -> None:
    services = Services(pagerduty, slack, freshdesk)
    await freshdesk.me()
    await services.close()
    for client in (pagerduty, slack, freshdesk):
        with pytest.raises(Unreachable):
            await client.me()
    await Services().close()
