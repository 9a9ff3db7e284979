"""The brief for the next responder, and the status card: what they say and don't, how long they get."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.incident.brief import LONGEST_NOTE, Brief, WaitingDraft, as_note, brief
from cockpit.incident.card import card
from cockpit.incident.facts import Person
from tests.incident.build import BEN, KIM, LOU, PEOPLE, World, at, outage, resolved


def written(world: World, now: str, *drafts: WaitingDraft) -> Brief:
    return brief(world.snapshot(), world.assess(now), PEOPLE, drafts, at(now))


def section(found: Brief, title: str) -> tuple[str, ...]:
    return next((one.lines for one in found.sections if one.title == title), ())


def status(world: World, now: str) -> str:
    return card(world.snapshot(), world.assess(now), PEOPLE)


def test_it_says_where_it_stands_what_is_due_and_who_is_in() -> None:
    world = outage().responder(KIM, "joined", "16:40").responder(LOU, "pending", "16:41").heard(4038, "17:30")
    world.ticket_now(4038, agent=BEN)
    world.members += [KIM, Person("UBOT", "Incident cockpit")]
    found = written(world, "17:50", WaitingDraft("update to ticket 4038", at("17:45")))
    assert section(found, "Where it stands") == (
        "#1924 Hub unreachable: mordor/prod: P1, acknowledged",
        "officially started at 16:20 UTC (1 h 30 min ago)",
    )
    assert "Pull in the experts" not in section(found, "Still open")
    assert "Answer the communities" in section(found, "Still open")
    assert section(found, "Drafts waiting") == ("update to ticket 4038, saved 5 min ago",)
    assert section(found, "Due")[0].startswith(
        "Write in the channel (#jupyterhub_u_inc_1924): 16:41 UTC, overdue by 1 h"
    )
    assert "Update (ticket 4038 (mordor)): 18:20 UTC, in 30 min" in section(found, "Due")
    assert section(found, "Communities") == (
        "ticket 4038 (mordor, Ben Okafor's): told at 16:20 UTC, waits for an answer",
    )
    assert section(found, "Who is in") == (
        "IR Ana Ruiz, since 16:10 UTC",
        "CL Ben Okafor",
        "TL Kim Tan",
        "asked to respond: Kim Tan (joined), Lou Marsh (pending)",
        "in the channel: Kim Tan",
    )


def test_the_last_hour_is_five_lines_of_what_matters_without_customers_words() -> None:
    world = outage()
    for minute in range(10, 30):
        world.said(f"17:{minute}", f"hm {minute}")
    world.record("note", "17:05", data={}).heard(4038, "17:06", "my password is hunter2").told(4038, "17:07", "Dear R.")
    found = section(written(world, "17:50"), "The last hour")
    assert len(found) == 5
    assert found[1:3] == ("17:06 R. Osei: wrote to us in a ticket", "17:07 Ben Okafor: told the community")
    assert found[-1] == "17:29 Ana Ruiz: hm 29"
    assert not any("hunter2" in line or "Dear R." in line for line in found)


def test_the_last_hour_holds_no_word_of_a_customer() -> None:
    found = section(written(World().ticket(4038, "16:05").opened("16:10"), "16:30"), "The last hour")
    assert found[0] == "16:05 R. Osei: opened a ticket"


def test_what_is_older_than_an_hour_is_not_the_last_hour() -> None:
    assert section(written(outage(), "18:30"), "The last hour") == ()


@pytest.mark.parametrize("length", [1, 300])
def test_a_note_never_gets_too_long(length: int) -> None:
    world = outage()
    assert world.incident is not None
    world.incident = replace(world.incident, title="down " * length)
    world.members += [Person(f"U{n}", f"Somebody With A Long Name {n}", f"s{n}@example.com") for n in range(200)]
    for number in range(5000, 5040):
        world.ticket(number, "16:30", company="company " * length).link(number, "16:31")
    for minute in range(10, 50):
        world.said(f"17:{minute}", "word " * length * 3)
    drafts = [WaitingDraft(f"reply to ticket {n}", at("17:00")) for n in range(5000, 5040)]
    found = written(world, "17:50", *drafts)
    note = as_note(found)
    assert len(note) <= LONGEST_NOTE
    assert "*The last hour*" in note
    assert "and 33 more" in note
    assert "*Who is in*" in note


def test_before_there_is_anything() -> None:
    found = written(World(), "16:00")
    assert section(found, "Where it stands") == ("there is no PagerDuty incident yet", "not officially started yet")
    assert as_note(found)


def test_the_card_says_it_all_in_few_lines() -> None:
    world = (
        outage()
        .responder(LOU, "joined", "16:40")
        .responder(KIM, "joined", "16:41")
        .ticket(4039, "16:50", company="utopia")
        .link(4039, "16:51")
    )
    world.ticket_now(4038, agent=BEN)
    world.members.append(KIM)
    assert status(world, "17:00").split("\n") == [
        "▣ #1924 Hub unreachable: mordor/prod",
        "State: P1, acknowledged",
        "Officially started: 23 Nov 16:20 UTC",
        "Roles: IR Ana Ruiz · CL Ben Okafor · TL Kim Tan · with Lou Marsh",
        "mordor (ticket 4038): told at 23 Nov 16:20 UTC, next update due at 23 Nov 18:20 UTC",
        "utopia (ticket 4039): not told yet",
    ]


def test_time_alone_changes_nothing_on_the_card() -> None:
    world = outage()
    assert status(world, "16:30") == status(world, "18:19") == status(world, "18:21") == status(world, "+1 09:00")


def test_the_card_before_the_start_after_the_end_and_again() -> None:
    assert "Officially started: not yet: priority to be set" in status(World().opened("16:00"), "16:01")
    assert "State: P1, resolved at 23 Nov 18:00 UTC" in status(resolved(), "18:30")
    again = resolved().reopened("19:00")
    assert "State: P1, triggered, reopened at 23 Nov 19:00 UTC" in status(again, "19:01")
    assert status(World(), "16:00").startswith("▣ Incident, not yet in PagerDuty")


def test_the_card_names_no_customer() -> None:
    world = outage().ticket(4050, "16:50", company=None).link(4050, "16:51")
    assert "A community (ticket 4050): not told yet" in status(world, "17:00")
    assert "Osei" not in status(world, "17:00")
