"""Canned responses: placeholders filled from the ticket, blanks from the facts, the rest marked."""

from __future__ import annotations

import pytest

from cockpit.incident.canned import fill, purpose_of
from cockpit.incident.facts import Ticket
from cockpit.incident.replies import Purpose, problems, readdressed
from tests.incident.build import World


def ticket() -> Ticket:
    """A ticket without an agent."""
    return World().ticket(4038, "17:40", "We get a 503.", company="mordor").snapshot().tickets[0].ticket


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hi {{ticket.requester.firstname}},</p>", "Hi R. Osei,\n"),
        ("<p>{{ ticket.id }} {{Ticket.Requester.Company_Name}}</p>", "4038 mordor\n"),
        ("<p>{{ticket.requester.firstname | default: 'there'}}</p>", "R. Osei\n"),
        ("<ul><li>one</li><li>[state]</li></ul>", "- one\n- all is well\n"),
        ("<p>by [next update at].</p>", "by 18:00 UTC.\n"),
        ("<p>[Hub] is down</p>", "⟦hub: which hub⟧ is down\n"),
        ("<p>[what we saw]</p>", "⟦what we saw⟧\n"),
        ("<p>{{ticket.cf_hub}} {{ticket.agent.name}}</p>", "⟦ticket.cf_hub⟧ ⟦ticket.agent.name⟧\n"),
        ("<p>see [1] and [docs](https://example.org)</p>", "see [1] and [docs](https://example.org)\n"),
    ],
)
def test_what_is_known_is_filled_in_and_the_rest_is_marked(html: str, text: str) -> None:
    assert fill(html, ticket(), {"state": "all is well", "next_update": "18:00 UTC"}) == text


def test_what_is_not_filled_in_blocks_sending_by_name() -> None:
    text = fill("<p>{{ticket.cf_hub}} {% if vip %}</p>", ticket(), {})
    assert any("ticket.cf_hub" in problem for problem in problems(text))
    assert any("{% if vip %}" in problem for problem in problems(text))
    assert problems(fill("<p>Hi {{ticket.requester.name}}</p>", ticket(), {})) == ()


def test_a_placeholder_that_never_ends_takes_no_time() -> None:
    body = "{{" + " " * 20_000 + "x"
    assert fill(f"<pre>{body}</pre>", ticket(), {}) == f"{body}\n"


def test_a_value_is_not_read_again() -> None:
    assert fill("<p>[state]</p>", ticket(), {"state": "[impact] {{ticket.id}}"}) == "[impact] {{ticket.id}}\n"


@pytest.mark.parametrize(
    ("title", "purpose"),
    [
        ("Outage: first response", Purpose.FIRST_RESPONSE),
        ("Outage: update", Purpose.UPDATE),
        ("Outage resolved", Purpose.RESOLUTION),
        ("Ask for more information", Purpose.NEED_MORE),
        ("Incident report is out", Purpose.REPORT_LINK),
        ("Password reset", None),
    ],
)
def test_the_title_tells_what_it_is_for(title: str, purpose: Purpose | None) -> None:
    assert purpose_of(title) is purpose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi R. Osei,\n\nR. Osei said", "Hi G. Moreau,\n\nR. Osei said"),
        ("Hello everyone,\n\nR. Osei", "Hello everyone,\n\nR. Osei"),
        ("R. Oseidon", "R. Oseidon"),
    ],
)
def test_a_letter_to_somebody_else_greets_them(text: str, expected: str) -> None:
    assert readdressed(text, "R. Osei", "G. Moreau") == expected
    assert readdressed("Dear Grace,\nx", "Grace Moreau", "P. Lindqvist") == "Dear P. Lindqvist,\nx"
