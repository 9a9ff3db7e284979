"""The guards on what goes out: each says which words and where, and some can be passed by whoever has read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from unicodedata import normalize

import pytest

from cockpit.incident.communities import Listed, Place
from cockpit.incident.facts import Person, Snapshot
from cockpit.incident.guards import (
    INTERNAL_HOSTS,
    USUAL,
    Addressee,
    Finding,
    Guard,
    in_letter,
    in_private_note,
    in_reply,
    refusal,
    standing,
)
from tests.incident.build import OSEI, World, outage

TABLE = {
    "cloudbank/utopia": Listed("Utopia College", ("rep@utopia.example.edu",)),
    "cloudbank/mordor": Listed("mordor"),
    "pacific/hawaii": Listed(None, ("rep@hawaii.example.edu",)),
}
BOSE = Person("78", "J. Bose", "bose@utopia.example.edu")


def two_communities() -> Snapshot:
    """Mordor's ticket 4038 and Utopia College's 4040; the alert is about mordor."""
    world = outage().ticket(4040, "16:30", requester=BOSE, company="Utopia College").link(4040, "16:31")
    return world.snapshot()


def found(text: str, ticket: int = 4038, guard: Guard = USUAL) -> tuple[Finding, ...]:
    return in_reply(text, ticket, two_communities(), guard)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello,\n\nproxy.prod.svc.cluster.local", "Line 3 names an internal host: “proxy.prod.svc.cluster.local”"),
        ("http://hub.internal:8000/x", "“hub.internal”"),
        ("see [the page](https://grafana.lan/d)", "“grafana.lan”"),
        ("on ip-10-1-2-3.", "“ip-10-1-2-3”"),
        ("at LOCALHOST", "“LOCALHOST”"),
        ("node 10.20.30.40:443", "an address that isn't public: “10.20.30.40”"),
        ("192.168.0.1", "“192.168.0.1”"),
        ("at fd00::12ab", "“fd00::12ab”"),
        ("hub.**internal**", "Line 1, as they will read it, names an internal host: “hub.internal”"),
    ],
)  # fmt: skip
def test_an_internal_host_is_found(text: str, words: str) -> None:
    (one,) = found(text)
    assert words in one.words
    assert not one.final


@pytest.mark.parametrize(
    "text",
    ["hub.example.org", "version 1.2.3.4", "at 12:30:45", "std::string", "10.5", "the local staff", "8.8.8.8", "a.b:c"],
)
def test_what_is_public_is_not_an_internal_host(text: str) -> None:
    assert found(text) == ()


def test_the_config_adds_hosts() -> None:
    guard = Guard(hosts=(*INTERNAL_HOSTS, "gke-*", "*.corp.example.org"))
    assert [one.key for one in found("on gke-prod-1 and wiki.corp.example.org", guard=guard)] == [
        "host:gke-prod-1",
        "host:wiki.corp.example.org",
    ]
    assert found("on gke-prod-1") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x --token\nabcdef123456", "broken over two lines"),
        ("token=abcdef123456", "Line 1 holds what looks like a secret: “token=•••”"),
        ("a\nb xoxb-123456789-abcdef c", "Line 2"),
        ("x\n-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "Line 2"),
    ],
)
def test_what_looks_like_a_secret_is_found_and_not_repeated(text: str, words: str) -> None:
    (one, *_) = found(text)
    assert words in one.words
    assert "abcdef" not in one.words
    assert not one.final


@pytest.mark.parametrize(
    ("ticket", "text", "words"),
    [
        (4038, "So has Utopia  College", "Line 1 names “Utopia College”, the community of ticket 4040. This goes to"),
        (4038, "Hi J. Bose,", "“J. Bose”, who wrote ticket 4040"),
        (4040, "The hub MORDOR is down", "“MORDOR”, the community of ticket 4038"),
        (4040, "Hi R. Osei", "“R. Osei”, who wrote ticket 4038"),
        (4038, "as on hawaii", "“hawaii”, another community's name"),
        (4038, "as on cloudbank/utopia", "“cloudbank/utopia”, a name of Utopia College"),
    ],
)  # fmt: skip
def test_another_community_is_found(ticket: int, text: str, words: str) -> None:
    findings = found(text, ticket, Guard(communities=TABLE))
    assert any(words in one.words for one in findings), findings
    assert not any(one.final for one in findings)


@pytest.mark.parametrize(
    ("ticket", "text"),
    [
        (4038, "Hi R. Osei, mordor runs on cloudbank again"),
        (4040, "Hi J. Bose, utopia on cloudbank/utopia works: Utopia College"),
        (4040, "mordorous, production, prod"),
    ],
)
def test_its_own_names_and_everybodys_are_fine(ticket: int, text: str) -> None:
    assert found(text, ticket, Guard(communities=TABLE)) == ()


def test_of_an_unknown_company_only_other_tickets_are_told_apart() -> None:
    world = World().ticket(1, "16:00", company=None).ticket(2, "16:01", company="Utopia College", requester=BOSE)
    guard = Guard(communities=TABLE)
    assert in_reply("hawaii", 1, world.snapshot(), guard) == ()
    assert len(in_reply("Utopia College", 1, world.snapshot(), guard)) == 1
    listed = replace(OSEI, email="rep@hawaii.example.edu")
    world = World().ticket(1, "16:00", company=None, requester=listed)
    assert in_reply("hawaii", 1, world.snapshot(), guard) == ()
    assert len(in_reply("utopia", 1, world.snapshot(), guard)) == 1


def test_a_letter_knows_its_own_place() -> None:
    to = Addressee(BOSE, "Utopia College", Place("cloudbank", "utopia"))
    assert in_letter("cloudbank/utopia", to, two_communities(), USUAL) == ()
    assert in_letter("mordor", to, two_communities(), USUAL)


def test_a_private_note_may_name_hosts_and_others() -> None:
    assert in_private_note("mordor on hub.internal, as for J. Bose") == ()
    assert in_private_note(" ")[0].final
    assert in_private_note("token=abcdef123456")


def test_what_is_unfinished_is_final_and_what_was_read_can_be_passed() -> None:
    findings = found("Hi ⟦name⟧, {{ticket.id}} <@U0123> @here hub.internal")
    assert [one.final for one in findings] == [True, True, True, True, False]
    keys = [one.key for one in findings]
    assert standing(findings, keys) == findings[:4]
    (host,) = found("hub.internal")
    assert standing((host,), [host.key]) == ()
    assert refusal((host,), [host.key]) is None
    assert refusal((host,)) == f"{host.words} Take it out, or review the text and send it all the same."
    assert refusal((host, *findings[:1])) == findings[0].words, "what is final is told first"


@pytest.mark.parametrize(("known", "typed"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_stranger_is_found_however_their_accents_are_written(
    known: Literal["NFC", "NFD"], typed: Literal["NFC", "NFD"]
) -> None:
    world = outage().ticket(4040, "16:30", requester=BOSE, company=normalize(known, "Universität Köln"))
    text = normalize(typed, "It works again in the Universität Köln.")
    (one,) = in_reply(text, 4038, world.snapshot(), USUAL)
    assert "the community of ticket 4040" in one.words
    theirs = Addressee(BOSE, normalize(known, "Universität Köln"))
    assert in_letter(text, theirs, world.snapshot(), USUAL) == ()
