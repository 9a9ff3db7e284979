"""`followups`: what is left to do after the past P1s, from the services alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cockpit.command_line.sandbox import config_text
from tests.command_line.conftest import Run

DAY = 86_400


def resolve(served, number: int) -> None:
    """Somebody resolves it in PagerDuty's own pages."""
    given = served.credentials()
    answer = httpx.put(
        f"{served.pagerduty_url}/incidents/{number}",
        json={"incident": {"type": "incident_reference", "status": "resolved"}},
        headers={
            "Authorization": f"Token token={given['pagerduty_token']}",
            "Accept": "application/vnd.pagerduty+json;version=2",
            "From": given["pagerduty_email"],
        },
    )
    assert answer.status_code == 200, answer.text


@pytest.fixture
def later(served, config: Path) -> Callable[..., None]:
    """Let days pass, for the sandbox and for the cockpit."""

    def later(days: float) -> None:
        served.advance(days * DAY)
        config.write_text(config_text(served))

    return later


@pytest.fixture
def two_past(cockpit: Run, served, later) -> None:
    """Two P1s, resolved a day apart; of the first, all but two steps of the follow-up are attested."""
    assert cockpit("declare", "--title", "First", "--ticket", "4038").code == 0
    resolve(served, 1925)
    for step in ("after.postmortem", "after.actions", "after.published"):
        assert cockpit("tick", "1925", step, "--link", "https://reports.example/1925").code == 0
    for step in ("after.reviewed", "after.closed"):
        assert cockpit("tick", "1925", step).code == 0
    later(1)
    assert cockpit("declare", "--title", "Second").code == 0
    resolve(served, 1926)
    later(0.01)


def forget(tmp_path: Path) -> None:
    """As on another machine."""
    for path in (tmp_path / "state").glob("journal*"):
        path.unlink()


def test_what_is_left_most_overdue_first(cockpit: Run, two_past: None, later, tmp_path: Path) -> None:
    later(5)
    forget(tmp_path)
    outcome = cockpit("followups")
    assert outcome.code == 0, outcome.err
    first, second = outcome.out.split("\n\n")
    assert first.startswith("#1925  First  resolved 23 Nov 13:03 UTC")
    assert [line.split()[1] for line in first.splitlines()[1:4]] == ["after.draft", "after.sent", "after.archived"]
    assert "overdue by 3 d" in first
    assert "report: https://reports.example/1925" in first
    assert second.startswith("#1926  Second")
    assert "after.draft" in second
    assert "overdue by 2 d" in second
    assert "after.reviewed" in second
    assert "due in 1 d 23 h" in second


def test_as_json(cockpit: Run, two_past: None, later, tmp_path: Path) -> None:
    later(1)
    forget(tmp_path)
    found = json.loads(cockpit("followups", "--json").out)
    assert [one["incident"]["number"] for one in found] == [1925, 1926]
    steps = {step["id"]: step for step in found[0]["steps"]}
    assert set(steps) == {"after.draft", "after.sent", "after.archived"}
    assert steps["after.draft"]["due"] == "2026-11-26T13:03:00Z"
    assert steps["after.draft"]["deadline"] in ("ok", "soon")
    assert steps["after.sent"]["due"] is None
    assert (found[0]["report"], found[1]["report"]) == ("https://reports.example/1925", None)
    assert found[0]["resolved_at"] == "2026-11-23T13:03:00Z"


def test_what_is_open_or_long_ago_or_no_p1_is_not_asked_about(cockpit: Run, two_past: None, later) -> None:
    later(3)
    assert cockpit("declare", "--title", "Still open").code == 0
    numbers = [one["incident"]["number"] for one in json.loads(cockpit("followups", "--json", "--days", "4").out)]
    assert numbers == [1926]
    assert cockpit("followups", "--days", "1").err == (
        "Nothing is left to do after the P1 incidents of the last 1 days.\n"
    )


def test_nothing_is_written_joined_or_remembered(cockpit: Run, two_past: None, served, tmp_path: Path) -> None:
    forget(tmp_path)
    before = len(served.requests())
    assert cockpit("followups").code == 0
    asked = served.requests()[before:]
    assert {one.method for one in asked if "/slack/" not in one.path} <= {"GET", "POST"}
    assert not [one for one in asked if any(word in one.path for word in ("postMessage", "join", "create", "pins"))]
    assert sum("conversations.list" in one.path for one in asked) == 1, "one listing for all of them"
    assert "1925" not in cockpit("log").err


def test_a_channel_that_cannot_be_read_is_said(cockpit: Run, two_past: None, served, tmp_path: Path) -> None:
    forget(tmp_path)
    served.fault("slack", "403", path="conversations.history", count=1)
    outcome = cockpit("followups")
    assert outcome.code in (3, 4)
    assert "! Couldn't read Slack channel" in outcome.out
    assert "? after.archived" in outcome.out, "what Slack can't tell isn't called open"


def test_a_limited_service_is_waited_for(cockpit: Run, two_past: None, served, tmp_path: Path) -> None:
    forget(tmp_path)
    served.fault("slack", "429", path="conversations.history", count=1, retry_after=1)
    outcome = cockpit("followups")
    assert outcome.code == 0
    assert "!" not in outcome.out


def test_slack_out_of_reach_and_pagerduty_out_of_reach(cockpit: Run, two_past: None, served, tmp_path: Path) -> None:
    forget(tmp_path)
    served.fault("slack", "500")
    outcome = cockpit("followups")
    assert outcome.code == 3
    assert outcome.out.count("! ") == 2
    assert "○" not in outcome.out, "all that people said is in the channel: without it nothing is known to be open"
    served.fault("pagerduty", "500")
    outcome = cockpit("followups")
    assert (outcome.code, outcome.out) == (3, "")


@pytest.mark.parametrize("days", ["0", "-1", "731"])
def test_a_range_that_cannot_be(cockpit: Run, days: str) -> None:
    outcome = cockpit("followups", f"--days={days}")
    assert outcome.code == 2
    assert "--days is a number" in outcome.err


def test_ninety_days_are_looked_back(cockpit: Run, two_past: None, later) -> None:
    later(timedelta(days=88).days)
    assert "#1925" in cockpit("followups").out
    later(3)
    assert cockpit("followups").out == ""
