"""`cockpit status`: which incident, the page, the contract of its JSON, and what it does when a service is away."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from tests.command_line.conftest import Run


def promote(served, number: int = 1924) -> None:
    """Make the incident a P1, as a colleague would, over PagerDuty's own wire."""
    import urllib.request

    given = served.credentials("kim")
    headers = {
        "Authorization": f"Token token={given['pagerduty_token']}",
        "Accept": "application/vnd.pagerduty+json;version=2",
        "Content-Type": "application/json",
        "From": given["pagerduty_email"],
    }

    def ask(method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{served.pagerduty_url}/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    priority = next(one for one in ask("GET", "priorities")["priorities"] if one["name"] == "P1")
    reference = {"id": priority["id"], "type": "priority_reference"}
    ask("PUT", f"incidents/{number}", {"incident": {"type": "incident_reference", "priority": reference}})


def another_p1(served) -> None:
    served.call(
        lambda sandbox: sandbox.story.inject(
            _event(
                "alert",
                incident="second",
                alert="second",
                service="JupyterHub URL",
                title="Second hub unreachable",
                severity="critical",
            )
        )
    )
    promote(served, 1925)


def _event(kind: str, **details: object):
    from datetime import timedelta

    from cockpit.sandbox.scenario import Event

    return Event(timedelta(0), kind, {"kind": kind, **details})


def test_the_only_open_p1_needs_no_name(cockpit: Run, served) -> None:
    promote(served)
    outcome = cockpit("status")
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out.startswith("#1924  Hub unreachable: rivendell/prod\nP1 · triggered · JupyterHub URL · ")


def test_without_a_p1_it_says_what_there_is(cockpit: Run) -> None:
    outcome = cockpit("status")
    assert (outcome.code, outcome.out) == (2, "")
    assert "No P1 is open" in outcome.err
    assert "1924  no priority  Hub unreachable: rivendell/prod" in outcome.err
    assert "ticket:4038  Hub is not reachable" in outcome.err


def test_with_two_p1_it_asks_which(cockpit: Run, served) -> None:
    promote(served)
    another_p1(served)
    outcome = cockpit("status")
    assert (outcome.code, outcome.out) == (2, "")
    assert "2 P1 incidents are open; say which:" in outcome.err
    assert "1924  Hub unreachable" in outcome.err
    assert "1925  Second hub unreachable" in outcome.err
    assert cockpit("status", "1925").out.startswith("#1925  Second hub unreachable")


def test_every_form_of_a_reference(cockpit: Run, served) -> None:
    incident = served.state()["pagerduty"]["incidents"][0]
    for form in ("1924", "#1924", incident["id"], incident["html_url"]):
        outcome = cockpit("status", form)
        assert outcome.code == 0, (form, outcome.err)
        assert outcome.out.startswith("#1924  ")
    for form in ("ticket:4038", f"{served.freshdesk_url}/a/tickets/4038"):
        outcome = cockpit("status", form)
        assert outcome.code == 0, (form, outcome.err)
        assert outcome.out.startswith("Hub is not reachable\nThere is no PagerDuty incident yet.\n")


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("99999", 4, "99999"),
        ("QZZZZZZZZZZZZZ", 4, "QZZZZZZZZZZZZZ"),
        ("ticket:99999", 4, "99999"),
        ("https://elsewhere.freshdesk.com/a/tickets/4038", 2, "elsewhere.freshdesk.com"),
        ("https://example.org/what", 2, "example.org"),
        ("nonsense", 2, "nonsense"),
    ],
)
def test_what_is_not_there_is_a_sentence(cockpit: Run, reference: str, code: int, said: str) -> None:
    outcome = cockpit("status", reference)
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_the_url_of_another_account_is_said(cockpit: Run, served) -> None:
    incident = served.state()["pagerduty"]["incidents"][0]
    outcome = cockpit("status", incident["html_url"].replace("://sandbox.", "://other."))
    assert outcome.code == 2
    assert "other.pagerduty.com" in outcome.err


def test_the_page_has_everything_at_a_glance(cockpit: Run, served) -> None:
    promote(served)
    assert cockpit("note", "x").code == 3
    out = cockpit("status").out
    for line in (
        "Official start: not yet",
        "  ✓  P1 ",
        "  ○  acknowledged ",
        "Due",
        "1 Validate  ",
        "  ✓  start.p1 ",
        "  ○  start.acknowledged ",
        "8 Follow up  ",
        "Services",
        "  ●  PagerDuty  read just now",
        "  Outbox: 1 queued; see `cockpit log`.",
    ):
        assert line in out, line
    assert "after.postmortem" not in out  # quiet until then
    assert "\x1b" not in out  # not a terminal


# --- JSON ------------------------------------------------------------------------------------------------------------


def moment(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def test_the_json_keeps_its_contract(cockpit: Run, served) -> None:
    promote(served)
    document = json.loads(cockpit("status", "--json").out)
    incident = served.state()["pagerduty"]["incidents"][0]
    assert {key: document["incident"][key] for key in ("number", "id", "title", "status", "priority", "url")} == {
        "number": 1924,
        "id": incident["id"],
        "title": "Hub unreachable: rivendell/prod",
        "status": "triggered",
        "priority": "P1",
        "url": incident["html_url"],
    }
    assert document["official_start"] == {
        "at": None,
        "conditions": {"p1": True, "acknowledged": False, "channel": False, "community_informed": False},
    }
    steps = {step["id"]: step for step in document["steps"]}
    assert {"id", "phase", "title", "kind", "state", "evidence", "source", "at"} <= steps["start.p1"].keys()
    assert steps["start.p1"]["state"] == "done"
    assert steps["start.p1"]["source"] == "pagerduty"
    assert moment(steps["start.p1"]["at"])
    assert (steps["start.acknowledged"]["state"], steps["start.acknowledged"]["at"]) == ("todo", None)
    assert moment(steps["start.acknowledged"]["evidence_at"]), "when it was read"
    assert steps["start.acknowledged"]["url"]
    assert {step["state"] for step in document["steps"]} <= {
        "todo", "done", "overridden", "not_applicable", "deferred", "cant_tell"
    }  # fmt: skip
    assert {step["kind"] for step in document["steps"]} == {"sensed", "attested", "both"}
    assert document["deadlines"]
    for deadline in document["deadlines"]:
        assert moment(deadline["due"])
        assert deadline["state"] in ("ok", "soon", "overdue", "met")
    assert document["services"].keys() == {"pagerduty", "slack", "freshdesk"}
    for service in document["services"].values():
        assert service["state"] == "ok"
        assert service["age_seconds"] >= 0
        assert service["error"] is None
    assert document["outbox"] == {"queued": 0, "unknown": 0, "refused": 0}


def test_the_json_of_a_ticket_alone(cockpit: Run) -> None:
    document = json.loads(cockpit("status", "ticket:4038", "--json").out)
    assert document["incident"]["number"] is None
    assert document["incident"]["title"] == "Hub is not reachable"
    assert document["tickets"][0]["id"] == 4038
    assert document["tickets"][0]["community"] == "Rivendell University"


# --- a service is away -----------------------------------------------------------------------------------------------


def test_a_service_that_fails_costs_its_facts_only(cockpit: Run, served) -> None:
    promote(served)
    served.fault("freshdesk", "500")
    outcome = cockpit("status")
    assert outcome.code == 3
    assert outcome.out.startswith("#1924  ")
    assert "Freshdesk  down, never read" in outcome.out
    assert re.fullmatch("cockpit: Couldn't .*: Freshdesk: it answered HTTP 500.*\n", outcome.err)


def test_a_rejected_token_names_its_service_and_what_it_said(cockpit: Run, config: Path, served) -> None:
    promote(served)
    config.write_text(config.read_text().replace(served.credentials()["slack_token"], "xoxb-wrong"))
    outcome = cockpit("status")
    assert outcome.code == 4
    assert outcome.out.startswith("#1924  ")
    assert "Slack" in outcome.err
    assert "invalid_auth" in outcome.err
    assert "xoxb-wrong" not in outcome.out + outcome.err


def test_when_all_are_away_the_last_known_is_shown_with_its_age(cockpit: Run, served) -> None:
    promote(served)
    assert cockpit("status").code == 0
    served.fault("*", "500")
    for argv in (("status",), ("status", "1924")):
        outcome = cockpit(*argv)
        assert outcome.code == 3
        assert outcome.out.startswith("#1924  Hub unreachable: rivendell/prod\nP1 · triggered")
        for label in ("PagerDuty", "Slack", "Freshdesk"):
            assert re.search(f"^cockpit: Couldn't .*: {label}: it answered HTTP 500", outcome.err, re.MULTILINE)
        assert "last read" in outcome.out
    services = json.loads(cockpit("status", "--json").out)["services"]
    assert {service["state"] for service in services.values()} <= {"stale", "down"}
    assert all(service["error"] for service in services.values())


def test_when_pagerduty_is_away_and_nothing_is_known_it_says_so(cockpit: Run, served) -> None:
    served.fault("pagerduty", "500")
    for argv in (("status",), ("status", "1924")):
        outcome = cockpit(*argv)
        assert (outcome.code, outcome.out) == (3, "")
        assert "PagerDuty" in outcome.err


def test_a_service_that_is_not_configured_is_no_fault(run: Run, config: Path, served) -> None:
    promote(served)
    import tomllib

    import tomli_w

    values = tomllib.loads(config.read_text())
    del values["freshdesk"]
    config.write_text(tomli_w.dumps(values))
    outcome = run("--config", config, "status")
    assert outcome.code == 0
    assert outcome.err == ""
    assert "–  Freshdesk  not configured" in outcome.out
    service = json.loads(run("--config", config, "status", "--json").out)["services"]["freshdesk"]
    assert service == {"state": "down", "age_seconds": None, "error": "not configured", "configured": False}


def test_a_service_that_limits_us_says_for_how_long(cockpit: Run, served) -> None:
    served.fault("slack", "429", retry_after=40)
    outcome = cockpit("status", "1924")
    assert outcome.code == 3
    assert re.search(r"Slack +down, never read, asks to wait (40|3\d) s", outcome.out)
    document = json.loads(cockpit("status", "1924", "--json").out)
    service = document["services"]["slack"]
    assert (service["state"], service["limited"]) == ("down", True)
    assert moment(service["retry_at"])
