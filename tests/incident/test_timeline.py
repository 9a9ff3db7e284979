"""The timeline: everything in order, every act once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.facts import LogKind, Source
from cockpit.incident.timeline import TimelineEvent, timeline
from tests.incident.build import BEN, KIM, World, at, outage, resolved


def events(world: World, *kinds: str) -> list[TimelineEvent]:
    return [event for event in timeline(world.snapshot()) if not kinds or event.kind in kinds]


def noted(world: World, kind: str, when: str, text: str, posted: str | None = None) -> World:
    """A cockpit's act with the message that tells it."""
    world.record(kind, when).said(posted or when, f"{text} — Ana Ruiz", bot=True, subtype="bot_message")
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1])
    return world


def test_everything_is_there_in_order() -> None:
    found = timeline(outage().threaded("16:22", "try the quota").heard(4038, "16:30", "also my class").snapshot())
    assert [event.at for event in found] == sorted(event.at for event in found)
    assert [event.kind for event in found] == [
        "ticket", "opened", "alert", "assigned", "acknowledged", "priority", "link_ticket", "reply", "message",
        "thread", "heard",
    ]  # fmt: skip
    assert found[0].text == "mordor opened ticket 4038: Hub is down"
    assert found[-1].text == "also my class"


def test_what_a_cockpit_did_is_told_once_in_its_words() -> None:
    world = World().opened("16:00").channel_opened("16:00")
    noted(world, "acknowledge", "16:05", "✔ Acknowledged PagerDuty incident #1924")
    world.acknowledged("16:05:20")
    assert [(e.kind, e.text, e.actor) for e in events(world, "acknowledge", "acknowledged", "message")] == [
        ("acknowledge", "✔ Acknowledged PagerDuty incident #1924", "Ana Ruiz")
    ]
    world.acknowledged("16:30", BEN)  # another one, from PagerDuty itself
    assert len(events(world, "acknowledge", "acknowledged")) == 2


def test_the_time_is_that_of_the_act_not_of_the_posting() -> None:
    world = noted(World(), "note", "16:05", "✎ looked at the quota", "16:40").channel_opened("16:39")
    world.messages[-1] = replace(world.messages[-1], text="✎ looked at the quota — Ana Ruiz (16:05 UTC)")
    assert [(e.at, e.text) for e in events(world, "note")] == [(at("16:05"), "✎ looked at the quota")]


def test_a_lifted_reply_is_told_by_who_wrote_it_when_they_did() -> None:
    world = outage().threaded("16:22", "an image can't be pulled", KIM)
    noted(world, "lift", "16:50", "↑ From a thread, Kim Tan at 16:22: an image can't be pulled")
    world.records[-1] = replace(world.records[-1], data={"ts": world.threads[0].ts})
    assert [(e.at, e.actor) for e in events(world, "lift", "thread")] == [(at("16:22"), "Kim Tan")]


def test_our_reply_is_told_once() -> None:
    assert [e.kind for e in events(resolved(), "reply", "told")] == ["reply", "reply"]
    by_hand = outage().told(4038, "17:00", "typed in Freshdesk")
    assert [e.text for e in events(by_hand, "told")] == ["typed in Freshdesk"]


def test_bots_joins_private_notes_and_deleted_messages_are_left_out() -> None:
    world = outage().said("16:40", "bot says", bot=True).said("16:41", "joined", subtype="channel_join")
    world.said("16:42", "oops", deleted=True).told(4038, "16:43", "secret")
    world.talk[4038][-1] = replace(world.talk[4038][-1], private=True)
    world.entry(LogKind.OTHER, "16:44", None, summary="notified")
    assert not {"bot says", "joined", "oops", "secret", "notified"} & {event.text for event in events(world)}


def test_a_record_not_posted_yet_is_known_from_here_only() -> None:
    world = World()
    world.record("note", "16:00", "work.narrated")
    world.records[-1] = replace(world.records[-1], ts=None)
    assert [(e.source, e.text) for e in events(world)] == [(None, "note work.narrated")]


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(random: object) -> None:
    world = resolved().threaded("16:22", "look").heard(4038, "19:41", "still broken").reopened("19:45")
    before = timeline(world.snapshot())
    for part in (world.log, world.messages, world.threads, world.records, world.talk[4038]):
        random.shuffle(part)
    assert timeline(world.snapshot()) == before


def test_sources_are_told_apart() -> None:
    assert {event.source for event in events(outage())} == set(Source)
