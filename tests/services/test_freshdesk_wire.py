"""Freshdesk's JSON read as facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.incident.facts import Person, TicketStatus
from cockpit.services import freshdesk_wire as wire
from cockpit.services.call import Unreadable

WEB = "https://desk.example.org"
OSEI = Person("7", "R. Osei", "r.osei@rivendell.example")
ANA = Person("1", "Ana Ruiz", "ana@example.org")
TICKET: dict[str, Any] = {
    "id": 4038,
    "subject": "Hub is not reachable",
    "status": 2,
    "source": 1,
    "requester_id": 7,
    "responder_id": None,
    "company_id": None,
    "created_at": "2026-11-23T12:55:00Z",
    "updated_at": "2026-11-23T12:56:00Z",
    "description": "<p>Hello,</p><p>it is <b>down</b></p>",
    "description_text": "Hello, it is down",
    "tags": ["outage", None, ""],
}


def test_a_ticket() -> None:
    found = wire.ticket(TICKET, WEB, OSEI, "Rivendell University", ANA)
    assert (found.id, found.status, found.url) == (4038, TicketStatus.OPEN, "https://desk.example.org/a/tickets/4038")
    assert (found.requester, found.company, found.agent) == (OSEI, "Rivendell University", ANA)
    assert (found.outbound, found.deleted, found.tags) == (False, False, ("outage",))


def test_a_ticket_of_nulls() -> None:
    bare = dict.fromkeys(TICKET) | {"id": 9, "created_at": "2026-11-23T12:55:00Z"}
    found = wire.ticket(bare, WEB, OSEI)
    assert (found.subject, found.status, found.tags) == ("ticket 9", TicketStatus.OPEN, ())
    assert found.updated_at == found.created_at == datetime(2026, 11, 23, 12, 55, tzinfo=UTC)
    for missing in ("id", "created_at"):
        with pytest.raises(Unreadable):
            wire.ticket(TICKET | {missing: None}, WEB, OSEI)


def test_deleted_and_spam_and_outbound() -> None:
    assert wire.ticket(TICKET | {"deleted": True}, WEB, OSEI).deleted
    assert wire.ticket(TICKET | {"spam": True}, WEB, OSEI).deleted
    assert wire.ticket(TICKET | {"source": 10}, WEB, OSEI).outbound


def test_the_description_is_the_first_message() -> None:
    found = wire.description(TICKET, wire.ticket(TICKET, WEB, OSEI))
    assert (found.id, found.author, found.incoming, found.private) == (0, OSEI, True, False)
    assert found.text == "Hello,\n\nit is down" or found.text.split() == ["Hello,", "it", "is", "down"]
    outbound = TICKET | {"source": 10}
    ours = wire.description(outbound, wire.ticket(outbound, WEB, OSEI, None, ANA))
    assert (ours.author, ours.incoming, ours.public_reply) == (ANA, False, True)
    assert wire.description({"description_text": "plain"}, wire.ticket(TICKET, WEB, OSEI)).text == "plain"


def reply(**more: Any) -> dict[str, Any]:
    return {
        "id": 5, "body": "<div>one<br>two</div>", "incoming": False, "private": False, "user_id": 1,
        "created_at": "2026-11-23T13:00:00Z", "from_email": "desk@example.org",
    } | more  # fmt: skip


def test_replies_and_notes() -> None:
    people = {1: ANA, 7: OSEI}
    found = wire.conversation(reply(), people)
    assert (found.author, found.text, found.public_reply) == (ANA, "one\ntwo", True)
    assert not wire.conversation(reply(private=True), people).public_reply
    incoming = wire.conversation(reply(incoming=True, user_id=7), people)
    assert (incoming.author, incoming.incoming, incoming.public_reply) == (OSEI, True, False)


def test_what_is_not_marked_public_counts_as_private() -> None:
    assert wire.conversation(reply(private=None), {}).private
    bare = reply()
    del bare["private"]
    assert wire.conversation(bare, {}).private


def test_strangers_are_named_by_address_or_id() -> None:
    incoming = reply(incoming=True, user_id=99, from_email="new@rivendell.example")
    assert wire.conversation(incoming, {}).author == Person("99", "new@rivendell.example", "new@rivendell.example")
    assert wire.conversation(reply(user_id=99), {}).author.name == "user 99"
    assert wire.conversation(reply(user_id=None, from_email=None), {}).author == Person("", "user unknown")


@pytest.mark.parametrize("body", [None, "", 7])
def test_without_html_the_plain_text_counts(body: object) -> None:
    assert wire.conversation(reply(body=body, body_text="plain"), {}).text == "plain"
    assert wire.conversation(reply(body=body, body_text=None), {}).text == ""


def test_an_agent_is_named_in_its_contact() -> None:
    assert wire.person({"id": 1, "contact": {"name": "Ana Ruiz", "email": "ana@example.org"}}) == ANA
    assert wire.person({"id": 7, "name": None, "email": "x@example.org"}).name == "x@example.org"
    assert wire.person({"id": 7}).name == "contact 7"


def test_a_canned_response_keeps_its_placeholders() -> None:
    one = {"id": 3, "title": "First", "content_html": "<p>Dear {{ticket.requester.name}}\x1b[2J</p>", "content": "x"}
    assert wire.canned_response(one, "Incidents").html == "<p>Dear {{ticket.requester.name}}</p>"
    assert wire.canned_response({"id": 3}, "Incidents").html == ""


def test_refusals_are_explained() -> None:
    body = {
        "description": "Validation failed",
        "errors": [{"field": "status", "message": "not valid", "code": "invalid_value"}],
    }
    assert wire.explain(body) == ("Validation failed: status: not valid", "invalid_value", None)
    assert wire.explain({"code": "access_denied", "message": "No"}) == ("No", "access_denied", None)
    assert wire.explain(None) == ("", None, None)
