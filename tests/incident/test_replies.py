"""Replies: nothing unfinished can be sent, and what the facts know is filled in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.facts import IncidentNote, LogKind
from cockpit.incident.markup import markdown_plain
from cockpit.incident.replies import (
    FIELDS,
    TEMPLATES,
    Purpose,
    Template,
    compose,
    mark,
    problems,
    starting_fields,
    template,
)
from tests.incident.build import ANA, BEN, KIM, LOU, OSEI, World, at, outage, resolved

FILLED = {name: f"some {name}" for name in FIELDS}


def test_there_is_a_text_for_every_purpose() -> None:
    assert {one.purpose for one in TEMPLATES} == set(Purpose)
    assert template(Purpose.UPDATE).title == "Update"


@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.purpose)
def test_unfilled_is_not_sendable_and_filled_is(one: Template) -> None:
    assert problems(compose(one, {}))
    assert problems(compose(one, FILLED)) == ()
    assert "⟦" not in markdown_plain(compose(one, FILLED))


@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.purpose)
@pytest.mark.parametrize("name", FIELDS)
def test_each_single_field_left_is_found(one: Template, name: str) -> None:
    text = compose(one, {key: value for key, value in FILLED.items() if key != name})
    assert bool(problems(text)) is (f"{{{name}}}" in one.body)
    if problems(text):
        line = text[: text.index("⟦")].count("\n") + 1
        assert problems(text) == (f"“{name}” isn't filled in (line {line}).",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("Hi {{ticket.requester.first_name}},", "{{ticket.requester.first_name}}"),
        ("Hi {{ name }}", "{{ name }}"),
        ("{% if x %}", "placeholder"),
        ("Hi ⟦name", "“name” isn't filled in"),
        ("Hi what users can't do⟧", "piece of an unfilled field"),
        ("Dear <!channel>", "everyone"),
        ("@here it works", "everyone"),
        ("\nthanks <@U123ABC>", "“<@U123ABC>” is a mention out of Slack (line 2)"),
        ("see <#C123ABC|ops>", "<#C123ABC|ops>"),
        ("dear <!subteam^S123|@all-staff>", "subteam"),
        ("@here it works", "“@here”"),
        ("x" * 20_001, "20,001 characters"),
    ],
)
def test_what_cannot_be_sent(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text))


@pytest.mark.parametrize(
    "text", ["It works {again}.", "Set `{'a': 1}` & <b>", "x < y > z [1] (2)", "write to me@channel.example", "⟨ψ|φ⟩"]
)
def test_ordinary_text_can_be_sent(text: str) -> None:
    assert problems(text) == ()


@given(st.text(alphabet=st.characters(exclude_characters="⟦⟧{}<>@"), min_size=1).filter(str.strip))
def test_no_other_text_is_taken_for_unfinished(text: str) -> None:
    assert problems(text) == ()


@given(st.text(), st.sampled_from(sorted(FIELDS)), st.text())
def test_a_mark_is_found_anywhere(before: str, name: str, after: str) -> None:
    assert any(name in problem for problem in problems(before + mark(name) + after))


def test_values_are_not_read_again() -> None:
    assert "{impact}" in compose(template(Purpose.FIRST_RESPONSE), FILLED | {"name": "{impact}"})


def test_the_facts_fill_in_what_they_can() -> None:
    world = outage().attest("validate.test", "16:11", verdict="outage", outage_kind="servers don't start")
    world.record("note", "16:10:30").said("16:11", "✎ too old — Ana Ruiz")
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1])
    world.record("note", "16:25").said("16:25", "✎ the proxy is fine — Ana Ruiz (16:25 UTC)")
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1])
    fields = starting_fields(world.snapshot(), world.assess("16:30"), 4038, at("16:30"))
    assert fields == {
        "name": "R. Osei",
        "hub": "mordor",
        "impact": "servers don't start",
        "state": "our engineers have been working on it since 16:12 UTC",
        "tried": "- the proxy is fine (16:25 UTC)",
        "done": "- too old (16:10 UTC)\n- the proxy is fine (16:25 UTC)",
        "next": "bring in the colleagues who know this part best",
        "next_update": "18:30 UTC",
    }
    assert problems(compose(template(Purpose.UPDATE), fields)) == ()


def test_a_resolution_does_not_say_that_it_only_looked_so() -> None:
    world = outage().told(4038, "16:40").resolved("17:00")
    fields = starting_fields(world.snapshot(), world.assess("17:10"), 4038, at("17:10"))
    assert not any("looked resolved" in words for words in fields.values())


def test_an_update_starts_from_what_was_done_since_the_last_one() -> None:
    world = outage().said("16:30", "Shall we have lunch?", KIM).threaded("16:31", "the *image* is gone", LOU)
    world.record("lift", "16:40", data={"ts": world.threads[-1].ts})
    world.threaded("16:32", "me too", BEN)
    world.entry(LogKind.RESOLVED, "16:50", None).entry(LogKind.REOPENED, "16:55", ANA)
    world.record("run", "17:00").said("17:00", "$ kubectl get pods → exit 0 in 2 s — Ana Ruiz\n```\npods\n```")
    world.messages[-1] = replace(world.messages[-1], record=world.records[-1], text="$ kubectl get pods\n```\nx\n```")
    snapshot = world.snapshot()
    assert snapshot.pagerduty is not None
    noted = replace(snapshot.pagerduty, notes=(IncidentNote("N1", at("17:05"), KIM, "pushed it again"),))
    fields = starting_fields(replace(snapshot, pagerduty=noted), world.assess("17:30"), 4038, at("17:30"))
    assert fields["tried"].splitlines() == [
        "- the image is gone (16:31 UTC)",
        "- It looked resolved. (16:50 UTC)",
        "- We opened the incident again. (16:55 UTC)",
        "- kubectl get pods (17:00 UTC)",
        "- pushed it again (17:05 UTC)",
    ]
    assert problems(compose(template(Purpose.UPDATE), fields)) == ()


def test_a_hub_out_of_the_title_and_nothing_out_of_nothing() -> None:
    world = World().opened("16:00", title="Hub unreachable: rivendell/prod")
    assert starting_fields(world.snapshot(), world.assess("16:30"), 1, at("16:30"))["hub"] == "rivendell/prod"
    world = World()
    fields = starting_fields(world.snapshot(), world.assess("23:30"), 1, at("23:30"))
    assert fields["next_update"] == "24 Nov 01:30 UTC"
    assert "name" not in fields


def test_a_name_brings_no_markup_and_no_mark() -> None:
    world = World().ticket(1, "16:00", requester=replace(OSEI, name="[x](http://evil.example) ⟦impact⟧\n*b*"))
    name = starting_fields(world.snapshot(), world.assess("16:30"), 1, at("16:30"))["name"]
    assert not set(name) & set("[]<>*⟦⟧\n")


def test_the_reports_link_is_filled_in() -> None:
    world = resolved().attest("after.published", "+1 10:00", link="https://reports.example.com/1")
    fields = starting_fields(world.snapshot(), world.assess("+1 10:01"), 4038, at("+1 10:01"))
    assert fields["link"] == "https://reports.example.com/1"
    assert problems(compose(template(Purpose.REPORT_LINK), fields)) == ()
