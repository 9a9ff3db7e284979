"""What people say of steps, and how it goes together with what the services prove."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.incident.checklist import Assessor, State, assess
from cockpit.incident.facts import Source
from tests.incident.build import FRESHDESK, PEOPLE, PROCESS, World, at, outage, resolved


@pytest.mark.parametrize(
    ("kind", "state"),
    [("override", State.OVERRIDDEN), ("not_applicable", State.NOT_APPLICABLE), ("defer", State.DEFERRED)],
)
@pytest.mark.parametrize("step_id", ["start.p1", "hands.experts", "resolve.validated", "work.narrated"])
def test_an_exception_has_its_own_state_whatever_the_kind(kind: str, state: State, step_id: str) -> None:
    world = outage().record(kind, "16:30", step_id, data={"reason": "because"})
    found = world.assess("17:00").step(step_id)
    assert found.state is state
    assert not found.sensed
    assert found.by == "Ana Ruiz"
    assert "by Ana Ruiz at 16:30 UTC: because" in found.evidence
    world.record("retract", "16:40", step_id)
    assert world.assess("17:00").step(step_id).state not in (State.OVERRIDDEN, State.DEFERRED, State.NOT_APPLICABLE)


def test_the_latest_word_counts_and_ties_go_by_id() -> None:
    world = World().attest("resolve.validated", "16:00").record("defer", "16:00", "resolve.validated")
    assert world.assess("17:00").step("resolve.validated").state is State.DEFERRED
    world.records.reverse()
    assert world.assess("17:00").step("resolve.validated").state is State.DEFERRED
    world.attest("resolve.validated", "15:59")
    assert world.assess("17:00").step("resolve.validated").state is State.DEFERRED


def test_a_word_does_not_prove_what_a_service_must() -> None:
    found = World().opened("16:00").attest("start.p1", "16:01").assess("17:00").step("start.p1")
    assert found.state is State.TODO
    assert "only the service can prove it" in found.evidence


def test_both_is_sensed_where_it_can_be_and_else_attested() -> None:
    world = World().opened("16:00", service_name=None).attest("start.service", "16:05", note="the hub")
    found = world.assess("17:00").step("start.service")
    assert (found.state, found.sensed, found.by) == (State.DONE, False, "Ana Ruiz")
    assert found.evidence == "attested by Ana Ruiz at 16:05 UTC: the hub"
    world.down(Source.PAGERDUTY, "16:10")
    assert world.assess("17:00").step("start.service").state is State.DONE
    proved = outage().attest("start.service", "16:05").assess("17:00").step("start.service")
    assert proved.sensed


def test_without_the_channel_nobody_knows_that_no_ticket_is_linked() -> None:
    world = World().opened("16:00").priority("16:01", "P1")
    assert world.assess("17:00").step("start.ticket").state is State.TODO
    found = world.down(Source.SLACK, None).assess("17:00")
    assert found.step("start.ticket").state is State.CANT_TELL
    assert found.step("start.ticket").evidence == "can't tell: Slack says: timed out"
    assert [one.holds for one in found.official_start.conditions if one.name == "community_informed"] == [None]
    known = world.ticket(4038, "16:05").link(4038, "16:06").assess("17:00")
    assert known.step("start.ticket").state is State.DONE


def test_quiet_until_the_phase_before_is_done() -> None:
    assert outage().assess("17:00").quiet(8)
    assert not resolved().assess("18:30").quiet(8)
    again = resolved().heard(4038, "19:41", "still broken").assess("19:45")
    assert again.quiet(8)
    next_step = again.next_step()
    assert next_step is not None
    assert next_step.step.id == "resolve.holds"


def test_what_is_quiet_is_not_next() -> None:
    world = resolved().down(Source.FRESHDESK, "18:10")
    found = world.assess("18:30")
    assert found.step("after.postmortem").state is State.TODO
    assert found.next_step() is None


def test_next_goes_in_order_and_skips_what_cannot_be_done() -> None:
    world = outage().said("16:59", "trying")
    found = world.assess("17:00").next_step()
    assert found is not None
    assert found.step.id == "hands.experts"
    world.record("defer", "17:00", "hands.experts").down(Source.SLACK, "16:59")
    found = world.assess("17:01").next_step()
    assert found is not None
    assert found.step.id == "roles.assigned"


def test_a_deferred_step_keeps_its_phase_open() -> None:
    world = resolved().record("retract", "18:20", "resolve.validated").record("defer", "18:21", "resolve.validated")
    assert not world.assess("18:30").phase_done(6)


def test_everything_done_leaves_nothing_next() -> None:
    world = resolved()
    for step in PROCESS.steps:
        if step.phase == 8:
            world.record("override", "18:30", step.id, data={"reason": "r"})
    assert world.assess("23:00").next_step() is None


def test_an_assessor_agrees_with_assessing_once_and_sees_every_change() -> None:
    world = outage()
    assessor = Assessor(PROCESS, PEOPLE, FRESHDESK)
    acts: tuple[Callable[[], World], ...] = (
        lambda: world.said("17:00", "hm"),
        lambda: world.threaded("17:01", "look"),
        lambda: world.record("lift", "17:02", data={"ts": world.threads[0].ts}),
        lambda: world.heard(4038, "17:03"),
        lambda: world.told(4038, "17:04"),
        lambda: world.link(4039, "17:05"),
        lambda: world.ticket(4039, "17:05"),
        lambda: world.record("unlink_ticket", "17:06", data={"ticket": 4039}),
        lambda: world.resolved("18:00"),
    )
    for act in acts:
        act()
        snapshot = world.snapshot()
        kept = assessor.assess(snapshot, at("18:10"))
        assert kept == assess(PROCESS, snapshot, PEOPLE, at("18:10"), FRESHDESK)
        assert kept == assessor.assess(snapshot, at("18:10"))


def test_odd_data_in_records_breaks_nothing() -> None:
    world = outage()
    for kind in ("attest", "lift", "reply", "link_ticket", "unlink_ticket", "handoff", "override", "invite", "report"):
        for data in ({}, {"ticket": "x", "ts": 3, "to": 7, "reason": None, "verdict": [], "link": 4, "purpose": {}}):
            for step_id in (None, "no.such", "validate.test", "after.published", "handoff.agreed"):
                world.record(kind, "16:30", step_id, data=dict(data))
    assert world.assess("17:00").step("start.p1").state is State.DONE
