"""One quiet signal when a clock turns soon, one when it is overdue; snoozing puts them off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cockpit.incident.deadlines import Due
from cockpit.incident.signals import signals
from tests.incident.build import World, at, outage


def given(world: World, moments: list[str]) -> list[list[tuple[str, Due]]]:
    """The signals at each moment, for whoever looks at all of them in turn."""
    previous, found = None, []
    for now in moments:
        current = world.assess(now).deadlines
        told = signals(previous, current, at(now))
        found.append([(one.deadline.id, one.deadline.state) for one in told])
        previous = current
    return found


def test_each_is_given_once() -> None:
    world = World().opened("16:00")
    assert given(world, ["16:00", "16:12", "16:13", "16:15", "16:16", "16:23", "16:40", "17:40"]) == [
        [],
        [("acknowledge", Due.SOON)],
        [],
        [("acknowledge", Due.OVERDUE)],
        [],
        [("inform", Due.SOON)],
        [("inform", Due.OVERDUE)],
        [],
    ]


def test_the_first_look_gives_none() -> None:
    assert given(World().opened("16:00"), ["17:00", "17:01"]) == [[], []]


def test_one_that_skips_soon_is_overdue_once() -> None:
    assert given(World().opened("16:00"), ["16:00", "16:20"])[1] == [("acknowledge", Due.OVERDUE)]


def test_a_clock_that_began_anew_signals_anew() -> None:
    world = outage()
    assert ("community_update", Due.SOON) in given(world, ["17:49", "17:51"])[1]
    before = world.assess("18:21").deadlines
    world.told(4038, "18:22")
    again = given(world, ["18:23", "19:53"])[1]
    assert ("community_update", Due.SOON) in again
    calm = signals(before, world.assess("18:23").deadlines, at("18:23"))
    assert all(one.deadline.id != "community_update" for one in calm), "becoming calm is no signal"


def test_the_words_name_what_whom_and_when() -> None:
    (found,) = [
        one
        for one in signals((), outage().assess("18:21").deadlines, at("18:21"))
        if one.deadline.id == "community_update"
    ]
    assert found.words == "Update: overdue since 18:20 UTC (ticket 4038 (mordor))"


def snoozed(world: World, when: str, until: object, **data: Any) -> World:
    """Somebody snoozed the acknowledgement's clock."""
    return world.record("snooze", when, data={"deadline": "acknowledge", "until": until, "reason": "on it", **data})


def test_a_snoozed_clock_gives_none_until_then_and_then_one() -> None:
    world = snoozed(World().opened("16:00"), "16:05", at("16:30").isoformat())
    assert given(world, ["16:06", "16:12", "16:16", "16:29", "16:30", "16:31"]) == [
        [],
        [],
        [],
        [("inform", Due.SOON)],
        [("acknowledge", Due.OVERDUE), ("inform", Due.OVERDUE)],
        [],
    ]
    one = next(d for d in world.assess("16:20").deadlines if d.id == "acknowledge")
    assert (one.state, one.snoozed_until, one.due) == (Due.OK, at("16:30"), at("16:15"))
    assert one.about.endswith("snoozed until 16:30 UTC: on it")


def test_the_latest_snooze_counts_and_another_ticket_is_not_meant() -> None:
    world = snoozed(
        snoozed(World().opened("16:00"), "16:05", at("18:00").isoformat()), "16:06", at("16:20").isoformat()
    )
    assert next(d for d in world.assess("16:21").deadlines if d.id == "acknowledge").state is Due.OVERDUE
    other = snoozed(World().opened("16:00"), "16:05", at("18:00").isoformat(), ticket=4038)
    assert next(d for d in other.assess("16:21").deadlines if d.id == "acknowledge").state is Due.OVERDUE


def test_a_snooze_ends_when_its_clock_begins_anew() -> None:
    data = {"deadline": "community_update", "ticket": 4038, "until": at("22:00").isoformat(), "reason": "asleep"}
    world = outage().record("snooze", "18:00", data=data).told(4038, "18:10")
    assert next(d for d in world.assess("20:11").deadlines if d.id == "community_update").state is Due.OVERDUE


@pytest.mark.parametrize("until", [None, "", "later", 17, "2026-11-23T18:00:00", ["x"], {"at": 1}])
def test_a_malformed_snooze_is_none(until: object) -> None:
    world = snoozed(World().opened("16:00"), "16:05", until)
    assert next(d for d in world.assess("16:16").deadlines if d.id == "acknowledge").state is Due.OVERDUE


def test_a_met_clock_stays_met() -> None:
    world = snoozed(
        World().opened("16:00").acknowledged("16:03"), "16:05", (at("16:05") + timedelta(hours=1)).isoformat()
    )
    assert next(d for d in world.assess("16:10").deadlines if d.id == "acknowledge").state is Due.MET
