"""`process check` and `process show`, and the processes that come with the cockpit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.incident.process import load
from cockpit.incident.process_file import shipped
from tests.command_line.conftest import Run

TEXT = shipped()["web-service"].read_text(encoding="utf-8")


def test_two_processes_are_shipped_and_differ() -> None:
    ours, other = load(), load(shipped()["web-service"])
    assert list(shipped()) == ["2i2c", "web-service"]
    assert ours.id == load(shipped()["2i2c"]).id
    assert not {step.id for step in ours.steps} & {step.id for step in other.steps}
    assert ours.words.priority != other.words.priority
    assert "TL" not in other.words.roles


def test_a_right_file_is_said_to_be_right(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(TEXT)
    outcome = run("process", "check", path)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"{path} is right: Web service: handle a SEV1; 5 phases, 14 steps.\n"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('sensor = "narrated"', 'sensor = "narated"', "unknown sensor 'narated'; did you mean 'narrated'?"),
        ('action = "acknowledge"', 'action = "acknowlege"', "unknown action 'acknowlege'; did you mean 'acknowledge'?"),
        ('action = "reply:update"', 'action = "reply:updates"', "did you mean 'reply:update'?"),
        ('id = "triage.judge"', 'id = "triage.acknowledge"', "there is a step 'triage.acknowledge' already"),
        ('applies = "not_tagged"', 'applies = "not_taged"', "did you mean 'not_tagged'?"),
        ('role = "support"', 'role = "suport"', "did you mean 'support'?"),
        ('clock = "inform"', 'clock = "infrom"', "did you mean 'inform'?"),
        ('kind = "both"', 'kind = "boht"', "did you mean 'both'?"),
        ('hint = "Two', 'hnit = "Two', "unknown key 'hnit'; did you mean 'hint'?"),
        ('narrate = "15m"', 'narrate = "15"', "'narrate' must be a duration"),
        ("number = 2", "number = 1", "there is a phase 1 already"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_the_nearest_name(
    run: Run, tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    assert right in TEXT
    path = tmp_path / "ours.toml"
    path.write_text(TEXT.replace(right, wrong, 1))
    line = 1 + TEXT[: TEXT.index(right)].count("\n")
    for what in ("check", "show"):
        outcome = run("process", what, path)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(f"cockpit: {path}, line {line} (")
        assert said in outcome.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "UTF-8"),
        (b"id = ", "not TOML"),
        (b'id = "x"\ntitle = "y"\n', "words"),
    ],
)
def test_what_is_no_process_at_all(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "ours.toml"
    if content is not None:
        path.write_bytes(content)
    outcome = run("process", "check", path)
    assert outcome.code == 2
    assert outcome.err.startswith(f"cockpit: {path}: ")
    assert said in outcome.err


def test_checking_wants_a_file(run: Run) -> None:
    assert run("process", "check").code == 2


@pytest.mark.parametrize("name", ["2i2c", "web-service"])
def test_showing_tells_every_step_sensor_action_and_clock(run: Run, name: str) -> None:
    outcome = run("process", "show", name)
    process = load(shipped()[name])
    assert (outcome.code, outcome.err) == (0, "")
    for step in process.steps:
        (line,) = [line for line in outcome.out.splitlines() if line.split()[:1] == [step.id]]
        assert step.title in line
        assert (step.sensor or "attested") in line
        assert (step.action or "") in line
    assert "acknowledge  15 min" in outcome.out or "acknowledge  5 min" in outcome.out
    assert f"priority {process.words.priority}" in outcome.out


def test_showing_as_json(run: Run) -> None:
    found = json.loads(run("process", "show", "web-service", "--json").out)
    assert [phase["title"] for phase in found["phases"]] == [
        "Triage", "Mitigate", "Tell the customers", "Close", "Learn",
    ]  # fmt: skip
    assert found["clocks"]["update"] == 3600
    assert found["phases"][0]["steps"][0]["sensor"] == "acknowledged"


def test_without_a_file_the_configured_one_is_shown(cockpit: Run, run: Run, config: Path) -> None:
    assert "2i2c: respond to an outage" in cockpit("process", "show").out
    outcome = run("process", "show")
    assert "no config yet" in outcome.err
    assert "2i2c: respond to an outage" in outcome.out
    config.write_text('process = "web-service"\n' + config.read_text() + '\n[clocks]\nupdate = "45 min"\n')
    outcome = cockpit("process", "show")
    assert "Web service: handle a SEV1" in outcome.out
    assert "update       45 min" in outcome.out


def test_a_file_beside_the_config_goes_before_a_shipped_one(cockpit: Run, config: Path) -> None:
    config.write_text('process = "web-service"\n' + config.read_text())
    (config.parent / "web-service").write_text(TEXT.replace("Web service: handle", "Ours: handle"))
    assert "Ours: handle a SEV1" in cockpit("process", "show").out
