"""The official start: the moment at which the last of four conditions came true, and stays."""

from __future__ import annotations

import pytest

from cockpit.incident.facts import Source
from tests.incident.build import ANA, ROTA, World, at, outage, resolved


def test_the_moment_is_the_last_of_the_four() -> None:
    start = outage().assess("17:00").official_start
    assert start.at == at("16:20")
    assert [(c.name, c.holds, c.at) for c in start.conditions] == [
        ("p1", True, at("16:14")),
        ("acknowledged", True, at("16:12")),
        ("channel", True, at("16:16")),
        ("community_informed", True, at("16:20")),
    ]


@pytest.mark.parametrize("missing", ["p1", "acknowledged", "channel", "community_informed"])
def test_three_of_four_are_not_enough(missing: str) -> None:
    world = World().ticket(4038, "16:05").opened("16:10").link(4038, "16:10")
    if missing != "acknowledged":
        world.acknowledged("16:12")
    if missing != "p1":
        world.priority("16:14", "P1")
    if missing != "channel":
        world.channel_opened("16:16")
    if missing != "community_informed":
        world.told(4038, "16:20")
    start = world.assess("17:00").official_start
    assert start.at is None
    assert {c.name: c.holds for c in start.conditions}[missing] is False
    assert sum(bool(c.holds) for c in start.conditions) == 3


def test_created_as_p1() -> None:
    world = World().ticket(1, "13:00").opened("13:12", priority="P1").link(1, "13:12")
    world.acknowledged("13:12:30").channel_opened("13:13").told(1, "13:15")
    assert world.assess("14:00").official_start.at == at("13:15")


def test_resolving_does_not_undo_it_nor_does_reopening() -> None:
    assert resolved().assess("19:00").official_start.at == at("16:20")
    assert resolved().reopened("19:41").assess("20:00").official_start.at == at("16:20")
    demoted = resolved().priority("19:00", None).assess("20:00").official_start
    assert demoted.at == at("16:20")
    assert demoted.conditions[0].holds is False


def test_a_ticket_linked_later_does_not_move_it() -> None:
    world = outage().ticket(4039, "16:00").link(4039, "16:40")
    start = world.assess("17:00").official_start
    assert start.at == at("16:20")
    assert start.conditions[3].holds is False  # that community doesn't know yet
    assert world.told(4039, "17:10").assess("17:11").official_start.at == at("16:20")


def test_a_ticket_linked_before_must_be_told_first() -> None:
    world = outage().ticket(4039, "16:00").link(4039, "16:18")
    assert world.assess("17:00").official_start.at is None
    assert world.told(4039, "17:10").assess("17:11").official_start.at == at("17:10")


def test_unlinking_a_ticket_does_not_move_it() -> None:
    world = outage().ticket(4039, "16:30").link(4039, "16:40").told(4039, "16:45")
    world.record("unlink_ticket", "17:00", data={"ticket": 4038})
    assert world.assess("17:01").official_start.at == at("16:20")
    del world.tickets[4038]  # nobody reads it any more
    assert world.assess("17:02").official_start.at == at("16:20")


def test_p1_must_hold_at_the_moment() -> None:
    world = World().ticket(1, "16:00").opened("16:00").link(1, "16:00").priority("16:05", "P1").priority("16:10", None)
    world.acknowledged("16:12").channel_opened("16:13").told(1, "16:14")
    assert world.assess("16:20").official_start.at is None
    assert world.priority("16:30", "P1").assess("16:40").official_start.at == at("16:30")


def test_a_placeholder_starts_nothing() -> None:
    world = World().ticket(1, "08:00").opened("08:46", priority="P1").acknowledged("08:47", ROTA)
    world.channel_opened("08:50").told(1, "08:55")
    assert world.assess("09:00").official_start.at is None
    assert world.acknowledged("11:31", ANA).assess("12:00").official_start.at == at("11:31")


def test_down_it_cannot_tell_but_does_not_forget() -> None:
    start = outage().down(Source.PAGERDUTY, "16:50").assess("17:00").official_start
    assert start.at == at("16:20")
    assert [c.holds for c in start.conditions] == [None, None, True, True]


def test_what_was_read_before_it_went_down_proves_nothing_for_later() -> None:
    start = outage().down(Source.PAGERDUTY, "16:18").assess("17:00").official_start
    assert start.at is None  # nobody knows whether it still was P1 at 16:20
