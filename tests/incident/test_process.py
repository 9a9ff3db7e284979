"""The process file: the built-in one is whole, and any mistake in one is told with its place."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from cockpit.incident.process import Parts, ProcessError, StepKind, channel_name, load
from cockpit.incident.process_file import parse

TEXT = (files("cockpit") / "processes" / "2i2c.toml").read_text(encoding="utf-8")

SPECIFIED = {
    "validate.classify": "sensed", "validate.test": "attested", "validate.false_alarm": "sensed",
    "start.p1": "sensed", "start.acknowledged": "sensed", "start.channel": "sensed", "start.informed": "sensed",
    "start.service": "both", "start.ticket": "both",
    "work.narrated": "sensed", "work.no_threads": "sensed",
    "hands.experts": "both", "hands.tech_lead": "sensed", "roles.assigned": "both",
    "comms.update": "sensed", "comms.answered": "sensed",
    "resolve.validated": "attested", "resolve.told": "both", "resolve.pagerduty": "sensed",
    "resolve.freshdesk": "sensed", "resolve.holds": "sensed",
    "after.postmortem": "attested", "after.actions": "attested", "after.draft": "both", "after.reviewed": "attested",
    "after.closed": "attested", "after.published": "attested", "after.sent": "sensed", "after.archived": "sensed",
    "handoff.agreed": "attested", "handoff.reassigned": "sensed", "handoff.announced": "sensed",
    "handoff.comms": "both",
}  # fmt: skip


def test_the_built_in_process_has_every_step_of_its_kind() -> None:
    process = load()
    assert {step.id: step.kind.value for step in process.steps} == SPECIFIED
    assert {step.id for step in process.steps if step.recurring} == {
        "work.narrated", "work.no_threads", "comms.update", "comms.answered",
    }  # fmt: skip
    assert [phase.number for phase in process.phases if phase.quiet] == [8]
    assert [phase.number for phase in process.phases if phase.optional] == [9]
    assert {step.id for step in process.steps if step.params.get("link")} == {
        "after.postmortem", "after.actions", "after.published",
    }  # fmt: skip


def test_the_built_in_clocks_and_words() -> None:
    process = load()
    clocks = process.clocks
    minutes = {name: clocks.interval(name) / timedelta(minutes=1) for name in ("acknowledge", "inform", "narrate")}
    assert minutes == {"acknowledge": 15, "inform": 30, "narrate": 20}
    assert (clocks.update, clocks.relief) == (timedelta(hours=2), timedelta(hours=4))
    assert (clocks.draft.days, clocks.review.days, clocks.publish.days) == (3, 7, 14)
    assert clocks.soon_fraction == 0.75
    assert process.words.tags["same day action needed"] == "P2"
    assert len(process.words.outage_kinds) == 6


def test_titles_fit_and_hints_are_sentences() -> None:
    for step in load().steps:
        assert len(step.title) <= 34
        assert step.hint.endswith((".", "?", "!"))


@pytest.mark.parametrize(
    ("service", "number", "name"),
    [
        ("Managed JupyterHubs", 36, "managed_jupyte_inc_36"),
        ("JupyterHub URL", 1924, "jupyterhub_u_inc_1924"),
        ("Hub", 7, "hub_inc_7"),
        ("  Café – Hub!  ", 7, "cafe_hub_inc_7"),
        ("☃", 7, "incident_inc_7"),
    ],
)
def test_channel_name(service: str, number: int, name: str) -> None:
    assert channel_name(load().words, service, number) == name
    assert len(name) <= 21


def change(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sensor = "narrated"', 'sensor = "narated"', "unknown sensor 'narated'; did you mean 'narrated'?"),
        ('action = "acknowledge"', 'action = "aknowledge"', "did you mean 'acknowledge'?"),
        ('action = "open:incident"', 'action = "open:incidents"', "did you mean 'open:incident'?"),
        ('applies = "false_alarm"', 'applies = "false_alarms"', "did you mean 'false_alarm'?"),
        ('kind = "attested"\naction = "verdict"', 'kind = "atested"\naction = "verdict"', "did you mean 'attested'?"),
        ('id = "start.p1"', 'id = "validate.test"', "there is a step 'validate.test' already"),
        ("number = 2", "number = 1", "there is a phase 1 already"),
        ("number = 2", 'number = "2"', "'number' must be a whole number"),
        ("number = 2\n", "number = 12\n", "in the order of their numbers"),
        ("recurring = true", "recuring = true", "unknown key 'recuring'; did you mean 'recurring'?"),
        ("recurring = true", 'recurring = "yes"', "'recurring' must be true or false"),
        ("quiet = true", "quiet = 1", "'quiet' must be true or false"),
        ('narrate = "20m"', 'narrate = "20 minutes"', 'such as "15m", "2h" or "3d"'),
        ('narrate = "20m"', "narrate = 20", 'such as "15m", "2h" or "3d"'),
        ('narrate = "20m"', 'narrate = "0m"', 'such as "15m", "2h" or "3d"'),
        ('draft = "3d"', 'draft = "99999999d"', "of at most 3650 days"),
        ("soon_fraction = 0.75", "soon_fraction = 75", "above 0 and at most 1"),
        ('params = { clock = "narrate" }', 'params = { clock = "narate" }', "did you mean 'narrate'?"),
        ('params = { clock = "narrate" }', "", "the sensor 'narrated' needs params.clock"),
        (
            'params = { step = "after.published" }',
            'params = { step = "after.publish" }',
            "did you mean 'after.published'?",
        ),
        ('role = "TL"', 'role = "LT"', "unknown role 'LT'"),
        ('responder = "IR"', 'responder = "IC"', "unknown role 'IC'; did you mean 'IR'?"),
        ('liaison = "CL"', 'liason = "CL"', "unknown key 'liason'; did you mean 'liaison'?"),
        ("[clocks]", "[clock]", "unknown key 'clock'; did you mean 'clocks'?"),
        ('priority = "P1" ', "priority = 1 ", "'priority' must be a text"),
        ('title = "Validate"', 'title = ""', "'title' must be a text"),
        ('sensor = "narrated"\n', "", "a step of kind 'sensed' needs a sensor"),
        ('id = "2i2c"', 'id = "2i2c', "not TOML"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(ProcessError) as caught:
        parse(change(old, new), "mine.toml")
    message = str(caught.value)
    assert message.startswith("mine.toml")
    assert said in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('sensor = "narrated"', 'sensor = "narated"'),
        ('applies = "false_alarm"', 'applies = "false_alarms"'),
        ("recurring = true", "recuring = true"),
        ('liaison = "CL"', 'liaison = "LC"'),
        ('narrate = "20m"', 'narrate = "soon"'),
        ('"take immediate action" = "P1"', '"take immediate action" = 1'),
    ],
)
def test_the_line_of_a_mistake_is_found(old: str, new: str) -> None:
    text = change(old, new)
    line = next(number for number, words in enumerate(text.splitlines(), 1) if words.startswith(new))
    with pytest.raises(ProcessError, match=rf"mine\.toml, line {line} "):
        parse(text, "mine.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('draft = "3d"', f'draft = "{"9" * 400}d"', "of at most 3650 days"),
        ('id = "2i2c"', f"id = {'9' * 5000}", "not TOML"),
        ('id = "2i2c"', f"id = {'[' * 5000}{']' * 5000}", "nested too deeply"),
    ],
    ids=["an endless clock", "a huge number", "brackets"],
)
def test_what_is_too_much_is_a_mistake_like_any_other(old: str, new: str, said: str) -> None:
    with pytest.raises(ProcessError, match=said):
        parse(change(old, new), "mine.toml")


def test_a_line_is_what_an_editor_counts_as_one() -> None:
    text = "# one\u2028line\n" + change("recurring = true", "recuring = true")
    line = next(number for number, words in enumerate(text.split("\n"), 1) if words.startswith("recuring"))
    with pytest.raises(ProcessError, match=rf"mine\.toml, line {line} "):
        parse(text, "mine.toml")


def test_a_file_of_ones_own_is_read_and_a_missing_one_named(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(change('update = "2h"', 'update = "90m"'), encoding="utf-8")
    process = load(mine)
    assert process.clocks.update == timedelta(minutes=90)
    assert process.source == str(mine)
    with pytest.raises(ProcessError, match=r"absent\.toml: the process can't be read"):
        load(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"id = '\xff'")
    with pytest.raises(ProcessError, match=r"latin\.toml"):
        load(tmp_path / "latin.toml")


def test_a_small_process_of_another_team_needs_little() -> None:
    process = parse(
        'id = "x"\ntitle = "X"\nwords = { priority = "SEV1", outage_tag = "sev1" }\n'
        '[[phase]]\nnumber = 1\ntitle = "Go"\n'
        '[[phase.step]]\nid = "a"\ntitle = "Look"\nrole = "anyone"\nkind = "attested"\n',
        "x.toml",
    )
    assert process.steps[0].kind is StepKind.ATTESTED
    assert process.step("a").title == "Look"
    assert process.words.parts == Parts(), "plain words, of no team"
    with pytest.raises(KeyError):
        process.step("b")
