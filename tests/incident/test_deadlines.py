"""The clocks: when each begins, when it is soon, overdue and met, and when it isn't there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.facts import Source
from tests.incident.build import LOU, ROTA, World, at, false_alarm_started, outage, resolved


def due(world: World, clock: str, now: str, ticket: int | None = None) -> Deadline:
    found = [d for d in world.assess(now).deadlines if d.id == clock and d.ticket == ticket]
    assert len(found) == 1
    return found[0]


def ids(world: World, now: str) -> list[str]:
    return [d.id for d in world.assess(now).deadlines]


@pytest.mark.parametrize(
    ("now", "state"),
    [("16:00", Due.OK), ("16:11:14", Due.OK), ("16:11:15", Due.SOON), ("16:14:59", Due.SOON), ("16:15", Due.OVERDUE)],
)
def test_acknowledge_in_a_quarter_of_an_hour(now: str, state: Due) -> None:
    found = due(World().opened("16:00"), "acknowledge", now)
    assert (found.state, found.due, found.started) == (state, at("16:15"), at("16:00"))


def test_acknowledged_by_a_person_is_met_and_by_a_placeholder_is_not() -> None:
    world = World().opened("16:00").acknowledged("16:05", ROTA)
    assert due(world, "acknowledge", "16:20").state is Due.OVERDUE
    assert due(world.acknowledged("16:21"), "acknowledge", "16:22").state is Due.MET


def test_inform_from_the_beginning() -> None:
    world = World().opened("16:00")
    assert due(world, "inform", "16:22").state is Due.OK
    assert due(world, "inform", "16:23").state is Due.SOON
    assert due(world, "inform", "16:30").state is Due.OVERDUE
    assert "no ticket" in due(world, "inform", "16:30").about
    assert due(outage(), "inform", "17:00").state is Due.MET


def test_a_ticket_linked_late_has_a_clock_of_its_own() -> None:
    world = outage().ticket(4039, "16:30", company="utopia").link(4039, "17:00")
    found = due(world, "inform", "17:10", 4039)
    assert (found.started, found.due, found.state) == (at("17:00"), at("17:30"), Due.OK)
    assert due(world, "inform", "17:10").state is Due.MET
    world.told(4039, "17:20")
    assert due(world, "community_update", "17:21", 4039).due == at("19:20")


@pytest.mark.parametrize(
    ("now", "state"), [("17:49:59", Due.OK), ("17:50", Due.SOON), ("18:19", Due.SOON), ("18:20", Due.OVERDUE)]
)
def test_update_from_the_last_public_reply(now: str, state: Due) -> None:
    found = due(outage(), "community_update", now, 4038)
    assert (found.due, found.state) == (at("18:20"), state)


def test_no_update_clock_before_the_start_or_after_the_end() -> None:
    world = World().ticket(1, "16:00").opened("16:00").told(1, "16:10")
    assert "community_update" not in ids(world, "17:00")
    assert "community_update" not in ids(resolved(), "19:00")
    assert "community_update" in ids(resolved().reopened("19:41"), "20:00")


def test_narrate_from_the_last_words_or_from_the_channel() -> None:
    assert "narrate" not in ids(World().opened("16:00"), "17:00")
    assert due(World().opened("16:00").channel_opened("16:16"), "narrate", "16:17").due == at("16:36")
    assert due(outage(), "narrate", "16:30").due == at("16:41")
    assert due(outage().said("16:30", "PagerDuty says", bot=True), "narrate", "16:31").due == at("16:41")
    world = outage()
    assert world.channel is not None
    world.channel = replace(world.channel, archived=True)
    assert "narrate" not in ids(world, "17:00")


def test_relief_from_the_newest_assignment_to_a_person() -> None:
    world = outage()
    assert due(world, "relief", "17:00").due == at("20:10")
    assert due(world.assigned("18:00", LOU), "relief", "19:00").due == at("22:00")
    again = world.assigned("19:00", LOU)  # escalated to the same person: their shift goes on
    assert due(again, "relief", "19:01").due == at("22:00")
    assert due(again.assigned("19:30", ROTA), "relief", "19:31").due == at("22:00")
    assert due(World().opened("16:00").acknowledged("16:05"), "relief", "17:00").due == at("20:05")
    assert "relief" not in ids(World().opened("08:46").assigned("08:46", ROTA), "09:00")


def test_after_the_resolution_the_report_is_due() -> None:
    world = resolved()
    assert ids(world, "19:00") == ["draft", "review", "publish"]
    assert due(world, "draft", "19:00").due == at("+3 18:00")
    assert due(world, "draft", "+3 18:00").state is Due.OVERDUE
    world.record("report", "19:30", "after.draft").attest("after.reviewed", "19:40")
    assert ids(world, "20:00") == ["publish", "draft", "review"]
    assert due(world, "draft", "20:00").state is Due.MET
    world.attest("after.published", "19:50")
    assert due(world, "publish", "20:00").state is Due.OK  # it needs a link
    world.attest("after.published", "19:55", link="https://reports.example.com/1")
    assert due(world, "publish", "20:00").state is Due.MET


def test_a_clock_does_not_run_for_a_step_that_a_person_settled_otherwise() -> None:
    world = resolved().record("not_applicable", "18:30", "after.draft", data={"reason": "a test"})
    assert ids(world, "+9 19:00") == ["review", "publish"]
    assert ids(world.record("retract", "18:31", "after.draft"), "19:00") == ["draft", "review", "publish"]
    unread = World().opened("16:00").record("override", "16:05", "start.acknowledged", data={"reason": "by phone"})
    assert ids(unread, "17:00") == ["inform"]


def test_no_report_is_owed_for_what_never_was_an_incident() -> None:
    assert World().opened("16:00").priority("16:01", "P3").resolved("16:30").assess("17:00").deadlines == ()
    assert false_alarm_started().assess("17:00").deadlines == ()


def test_the_most_urgent_comes_first_and_what_is_met_last() -> None:
    found = outage().assess("18:00").deadlines
    assert [(d.id, d.state) for d in found] == [
        ("narrate", Due.OVERDUE),
        ("community_update", Due.SOON),
        ("relief", Due.OK),
        ("acknowledge", Due.MET),
        ("inform", Due.MET),
    ]


def test_down_is_told_in_the_words() -> None:
    found = due(outage().down(Source.FRESHDESK, "16:30"), "community_update", "18:30", 4038)
    assert found.state is Due.OVERDUE
    assert found.about == "ticket 4038 (mordor) (as Freshdesk said at 16:30 UTC)"


def test_nothing_is_due_before_there_is_an_incident() -> None:
    assert World().assess("17:00").deadlines == ()
    assert World().ticket(1, "16:00").assess("17:00").deadlines == ()
