"""The anonymous report: roles for names, everywhere, and nothing else changed."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.facts import Person
from cockpit.incident.process import Parts, RoleName
from cockpit.incident.report import report
from cockpit.incident.report_json import document
from cockpit.incident.report_markdown import markdown
from tests.incident.build import ANA, BEN, KIM, LOU, OSEI, PEOPLE, PROCESS, ROTA, World, at, outage, resolved
from tests.incident.test_report import index, long_one, told

NAMES = re.compile(r"\b(?:ana|ruiz|ben|okafor|kim|tan|lou|marsh|osei|mordor)\b|@|desk\.example|pd\.example", re.I)


def gossip() -> World:
    """Everybody's name in free text, in every spelling."""
    world = long_one().ticket_now(4038, agent=BEN)
    world.said("17:20", "@Ana Ruiz and ben@example.com: ANA's fix, kim_tan, Ruiz/Marsh, ruiz@other.example", KIM)
    world.said(
        "17:21", "see https://desk.example.com/a/tickets/4038 and https://hub.mordor.example/x?a=1, mordor-prod", LOU
    )
    world.record("note", "17:22", data={"text": "Lou, ask R. Osei at Mordor"})
    return world


def test_an_anonymous_report_has_roles_for_names_everywhere() -> None:
    written = told(gossip(), anonymous=True)
    for text in (markdown(written), json.dumps(document(written), ensure_ascii=False)):
        assert not NAMES.findall(text), NAMES.findall(text)
    text = markdown(written)
    for alias in ("Incident responder 1", "Incident responder 2", "Communication liaison", "Tech lead", "Community A"):
        assert alias in text
    assert "Representative of community A" in text
    assert "Incident responder 1 and Communication liaison" in text
    assert "Incident responder 1's fix" in text
    assert "still broken" not in text
    assert "We are on it" not in text
    assert NAMES.search(markdown(told(gossip())))


def test_the_same_person_is_the_same_role_everywhere() -> None:
    rows = index(markdown(told(gossip(), anonymous=True)))
    assert rows["Owner"] == "Incident responder 1, Incident responder 2 (Incident Responder)"
    assert rows["Communication Liaison"] == "Communication liaison"
    assert rows["Tech Lead"] == "Tech lead"
    assert rows["Ticket"].startswith("Ticket 4038 (Community A, Representative of community A): ")
    assert "Links" not in rows


def test_a_name_that_is_a_word_is_replaced_as_a_name_only() -> None:
    will = Person("PWILL", "Will Park", "will@example.com")
    text = markdown(told(outage().said("16:30", "Will said that it will be in the park", will), anonymous=True))
    assert "Subject matter expert 1 said that it will be in the park" in text


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_with_accents_is_found_however_it_is_written(form: Literal["NFC", "NFD"]) -> None:
    elo = replace(OSEI, name=unicodedata.normalize(form, "Éloïse Nuñez"))
    spoken = "Éloïse, éloïse nuñez, E\u0301loi\u0308se and Eloise of Köln: https://w.example/~%C3%89lo%C3%AFse"
    world = outage().ticket_now(4038, requester=elo, company=unicodedata.normalize(form, "Köln")).said("16:30", spoken)
    text = unicodedata.normalize("NFC", markdown(told(world, anonymous=True)))
    assert not re.search("lo[ïi]se|nu[ñn]ez|k[öo]ln|%C3", text, re.I)


def test_two_parts_of_one_word_are_two_people() -> None:
    plain = Parts(RoleName("eng", "Engineer"), RoleName("eng", "Engineer"), None, RoleName("eng", "Engineer"))
    process = replace(PROCESS, words=replace(PROCESS.words, parts=plain))
    world = outage().ticket_now(4038, agent=BEN).said("16:30", "on it", LOU)
    text = markdown(report(process, world.snapshot(), PEOPLE, at("17:00"), anonymous=True))
    for alias in ("Engineer 1", "Engineer 2", "Engineer 3"):
        assert alias in text
    assert "Expert" not in text


def test_a_rota_and_an_app_lend_no_words_to_the_veil() -> None:
    world = World().opened("08:46").assigned("08:46", ROTA).assigned("11:30", ANA, KIM).acknowledged("13:06")
    world.channel_opened("13:10").said("13:12", "PagerDuty says: out of hours the hub is slow", KIM)
    world.members = [KIM, Person("UPD", "PagerDuty"), Person("UBOT", "Incident Cockpit")]
    text = markdown(told(world.resolved("14:00"), anonymous=True))
    assert "PagerDuty says: out of hours the hub is slow" not in text, "the placeholder's whole name is veiled"
    assert "PagerDuty says: Rota placeholder the hub is slow" in text
    assert "Incident #1924" in text


def test_links_that_name_nobody_stay() -> None:
    world = resolved().attest("after.actions", "20:00", note="Keep images https://git.example.net/i/1")
    world.attest("after.postmortem", "20:30", link="https://pd.example.com/postmortems/1")
    text = markdown(told(world, anonymous=True))
    assert "https://git.example.net/i/1" in text
    assert "pd.example.com" not in text


@given(
    st.lists(
        st.sampled_from(["Ana", "ana ruiz", "ANA  RUIZ", "R. Osei", "Mordor", "osei@mordor.example.edu", "Kim", "Tan"]),
        min_size=1, max_size=6,
    ),
    st.sampled_from([" ", ", ", "/", "-", "_", "*", "`", "(", "@", ".", "\n", "’s ", "9"]),
)  # fmt: skip
def test_no_name_gets_through(names: list[str], between: str) -> None:
    world = gossip().said("17:30", between.join(["x", *names, "y"]))
    text = markdown(told(world, anonymous=True))
    assert not re.search(r"(?<![^\W\d_])(?:ana|ruiz|kim|osei|mordor)(?![^\W\d_])", text, re.I)
