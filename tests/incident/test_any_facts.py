"""The checklist and the deadlines under any facts, in any order, at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.incident.checklist import Assessment, Assessor, State
from cockpit.incident.deadlines import Due
from cockpit.incident.facts import Freshness, Health, LogKind, Snapshot, Source
from tests.incident.build import ANA, DAY, FRESHDESK, KIM, LOU, PEOPLE, PROCESS, ROTA, World, outage

WHEN = st.integers(0, 1439).map(lambda minute: f"{minute // 60}:{minute % 60:02}")
WHO = st.sampled_from([ANA, LOU, KIM, ROTA, replace(LOU, email=None)])
STEP = st.sampled_from([step.id for step in PROCESS.steps])
TICKET = st.sampled_from([4038, 4039])

Act = Callable[[World], object]


def _on_ticket(world: World, ticket: int, act: str, when: str, text: str) -> None:
    if ticket not in world.tickets:
        world.ticket(ticket, when)
    getattr(world, act)(ticket, when, text)


ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda when, who: lambda w: w.acknowledged(when, who), WHEN, WHO),
    st.builds(lambda when, who: lambda w: w.assigned(when, who), WHEN, WHO),
    st.builds(lambda when, name: lambda w: w.priority(when, name), WHEN, st.sampled_from(["P1", "P2", None])),
    st.builds(lambda when, who: lambda w: w.resolved(when, who), WHEN, st.sampled_from([ANA, None])),
    st.builds(lambda when: lambda w: w.reopened(when), WHEN),
    st.builds(lambda when: lambda w: w.entry(LogKind.UNACKNOWLEDGED, when, None), WHEN),
    st.builds(lambda when, private: lambda w: w.channel_opened(when, private=private), WHEN, st.booleans()),
    st.builds(lambda when, who: lambda w: w.said(when, "words", who), WHEN, WHO),
    st.builds(lambda when: lambda w: w.messages and w.threaded(when, "words"), WHEN),
    st.builds(
        lambda ticket, act, when, text: lambda w: _on_ticket(w, ticket, act, when, text),
        TICKET,
        st.sampled_from(["told", "heard"]),
        WHEN,
        st.sampled_from(["thanks", "still broken"]),
    ),
    st.builds(lambda ticket, when: lambda w: w.link(ticket, when), TICKET, WHEN),
    st.builds(
        lambda kind, when, step, data: lambda w: w.record(kind, when, step, data=data),
        st.sampled_from(["attest", "override", "not_applicable", "defer", "retract", "handoff", "unlink_ticket"]),
        WHEN,
        STEP,
        st.fixed_dictionaries(
            {},
            optional={
                "verdict": st.sampled_from(["outage", "not_outage", "asked_for_more"]),
                "ticket": TICKET,
                "reason": st.just("because"),
                "link": st.just("https://reports.example.com/1"),
            },
        ),
    ),
    st.builds(
        lambda source, state: lambda w: w.health.update({source: Health(state, DAY)}),
        st.sampled_from(list(Source)),
        st.sampled_from(list(Freshness)),
    ),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any day: from nothing, from an alert, or from an outage that goes on."""
    world = draw(st.sampled_from([World, lambda: World().opened("08:46"), outage]))()
    acts = draw(st.lists(ACTS, max_size=25))
    for act in acts:
        if world.incident is None:
            world.opened("08:46")
        act(world)
    return world


MINUTE = st.integers(-1440, 40 * 1440).map(lambda minute: DAY + timedelta(minutes=minute))


def _assess(snapshot: Snapshot, now: object) -> Assessment:
    return Assessor(PROCESS, PEOPLE, FRESHDESK).assess(snapshot, now)


@settings(max_examples=50)
@given(worlds(), MINUTE)
def test_what_always_holds(world: World, now: object) -> None:
    assessed = _assess(world.snapshot(), now)
    assert [state.step for state in assessed.steps] == list(PROCESS.steps)
    for state in assessed.steps:
        assert state.sensed == (state.sensed and state.state is State.DONE)
        if state.state is State.DONE and state.step.kind == "sensed":
            assert state.sensed, state
        if state.state in (State.DONE, State.OVERRIDDEN, State.CANT_TELL, State.NOT_APPLICABLE):
            assert state.evidence, state
        if state.source is not None and world.health[state.source].state is Freshness.DOWN:
            assert state.state in (State.CANT_TELL, State.NOT_APPLICABLE), state
    upcoming = assessed.next_step()
    assert upcoming is None or upcoming.state is State.TODO
    conditions = {condition.name: condition for condition in assessed.official_start.conditions}
    assert list(conditions) == ["p1", "acknowledged", "channel", "community_informed"]
    start = assessed.official_start.at
    if start is not None:
        moments = [condition.at for condition in conditions.values()]
        assert all(moment is not None for moment in moments)
        assert start == max(moment for moment in moments if moment is not None)


@settings(max_examples=50)
@given(worlds(), MINUTE)
def test_deadlines_always_agree_with_the_clock(world: World, now: object) -> None:
    found = _assess(world.snapshot(), now).deadlines
    rank = [Due.OVERDUE, Due.SOON, Due.OK, Due.MET]
    assert [rank.index(one.state) for one in found] == sorted(rank.index(one.state) for one in found)
    assert len({(one.id, one.ticket) for one in found}) == len(found)
    for one in found:
        assert one.due > one.started
        if one.state is not Due.MET:
            assert (one.state is Due.OVERDUE) is (now >= one.due)


@settings(max_examples=50)
@given(worlds(), MINUTE, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_arrive_does_not_matter(world: World, now: object, random: object) -> None:
    before = _assess(world.snapshot(), now)
    snapshot = world.snapshot()
    pagerduty, slack = snapshot.pagerduty, snapshot.slack

    def shuffled(part: tuple[object, ...]) -> tuple[object, ...]:
        mixed = list(part)
        random.shuffle(mixed)
        return tuple(mixed)

    if pagerduty is not None:
        pagerduty = replace(pagerduty, log_entries=shuffled(pagerduty.log_entries))
    if slack is not None:
        slack = replace(slack, replies=shuffled(slack.replies), members=shuffled(slack.members))
    mixed = replace(snapshot, pagerduty=pagerduty, slack=slack, records=shuffled(snapshot.records))
    after = _assess(mixed, now)
    assert [(s.step.id, s.state) for s in after.steps] == [(s.step.id, s.state) for s in before.steps]
    assert after.official_start == before.official_start
    assert after.deadlines == before.deadlines


@settings(max_examples=50)
@given(st.lists(ACTS, max_size=12), MINUTE)
def test_an_assessor_that_saw_it_all_agrees_with_a_new_one(acts: list[Act], now: object) -> None:
    world = outage()
    kept = Assessor(PROCESS, PEOPLE, FRESHDESK)
    for act in acts:
        act(world)
        snapshot = world.snapshot()
        assert kept.assess(snapshot, now) == _assess(snapshot, now)
