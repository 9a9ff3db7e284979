"""`cockpit doctor`: each thing that can be wrong is found, named, and told what to do about."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command_line.conftest import Run


def findings(run: Run, config: Path) -> dict[str, list[dict[str, Any]]]:
    """What was found, by service or place, and the exit code that goes with it."""
    outcome = run("--config", config, "doctor", "--json")
    document = json.loads(outcome.out)
    faults = [one for one in document["findings"] if one["level"] == "fault"]
    assert document["ok"] is not bool(faults)
    assert outcome.code == (1 if faults else 0)
    for one in faults:
        assert one["fix"] or "Couldn't" in one["words"] or "check" in one["words"] or "is to come from" in one["words"]
    by_place: dict[str, list[dict[str, Any]]] = {}
    for one in document["findings"]:
        by_place.setdefault(one["about"], []).append(one)
    return by_place


def only(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    matching = [one for one in found if one["what"] == what]
    assert len(matching) == 1, matching
    return matching[0]


def levels(found: dict[str, list[dict[str, Any]]]) -> set[str]:
    return {one["level"] for place in found.values() for one in place}


def rewritten(config: Path, old: str, new: str) -> None:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


def test_where_all_is_well_it_says_so(cockpit: Run, served) -> None:
    outcome = cockpit("doctor")
    assert outcome.code == 0
    assert outcome.out.rstrip().endswith("Everything is well.")
    for line in (
        "✓ ok  credential     Ana Ruiz <ana.ruiz@example.org>",
        "✓ ok  writes as      ana.ruiz@example.org",
        "✓ ok  priority       P1 exists",
        "✓ ok  Slack channel  PagerDuty tells which it is",
        "✓ ok  scopes      all 7 that are needed",
        "✓ ok  rate limit  100 requests a minute",
    ):
        assert line in outcome.out, line
    for secret in served.credentials().values():
        assert "@" in secret or secret not in outcome.out


def test_it_writes_nothing_to_the_services(cockpit: Run, served) -> None:
    cockpit("doctor")
    assert served.requests()
    assert not any(request.took_effect for request in served.requests())


@pytest.mark.parametrize(
    ("service", "label", "key"),
    [("pagerduty", "PagerDuty", "pagerduty_token"), ("slack", "Slack", "slack_token"),
     ("freshdesk", "Freshdesk", "freshdesk_key")],
)  # fmt: skip
def test_a_rejected_credential(run: Run, config: Path, served, service: str, label: str, key: str) -> None:
    rewritten(config, served.credentials()[key], "not-the-right-one")
    found = findings(run, config)
    assert only(found[label], "credential")["level"] == "fault"
    assert "refused" in only(found[label], "credential")["words"]
    assert {one["level"] for other in found if other != label for one in found[other]} <= {"ok", "note"}
    assert "not-the-right-one" not in json.dumps(found)


@pytest.mark.parametrize(
    ("service", "label"), [("pagerduty", "PagerDuty"), ("slack", "Slack"), ("freshdesk", "Freshdesk")]
)
@pytest.mark.parametrize("kind", ["500", "html", "drop_before", "429"])
def test_a_service_that_does_not_answer(run: Run, config: Path, served, service: str, label: str, kind: str) -> None:
    served.fault(service, kind)
    found = findings(run, config)
    assert only(found[label], "credential")["level"] == "fault"
    assert label in only(found[label], "credential")["words"]


def test_a_secret_that_is_not_there_is_a_fault_of_its_own(run: Run, config: Path, served) -> None:
    rewritten(config, f'token = "{served.credentials()["slack_token"]}"', 'token_env = "NO_SUCH_VARIABLE"')
    found = findings(run, config)
    assert "NO_SUCH_VARIABLE, which isn't set" in only(found["Slack"], "credential")["words"]
    assert only(found["PagerDuty"], "credential")["level"] == "ok"


@pytest.mark.parametrize(
    "scope", ["channels:read", "channels:history", "channels:join", "channels:manage", "chat:write", "users:read",
              "users:read.email"],
)  # fmt: skip
def test_each_missing_scope_is_named_with_what_it_is_for(run: Run, config: Path, served, scope: str) -> None:
    served.call(lambda sandbox: sandbox.story.world.slack.apps["cockpit"].scopes.remove(scope))
    found = findings(run, config)
    missing = only(found["Slack"], "scopes")
    assert missing["level"] == "fault"
    assert missing["words"].startswith(f"{scope} is missing: it is to ")
    assert "reinstall" in missing["fix"]
    listed = only(found["Slack"], "channels")
    assert listed["level"] == ("fault" if scope == "channels:read" else "ok")


def test_an_address_that_is_no_user(run: Run, config: Path) -> None:
    rewritten(config, "ana.ruiz@example.org", "nobody@example.org")
    writes = only(findings(run, config)["PagerDuty"], "writes as")
    assert writes["level"] == "fault"
    assert "nobody@example.org, who isn't a user" in writes["words"]


def test_no_address_at_all(run: Run, config: Path) -> None:
    config.write_text(re.sub(r"^email = .*\n", "", config.read_text(), flags=re.MULTILINE))
    assert "nobody" in only(findings(run, config)["PagerDuty"], "writes as")["words"]


def test_somebody_elses_token_is_a_warning(run: Run, config: Path, served) -> None:
    rewritten(config, served.credentials()["pagerduty_token"], served.credentials("ben")["pagerduty_token"])
    found = findings(run, config)["PagerDuty"]
    assert only(found, "writes as")["level"] == "warning"
    assert "Ben Okafor" in only(found, "writes as")["words"]
    # He is no Owner: PagerDuty doesn't tell him which channel is an incident's, and that is no fault.
    assert only(found, "Slack channel")["level"] == "note"
    assert "found by its name" in only(found, "Slack channel")["words"]


def test_an_account_level_key_is_nobodys(run: Run, config: Path, served) -> None:
    rewritten(
        config, served.credentials()["pagerduty_token"], served.call(lambda sandbox: sandbox.pagerduty_account_key)
    )
    found = findings(run, config)["PagerDuty"]
    assert only(found, "credential")["level"] == "note"
    assert only(found, "writes as")["level"] == "ok"


def test_people_who_are_nobody(run: Run, config: Path) -> None:
    rewritten(config, "kim.tanaka@example.org", "kim@elsewhere.example")
    found = only(findings(run, config)["PagerDuty"], "people")
    assert found["level"] == "warning"
    assert "tech_leads: no user has kim@elsewhere.example" in found["words"]


def test_an_account_without_priorities(run: Run, config: Path, served) -> None:
    served.fault("pagerduty", "404", path="priorities")
    found = only(findings(run, config)["PagerDuty"], "priority")
    assert found["level"] == "fault"
    assert "there is no P1" in found["words"]


def test_an_account_without_the_catch_all(run: Run, config: Path, tmp_path: Path) -> None:
    from importlib import resources

    text = (resources.files("cockpit") / "processes" / "2i2c.toml").read_text()
    (tmp_path / "ours.toml").write_text(text.replace("Misc alerts from Prometheus Alert Manager", "Everything else"))
    config.write_text('process = "ours.toml"\n' + config.read_text())
    found = only(findings(run, config)["PagerDuty"], "catch-all")
    assert found["level"] == "warning"
    assert "“Everything else” isn't there" in found["words"]


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (20, "warning"), (3600, "fault")])
def test_a_clock_that_is_off(run: Run, config: Path, served, seconds: int, level: str) -> None:
    served.advance(seconds)  # the config knows the sandbox's clock as it was
    found = findings(run, config)
    for label in ("PagerDuty", "Slack", "Freshdesk"):
        clock = only(found[label], "this clock")
        assert clock["level"] == level
        if seconds:
            assert f"{seconds} s behind {label}'s" in clock["words"]
            assert "time server" in clock["fix"]


def test_a_service_that_is_not_configured_is_a_note(run: Run, config: Path) -> None:
    import tomllib

    import tomli_w

    values = tomllib.loads(config.read_text())
    del values["slack"]
    config.write_text(tomli_w.dumps(values))
    found = findings(run, config)
    assert only(found["Slack"], "credential")["level"] == "note"
    assert "isn't configured" in only(found["Slack"], "credential")["words"]
    assert "fault" not in levels(found)


def test_a_state_folder_that_others_can_enter_is_closed(run: Run, config: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o755)
    assert only(findings(run, config)["This machine"], "state folder")["level"] == "ok"
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    (tmp_path / "state").chmod(0o1777)
    found = only(findings(run, config)["This machine"], "state folder")
    assert found["level"] == "fault"
    assert "a folder of its own" in found["words"]


def test_a_state_folder_that_cannot_be_written(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / "file" / "state"))
    assert only(findings(run, config)["This machine"], "state folder")["level"] == "fault"


def test_each_fault_has_a_sign_a_word_and_what_to_do(cockpit: Run, config: Path) -> None:
    rewritten(config, "ana.ruiz@example.org", "nobody@example.org")
    outcome = cockpit("doctor")
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    fault = next(number for number, line in enumerate(lines) if line.startswith("  ✗ fault  writes as "))
    assert lines[fault + 1].strip().startswith("→ set [me] `email`")
    assert lines[-1] == "1 fault, 0 warnings."
