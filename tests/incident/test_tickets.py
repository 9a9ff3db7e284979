"""Which tickets belong to the incident."""

from __future__ import annotations

import pytest

from cockpit.incident.tickets import linked, ticket_ids_in
from tests.incident.build import FRESHDESK, World


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{FRESHDESK}/a/tickets/4038", (4038,)),
        (f"see <{FRESHDESK}/a/tickets/4038|the ticket>, {FRESHDESK}/helpdesk/tickets/7.", (4038, 7)),
        (f"{FRESHDESK}/a/tickets/1 {FRESHDESK}/support/tickets/1", (1,)),
        (f"{FRESHDESK}/a/tickets/12ab", ()),
        (f"{FRESHDESK}.evil.example/a/tickets/12", ()),
        ("https://other.example.com/a/tickets/12", ()),
        ("ticket 4038", ()),
        ("", ()),
    ],
)
def test_links_in_a_text(text: str, found: tuple[int, ...]) -> None:
    assert ticket_ids_in(text, FRESHDESK) == found
    assert ticket_ids_in(text, FRESHDESK + "/") == found


def test_any_freshdesk_when_none_is_configured() -> None:
    assert ticket_ids_in("https://acme.freshdesk.com/a/tickets/5 https://x.example/a/tickets/6", "") == (5,)


def linked_in(world: World) -> tuple[int, ...]:
    snapshot = world.snapshot()
    return linked(snapshot.records, snapshot.pagerduty, FRESHDESK)


def test_linking_and_unlinking() -> None:
    world = World().link(2, "16:00").link(1, "16:01").link(2, "16:02")
    assert linked_in(world) == (2, 1)
    world.record("unlink_ticket", "16:03", data={"ticket": 2})
    assert linked_in(world) == (1,)
    assert linked_in(world.link(2, "16:04")) == (1, 2)
    assert linked_in(world.record("link_ticket", "16:05", data={"ticket": "3"})) == (1, 2, 3)
    assert linked_in(world.record("link_ticket", "16:05", data={"ticket": True})) == (1, 2, 3)


def test_the_description_links_and_a_record_unlinks() -> None:
    world = World().opened("16:00", description=f"{FRESHDESK}/a/tickets/9").link(4, "15:00")
    assert linked_in(world) == (4, 9)
    world.record("unlink_ticket", "16:30", data={"ticket": 9})
    assert linked_in(world) == (4,)
