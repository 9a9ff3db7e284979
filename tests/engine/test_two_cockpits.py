"""Two cockpits on one incident: they converge, and who comes second is shown what the first did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cockpit.incident.checklist import State
from cockpit.sandbox import Sandbox
from tests.conftest import BEGIN
from tests.engine.test_session import happen, posted, ticket_state
from tests.two_cockpits.cockpit import TICKET, Cockpit
from tests.two_cockpits.collisions import COLLISIONS
from tests.two_cockpits.machine import TwoCockpits, alike

LOTS = 4
"""How many incidents share the collisions: a short incident is read faster."""


@pytest.mark.parametrize("lot", range(LOTS))
def test_any_collision_is_shown_and_converges(lot: int) -> None:
    """Each collision of `tests.two_cockpits.collisions` in one incident."""
    play(frozenset(sorted(COLLISIONS)[lot::LOTS]), incidents=1, steps=1)


def test_any_interleaving_converges() -> None:
    """A few incidents at random; `python -m tests.two_cockpits` plays hundreds."""
    play(frozenset(), incidents=3, steps=12)


def play(collisions: frozenset[str], incidents: int, steps: int) -> None:
    """Play incidents that begin with these, and go on at random."""

    class Played(TwoCockpits):
        opening = collisions

    run_state_machine_as_test(
        Played,
        settings=settings(
            max_examples=incidents, stateful_step_count=steps, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), print_blob=True, phases=[Phase.generate],
        ),
    )  # fmt: skip


@dataclass
class Pair:
    """Ana and Ben, both with the same facts on the screen."""

    ana: Cockpit
    ben: Cockpit
    sandbox: Sandbox

    async def deliver(self) -> None:
        """First Ana's, then, a moment later, Ben's."""
        await self.ana.deliver()
        await self.ben.deliver()

    def notes(self, beginning: str) -> list[str]:
        """The notes in the channel that begin so."""
        return [note["text"] for note in posted(self.sandbox) if note["text"].startswith(beginning)]

    def lines(self, kind: str) -> int:
        """How many lines of that type PagerDuty's log has."""
        log = self.sandbox.state()["pagerduty"]["incidents"][0]["log_entries"]
        return sum(line["type"] == f"{kind}_log_entry" for line in log)


@pytest.fixture
async def pair(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Pair]:
    """The incident has its channel and its ticket."""
    ana = await Cockpit(sandbox, tmp_path / "ana", "ana").open()
    ana.act("link_ticket", ticket=TICKET)
    ana.act("open_channel")
    await ana.deliver()
    await ana.poll()
    ben = await Cockpit(sandbox, tmp_path / "ben", "ben").open()
    yield Pair(ana, ben, sandbox)
    await ana.close()
    await ben.close()


@dataclass(frozen=True)
class Clash:
    """A deed that both do at once: what the second is shown, and what is left of it."""

    kind: str
    shown: str
    log: str
    note: str
    data: dict[str, Any] = field(default_factory=dict)
    again: int = 1
    """How often it will have been done once the second has sent it again, having read that."""


CLASHES = [
    Clash("acknowledge", "Not acknowledged yet: after what you saw, Ana Ruiz acknowledged it at 13:03 UTC",
          "acknowledge", "✔ Acknowledged", again=2),
    Clash("resolve_incident", "Not resolved: #1924 is resolved already: Ana Ruiz resolved it at 13:03 UTC.", "resolve",
          "✔ Resolved", {"resolution": ""}),
    Clash("set_priority", "#1924 is a P1 already: Ana Ruiz made it a P1 at 13:03 UTC.", "priority_change", "▲ Made",
          {"priority": "P1"}),
]  # fmt: skip


@pytest.mark.parametrize("clash", CLASHES, ids=lambda clash: clash.kind)
async def test_the_second_is_shown_what_the_first_did(pair: Pair, clash: Clash) -> None:
    pair.ana.act(clash.kind, **clash.data)
    pair.ben.act(clash.kind, **clash.data)
    await pair.deliver()
    (held,) = pair.ben.held
    assert clash.shown in (held.error or "")
    assert pair.lines(clash.log) == len(pair.notes(clash.note)) == 1, "neither sent nor claimed a second time"
    await pair.ben.poll()
    pair.ben.send_again()
    await pair.ben.deliver()
    assert pair.lines(clash.log) == len(pair.notes(clash.note)) == clash.again


async def test_both_reopening(pair: Pair) -> None:
    happen(pair.sandbox, "resolve", by="kim")
    await pair.ana.poll()
    await pair.ben.poll()
    pair.ana.act("reopen_incident")
    pair.ben.act("reopen_incident")
    await pair.deliver()
    assert "Not reopened: #1924 is open: Ana Ruiz reopened it" in (pair.ben.held[0].error or "")
    assert pair.lines("reopen") == len(pair.notes("↺ Reopened")) == 1


async def test_the_opposite_was_done_a_moment_ago(pair: Pair) -> None:
    pair.ana.act("set_priority", priority="P1")
    pair.ben.act("set_priority", priority="P2")
    await pair.deliver()
    assert "after what you saw, Ana Ruiz made it a P1" in (pair.ben.held[0].error or "")
    assert pair.sandbox.state()["pagerduty"]["incidents"][0]["priority"]["summary"] == "P1"
    await pair.ben.poll()
    pair.ben.send_again()
    await pair.ben.deliver()
    assert pair.sandbox.state()["pagerduty"]["incidents"][0]["priority"]["summary"] == "P2", (
        "he has read it, and means it"
    )


async def test_sending_again_before_it_was_read_is_held_again(pair: Pair) -> None:
    pair.ana.act("set_priority", priority="P1")
    pair.ben.act("set_priority", priority="P2")
    await pair.deliver()
    pair.ben.send_again()
    await pair.ben.deliver()
    assert pair.ben.held, "what holds it back isn't on Ben's screen yet"


async def test_an_incident_resolved_and_reopened_meanwhile_is_not_resolved_over_their_heads(pair: Pair) -> None:
    pair.ben.act("resolve_incident", resolution="")
    happen(pair.sandbox, "resolve", by="bot")
    happen(pair.sandbox, "reopen", by="kim")
    await pair.ben.deliver()
    assert "after what you saw, Kim Tanaka reopened it" in (pair.ben.held[0].error or "")
    assert pair.lines("resolve") == 1


async def test_both_replying_to_one_ticket(pair: Pair) -> None:
    pair.ana.reply("We know of it and are working on it.")
    pair.ben.reply("Hello, we are looking into it.")
    await pair.deliver()
    (held,) = pair.ben.held
    assert "Ana Ruiz replied at 13:03 UTC" in (held.error or "")
    assert "We know of it and are working on it." in (held.error or "")
    assert len(ticket_state(pair.sandbox)["conversations"]) == len(pair.notes("✉ Told")) == 1
    await pair.ben.poll()
    pair.ben.send_again()
    await pair.ben.deliver()
    assert len(ticket_state(pair.sandbox)["conversations"]) == 2, "he has read hers, and sends his too"


async def test_a_reply_that_a_colleague_sent_from_freshdesk_holds_ours_back(pair: Pair) -> None:
    pair.ben.reply("We are on it.")
    happen(pair.sandbox, "agent_reply", by="lou", text="<p>It will take an hour.</p>")
    await pair.ben.deliver()
    assert "Lou Marsh replied at 13:03 UTC, after you looked: “It will take an hour.”" in (pair.ben.held[0].error or "")
    assert len(ticket_state(pair.sandbox)["conversations"]) == 1


async def test_both_reassigning(pair: Pair) -> None:
    people = {one.name: one for one in (await pair.ana.desk.directory.search("")).found}
    kim, lou = people["Kim Tanaka"], people["Lou Marsh"]
    pair.ana.act("assign", user=kim.pagerduty, name=kim.name)
    pair.ben.session.hand_over(lou)
    await pair.deliver()
    held = next(one for one in pair.ben.held if one.kind == "handoff")
    assert "Not handed over yet: after what you saw, Ana Ruiz assigned it to Kim Tanaka" in (held.error or "")
    (assigned,) = pair.sandbox.state()["pagerduty"]["incidents"][0]["assignments"]
    assert assigned["assignee"]["summary"] == "Kim Tanaka"
    assert pair.notes("⇄ Hand-off") == []


@pytest.mark.parametrize("theirs", ["Ben Okafor", "Lou Marsh"])
async def test_both_handing_the_ticket_on(pair: Pair, theirs: str) -> None:
    people = {one.name: one for one in (await pair.ana.desk.directory.search("")).found}
    pair.ana.act("assign_ticket", ticket=TICKET, agent=people[theirs].freshdesk, name=theirs)
    pair.ben.act("assign_ticket", ticket=TICKET, agent=people["Ben Okafor"].freshdesk, name="Ben Okafor")
    await pair.deliver()
    expected = "is Ben Okafor's already" if theirs == "Ben Okafor" else "somebody made ticket 4038 Lou Marsh's"
    assert expected in (pair.ben.held[0].error or "")
    assert len(pair.notes("⇄ Handed ticket")) == 1


async def test_both_resolving_the_ticket_and_the_community_writing(pair: Pair) -> None:
    pair.ana.act("resolve_ticket", ticket=TICKET)
    pair.ben.act("resolve_ticket", ticket=TICKET)
    await pair.deliver()
    assert "ticket 4038 is resolved already" in (pair.ben.held[0].error or "")
    assert len(pair.notes("✔ Resolved ticket")) == 1
    pair.ben.drop()
    pair.ben.act("reopen_ticket", ticket=TICKET)  # not possible: on Ben's screen it is open
    await pair.ben.poll()
    pair.ben.act("reopen_ticket", ticket=TICKET)
    await pair.ben.deliver()
    await pair.ana.poll()
    pair.ana.act("resolve_ticket", ticket=TICKET)
    happen(pair.sandbox, "ticket_reply", by="r.osei@rivendell.example", text="<p>Still broken.</p>")
    await pair.ana.deliver()
    assert "Not resolved yet: R. Osei wrote" in (pair.ana.held[0].error or "")
    assert "Still broken." in (pair.ana.held[0].error or "")


async def test_both_inviting_and_asking_the_same_person(pair: Pair) -> None:
    lou = (await pair.ana.desk.directory.search("lou")).found[0]
    for cockpit in (pair.ana, pair.ben):
        cockpit.act("invite", users=[lou.slack], names=[lou.name])
        cockpit.act("request_responders", users=[lou.pagerduty], names=[lou.name], message="please")
    await pair.deliver()
    assert sorted(one.error or "" for one in pair.ben.held) == [
        "Nobody was asked: Lou Marsh is asked already.",
        "Nobody was invited: Lou Marsh is in the channel already.",
    ]
    assert len(pair.notes("☎")) == 2


async def test_of_several_only_those_who_were_missing_are_asked_and_told(pair: Pair) -> None:
    people = {one.name: one for one in (await pair.ana.desk.directory.search("")).found}
    kim, lou = people["Kim Tanaka"], people["Lou Marsh"]
    pair.ana.act("request_responders", users=[kim.pagerduty], names=[kim.name], message="please")
    pair.ben.act(
        "request_responders", users=[kim.pagerduty, lou.pagerduty], names=[kim.name, lou.name], message="please"
    )
    await pair.deliver()
    assert pair.notes("☎") == [
        "☎ Asked Kim Tanaka to respond in PagerDuty: please — Ana Ruiz",
        "☎ Asked Lou Marsh to respond in PagerDuty: please — Ben Okafor",
    ]


async def test_both_lifting_the_same_reply(pair: Pair) -> None:
    happen(pair.sandbox, "post", by="kim", text="it fails", key="parent")
    happen(pair.sandbox, "post", by="lou", text="the image can't be pulled", thread="parent")
    await pair.ana.poll()
    await pair.ben.poll()
    pair.ana.session.lift_all()
    pair.ben.session.lift_all()
    await pair.deliver()
    assert len(pair.notes("↑ From a thread")) == 1
    assert pair.ben.held == [], "nothing was claimed, and it is lifted as he wished"


async def test_both_opening_the_channel(sandbox: Sandbox, tmp_path: Path) -> None:
    both = [await Cockpit(sandbox, tmp_path / who, who).open() for who in ("ana", "ben")]
    for cockpit in both:
        cockpit.act("open_channel")
    await asyncio.gather(*(cockpit.deliver() for cockpit in both))
    channels = [one for one in sandbox.state()["slack"]["channels"] if "_inc_" in one["name"]]
    assert len(channels) == 1
    assert sorted(note["text"].split()[1] for note in posted(sandbox)) == ["Adopted", "Opened"]
    for cockpit in both:
        await cockpit.close()


async def test_both_declaring_the_same_ticket(sandbox: Sandbox, tmp_path: Path) -> None:
    before = len(sandbox.state()["pagerduty"]["incidents"])
    both = [Cockpit(sandbox, tmp_path / who, who) for who in ("ana", "ben")]
    for cockpit in both:
        cockpit.session = cockpit.desk.session(await cockpit.desk.find(f"ticket:{TICKET}"))
        await cockpit.poll()
        service = (await cockpit.desk.pd_services())[0]
        link = f"Hub is not reachable: {sandbox.freshdesk_url}/a/tickets/{TICKET}"
        cockpit.act("declare", title="Hub down", service_id=service.id, body=link)
    for cockpit in both:
        await cockpit.deliver()
    assert len(sandbox.state()["pagerduty"]["incidents"]) == before + 1
    (held,) = both[1].held
    assert "#1925 “Hub down” was declared for the same ticket at 13:03 UTC. Open it with `cockpit 1925`" in (
        held.error or ""
    )
    for cockpit in both:
        await cockpit.close()


async def test_the_later_word_counts_though_a_laptops_clock_is_an_hour_fast(pair: Pair, tmp_path: Path) -> None:
    fast = await Cockpit(pair.sandbox, tmp_path / "fast", "ben", fast=timedelta(hours=1)).open()
    fast.act("attest", step="resolve.validated", note="reviewed")
    await fast.deliver()
    await pair.sandbox.advance(60)
    await pair.ana.poll()
    pair.ana.act("override", step="resolve.validated", reason="Kim is on a plane")
    await pair.ana.deliver()
    await fast.poll()
    await pair.ana.poll()
    for cockpit in (pair.ana, fast):
        assert cockpit.session.view.assessment.step("resolve.validated").state is State.OVERRIDDEN
        said = next(one for one in cockpit.session.view.snapshot.records if one.kind == "attest")
        assert said.at == BEGIN, "told on the clock that all share"
    await fast.close()


async def test_a_thread_that_loses_a_reply_looks_alike_warm_and_cold(pair: Pair, tmp_path: Path) -> None:
    happen(pair.sandbox, "post", by="kim", text="it fails", key="parent")
    for name in ("first", "second"):
        happen(pair.sandbox, "post", by="lou", text=f"the {name}", thread="parent", key=name)
    await pair.ana.poll()
    for gone in ("first", "parent", "second"):
        happen(pair.sandbox, "delete", message=gone)
        await pair.ana.poll()
        cold = await Cockpit(pair.sandbox, tmp_path / gone, "lou").open()
        alike(pair.ana, cold)
        await cold.close()
