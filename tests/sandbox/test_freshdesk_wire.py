"""Freshdesk's strictness: keys, fields, paging, search that lags, and what a reply does to a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire


async def test_a_wrong_key_is_401_and_an_unknown_thing_404_without_a_body(wire: Wire) -> None:
    wrong = await wire.freshdesk("GET", "/tickets", key="wrong")
    assert (wrong.status, wrong.body["code"]) == (401, "invalid_credentials")
    for path in ("/tickets/999", "/tickets/x", "/contacts/1", "/nothing", "/canned_responses/1"):
        missing = await wire.freshdesk("GET", path)
        assert (missing.status, missing.body) == (404, "")
    assert (await wire.freshdesk("DELETE", "/tickets/4038")).status == 405
    assert (await wire.freshdesk("GET", "/tickets", Accept="text/html")).status == 406


async def test_a_ticket_with_everything_included(wire: Wire) -> None:
    params = {"include": "requester,stats,company"}
    ticket = (await wire.freshdesk("GET", "/tickets/4038", params=params)).body
    assert ticket["requester"]["name"] == "R. Osei"
    assert ticket["company"]["name"] == "Rivendell University"
    assert ticket["stats"]["first_responded_at"] is None
    assert ticket["status"] == 2
    assert ticket["description"].startswith("<div>")
    assert "nobody here can open our hub" in ticket["description_text"]
    plain = (await wire.freshdesk("GET", "/tickets/4038")).body
    assert "requester" not in plain
    assert (await wire.freshdesk("GET", "/tickets/4038", params={"include": "secrets"})).status == 400


async def test_a_reply_is_public_outgoing_and_noted_in_the_stats(wire: Wire) -> None:
    await wire.sandbox.advance(60)
    reply = await wire.freshdesk("POST", "/tickets/4038/reply", {"body": "<p>On it</p>", "cc_emails": ["a@x.example"]})
    assert reply.status == 201
    assert reply.body["body"] == "<div><p>On it</p></div>"
    assert reply.body["replied_to"] == ["r.osei@rivendell.example"]
    listed = (await wire.freshdesk("GET", "/tickets/4038/conversations")).body
    assert [(one["incoming"], one["private"], one["body_text"]) for one in listed] == [(False, False, "On it")]
    assert listed[0]["user_id"] == wire.sandbox.person().agent_id
    assert listed[0]["from_email"] == "support@example.org"
    stats = (await wire.freshdesk("GET", "/tickets/4038", params={"include": "stats"})).body["stats"]
    assert stats["first_responded_at"] == stats["agent_responded_at"] == "2026-11-23T13:04:00Z"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "body", "missing_field"),
        ({"body": "  "}, "body", "invalid_value"),
        ({"body": 5}, "body", "datatype_mismatch"),
        ({"body": "x", "privat": True}, "privat", "invalid_field"),
        ({"body": "x", "cc_emails": ["nobody"]}, "cc_emails", "invalid_value"),
        ({"body": "x", "user_id": 1}, "user_id", "invalid_value"),
        ({"body": "x", "from_email": "me@example.org"}, "from_email", "invalid_value"),
    ],
)
async def test_a_reply_that_does_not_fit_names_the_field(wire: Wire, body: Any, field: str, code: str) -> None:
    reply = await wire.freshdesk("POST", "/tickets/4038/reply", body)
    assert (reply.status, reply.body["description"]) == (400, "Validation failed")
    assert [(one["field"], one["code"]) for one in reply.body["errors"]] == [(field, code)]
    assert (await wire.freshdesk("GET", "/tickets/4038/conversations")).body == []


async def test_a_body_has_to_be_json(wire: Wire) -> None:
    reply = await wire.freshdesk("POST", "/tickets/4038/reply", **{"Content-Type": "text/plain"})
    assert reply.status == 415
    reply = await wire.freshdesk("POST", "/tickets/4038/reply", **{"Content-Type": "application/json"})
    assert (reply.status, reply.body["code"]) == (400, "invalid_json")


async def test_a_note_is_private_unless_it_says_otherwise(wire: Wire) -> None:
    assert (await wire.freshdesk("POST", "/tickets/4038/notes", {"body": "between us"})).body["private"] is True
    public = await wire.freshdesk("POST", "/tickets/4038/notes", {"body": "for all", "private": False})
    assert (public.status, public.body["private"]) == (201, False)
    listed = (await wire.freshdesk("GET", "/tickets/4038/conversations")).body
    assert [(one["source"], one["private"]) for one in listed] == [(2, True), (2, False)]


async def test_updating_a_ticket(wire: Wire) -> None:
    kim = wire.sandbox.person("kim").agent_id
    reply = await wire.freshdesk("PUT", "/tickets/4038", {"status": 4, "responder_id": kim, "tags": ["outage"]})
    assert (reply.status, reply.body["status"], reply.body["responder_id"]) == (200, 4, kim)
    await wire.freshdesk("PUT", "/tickets/4038", {"tags": ["p1"]})
    ticket = (await wire.freshdesk("GET", "/tickets/4038", params={"include": "stats"})).body
    assert ticket["tags"] == ["p1"]
    assert ticket["stats"]["resolved_at"] == "2026-11-23T13:03:00Z"
    assert ticket["stats"]["closed_at"] is None
    for body, field in [
        ({"status": 9}, "status"), ({"responder_id": 1}, "responder_id"), ({"status": "4"}, "status"),
        ({"colour": "red"}, "colour"), ({}, "request"),
    ]:  # fmt: skip
        refused = await wire.freshdesk("PUT", "/tickets/4038", body)
        assert (refused.status, refused.body["errors"][0]["field"]) == (400, field)


async def test_a_word_from_the_community_opens_a_resolved_ticket_again(wire: Wire) -> None:
    await wire.freshdesk("PUT", "/tickets/4038", {"status": 4})
    event = {"kind": "ticket_reply", "by": "r.osei@rivendell.example", "text": "<p>Still broken</p>"}
    assert (await wire.control("POST", "event", event)).body == {"applied": True}
    ticket = (await wire.freshdesk("GET", "/tickets/4038", params={"include": "stats"})).body
    assert ticket["status"] == 2
    assert ticket["stats"]["reopened_at"] is not None
    assert ticket["stats"]["resolved_at"] is None
    last = (await wire.freshdesk("GET", "/tickets/4038/conversations")).body[-1]
    assert (last["incoming"], last["private"], last["from_email"]) == (True, False, "r.osei@rivendell.example")


async def test_pages_follow_the_link_and_something_new_comes_on_the_last(wire: Wire) -> None:
    for number in range(5):
        await wire.freshdesk("POST", "/tickets/4038/notes", {"body": str(number), "private": True})
    first = await wire.freshdesk("GET", "/tickets/4038/conversations", params={"per_page": "2"})
    assert 'rel="next"' in first.headers["Link"]
    await wire.freshdesk("POST", "/tickets/4038/notes", {"body": "new", "private": True})
    texts = [one["body_text"] for one in first.body]
    reply = first
    while "Link" in reply.headers:
        link = reply.headers["Link"].split(";")[0].strip("<>")
        assert link.startswith(wire.sandbox.freshdesk_url)
        reply = await wire.freshdesk("GET", link.removeprefix(wire.sandbox.freshdesk_url + "/api/v2"))
        texts += [one["body_text"] for one in reply.body]
    assert texts == ["0", "1", "2", "3", "4", "new"]
    # A last page that is full has no link to an empty one.
    full = await wire.freshdesk("GET", "/tickets/4038/conversations", params={"per_page": "3", "page": "2"})
    assert (len(full.body), "Link" in full.headers) == (3, False)
    for params in ({"per_page": "101"}, {"page": "0"}, {"page": "x"}):
        refused = await wire.freshdesk("GET", "/tickets/4038/conversations", params=params)
        assert refused.status == 400


async def test_the_list_of_tickets_and_its_filters(wire: Wire) -> None:
    utopia = "p.lindqvist@utopia.example"
    event = {"kind": "ticket", "ticket": "two", "by": utopia, "subject": "Two", "text": "x"}
    await wire.sandbox.advance(60)
    await wire.control("POST", "event", event)

    async def ids(**params: str) -> list[int]:
        reply = await wire.freshdesk("GET", "/tickets", params=params)
        assert reply.status == 200
        return [one["id"] for one in reply.body]

    assert await ids() == [4039, 4038]
    assert await ids(order_type="asc") == [4038, 4039]
    assert await ids(email=utopia) == [4039]
    assert await ids(updated_since="2026-11-23T13:00:00Z") == [4039]
    listed = (await wire.freshdesk("GET", "/tickets", params={"include": "requester"})).body[0]
    assert listed["requester"]["email"] == utopia
    assert "description" not in listed
    await wire.control("POST", "event", {"kind": "ticket_gone", "ticket": "two", "spam": True})
    assert await ids() == [4038]
    assert await ids(filter="spam") == [4039]
    assert (await wire.freshdesk("GET", "/tickets", params={"state": "open"})).status == 400
    assert (await wire.freshdesk("GET", "/tickets", params={"filter": "mine"})).status == 400


async def test_a_deleted_ticket_can_be_looked_at_and_nothing_more(wire: Wire) -> None:
    await wire.control("POST", "event", {"kind": "ticket_gone"})
    ticket = await wire.freshdesk("GET", "/tickets/4038")
    assert (ticket.status, ticket.body["deleted"]) == (200, True)
    assert (await wire.freshdesk("POST", "/tickets/4038/reply", {"body": "x"})).status == 404
    assert (await wire.freshdesk("PUT", "/tickets/4038", {"status": 4})).status == 404


async def test_the_search_wants_quotes_and_is_minutes_behind(wire: Wire) -> None:
    async def found(query: str) -> list[int]:
        reply = await wire.freshdesk("GET", "/search/tickets", params={"query": query})
        assert reply.status == 200, reply.body
        assert reply.body["total"] == len(reply.body["results"])
        return [one["id"] for one in reply.body["results"]]

    await wire.freshdesk("PUT", "/tickets/4038", {"tags": ["inc-1924"], "priority": 4})
    assert await found("\"tag:'inc-1924'\"") == []
    assert await found('"status:2"') == [4038]
    await wire.sandbox.advance(181)
    assert await found("\"tag:'inc-1924'\"") == [4038]
    assert await found('"(status:3 OR status:2) AND priority:>3"') == [4038]
    assert await found("\"created_at:>'2026-11-24'\"") == []
    assert await found("\"tag:'other' OR agent_id:null\"") == [4038]
    for bad in ("status:2", '"colour:2"', '"status:2 AND"', '"(status:2"'):
        assert (await wire.freshdesk("GET", "/search/tickets", params={"query": bad})).status == 400


async def test_an_outbound_email_is_a_ticket_that_we_begin(wire: Wire) -> None:
    mailbox = (await wire.freshdesk("GET", "/email_configs")).body[0]["id"]
    body = {
        "email": "g.moreau@mordor.example", "subject": "Your hub", "description": "<p>It is down</p>",
        "email_config_id": mailbox, "status": 2,
    }  # fmt: skip
    reply = await wire.freshdesk("POST", "/tickets/outbound_email", body)
    assert (reply.status, reply.body["source"], reply.body["status"]) == (201, 10, 2)
    refused = await wire.freshdesk("POST", "/tickets/outbound_email", {"email": "x"})
    assert {one["field"] for one in refused.body["errors"]} == {"subject", "description", "email_config_id"}


async def test_canned_responses_come_with_their_placeholders(wire: Wire) -> None:
    folders = (await wire.freshdesk("GET", "/canned_response_folders")).body
    assert [(one["name"], one["responses_count"]) for one in folders] == [("Incidents", 2), ("Questions", 1)]
    path = f"/canned_response_folders/{folders[0]['id']}/responses"
    responses = (await wire.freshdesk("GET", path)).body
    one = (await wire.freshdesk("GET", f"/canned_responses/{responses[0]['id']}")).body
    assert "{{ticket.requester.firstname}}" in one["content_html"]
    detail = (await wire.freshdesk("GET", f"/canned_response_folders/{folders[1]['id']}")).body
    assert [each["title"] for each in detail["canned_responses"]] == ["Ask for more information"]


async def test_people_companies_and_settings(wire: Wire) -> None:
    me = (await wire.freshdesk("GET", "/agents/me")).body
    assert me["contact"]["email"] == "ana.ruiz@example.org"
    agents = (await wire.freshdesk("GET", "/agents")).body
    assert [one["contact"]["name"] for one in agents] == ["Ana Ruiz", "Ben Okafor", "Kim Tanaka", "Lou Marsh"]
    assert (await wire.freshdesk("GET", f"/agents/{me['id']}")).body["id"] == me["id"]
    companies = (await wire.freshdesk("GET", "/companies")).body
    params = {"company_id": str(companies[0]["id"])}
    contacts = (await wire.freshdesk("GET", "/contacts", params=params)).body
    assert [one["name"] for one in contacts] == ["R. Osei", "T. Brandt"]
    assert (await wire.freshdesk("GET", f"/contacts/{contacts[0]['id']}")).body["email"] == "r.osei@rivendell.example"
    assert (await wire.freshdesk("GET", f"/companies/{companies[0]['id']}")).body["domains"] == ["rivendell.example"]
    choices = (await wire.freshdesk("GET", "/ticket_fields")).body[0]["choices"]
    assert choices["6"][0] == "Waiting on third party"
    assert (await wire.freshdesk("GET", "/settings/helpdesk")).body["primary_language"] == "en"
