"""The evidence of every sensed step of the shipped processes: where it was read, when, and a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cockpit.incident.checklist import State, StepState, evidence_at
from cockpit.incident.facts import Snapshot, Source
from cockpit.incident.process import Process, Step, load
from cockpit.incident.process_file import shipped
from tests.incident.build import BEN, KIM, LOU, World, at, false_alarm_started, outage, resolved

LINK = "https://reports.example.com/1924"


def _bare() -> World:
    """An alert, and a ticket that nobody has answered."""
    return World().ticket(4038, "16:05").opened("16:10", service_name=None).alert("16:10", "hub slow", hub="mordor")


def _manned() -> World:
    """Everybody is in, and a thread was lifted."""
    world = outage().responder(LOU, "joined", "16:30").ticket_now(4038, agent=BEN).threaded("16:40", "the image")
    world.members.append(KIM)
    return world.record("lift", "16:45", data={"ts": world.threads[0].ts})


def _closing() -> World:
    """Resolved, its report written, published and sent, its channel archived."""
    world = resolved().record("report", "18:30", data={"file": "a.md"}).attest("after.published", "18:40", link=LINK)
    world.told(4038, "18:50", f"The report: {LINK}")
    assert world.channel is not None
    world.channel = replace(world.channel, archived=True)
    return world


def _handing_over() -> World:
    data = {"to": LOU.name, "liaison": KIM.name}
    return outage().ticket_now(4038, agent=BEN).record("handoff", "16:50", data=data)


WORLDS: tuple[tuple[Callable[[], World], str], ...] = (
    (_bare, "16:30"),
    (lambda: _bare().channel_opened("16:12", private=True), "16:30"),
    (outage, "16:30"),
    (outage, "23:00"),  # everybody is silent
    (lambda: outage().threaded("16:40", "an image is missing").heard(4038, "16:41"), "16:50"),
    (_manned, "16:50"),
    (false_alarm_started, "16:40"),
    (lambda: false_alarm_started().resolved("16:40").priority("16:41", None), "16:50"),
    (resolved, "18:10"),
    (lambda: resolved().heard(4038, "18:20", "it is still broken"), "18:30"),
    (_closing, "19:00"),
    (_handing_over, "16:55"),
    (
        lambda: _handing_over().assigned("16:52", LOU).said("16:53", "Lou takes over").ticket_now(4038, agent=KIM),
        "17:00",
    ),
)
"""Worlds in which each sensed step is done, and in which it isn't, with the moment at which one looks."""

NO_LINK = {
    "start.ticket": "no ticket is linked, so there is none to look at",
    "customers.ticket": "no ticket is linked, so there is none to look at",
}
"""Steps that have no link while they aren't done, with the reason."""
ONLY_READ = {
    "start.service": "PagerDuty doesn't tell when a service was set",
    "work.no_threads": "that there is no thread is so whenever it is read",
    "roles.assigned": "three things in two services make it so",
    "hands.tech_lead": "Slack doesn't tell since when somebody is a member",
    "after.archived": "Slack doesn't tell when a channel was archived",
    "handoff.comms": "Freshdesk doesn't tell since when a ticket has its agent",
}
"""Steps of which, once done, no service tells since when: the moment of the reading stands for it."""


def in_words_of(process: Process, world: World) -> World:
    """The same world in a team whose priority, and whose step that tests by hand, are called otherwise."""
    assert world.incident is not None
    named = {"P1": process.words.priority}
    by_hand = next(step.id for step in process.steps if step.action == "verdict")
    world.incident = replace(world.incident, priority=named.get(world.incident.priority or ""))
    world.log = [replace(entry, priority=named.get(entry.priority or "")) for entry in world.log]
    world.records = [replace(one, step=by_hand) if "verdict" in one.data else one for one in world.records]
    return world


def found(process: Process) -> Iterator[tuple[Step, StepState, Snapshot]]:
    """Each sensed step as each world shows it, where it was the services that were asked."""
    for build, now in WORLDS:
        world = in_words_of(process, build())
        for state in world.assess(now, process=process).steps:
            if state.step.sensor and state.state is not State.NOT_APPLICABLE:
                yield state.step, state, world.snapshot()


@pytest.mark.parametrize("process", [load(), load(shipped()["web-service"])], ids=lambda process: process.id)
def test_evidence_has_a_source_a_moment_and_a_link(process: Process) -> None:
    complete: set[tuple[str, bool]] = set()
    dated: set[str] = set()
    for step, state, snapshot in found(process):
        done = state.state is State.DONE
        where = f"{step.id}, {'done' if done else 'not done'}: {state.evidence}"
        assert state.evidence, step.id
        assert state.source is not None, where
        assert evidence_at(state, snapshot) is not None, where
        there = {Source.PAGERDUTY: snapshot.pagerduty, Source.SLACK: snapshot.slack, Source.FRESHDESK: snapshot.tickets}
        assert state.url is not None or not there[state.source], f"there is something to look at: {where}"
        if state.url is not None:
            complete.add((step.id, done))
        if done and state.at is not None:
            dated.add(step.id)
    sensed = {step.id for step in process.steps if step.sensor}
    assert sensed - {step for step, done in complete if done} == set()
    assert sensed - {step for step, done in complete if not done} == sensed & NO_LINK.keys()
    assert sensed - dated == sensed & ONLY_READ.keys()


def test_what_has_no_moment_of_its_own_has_that_of_its_reading() -> None:
    world = outage()
    state = world.assess("16:30").step("work.no_threads")
    assert (state.state, state.at) == (State.DONE, None)
    assert evidence_at(state, world.snapshot()) == at("23:00"), "when the channel was read"
