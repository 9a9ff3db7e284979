"""PagerDuty's JSON, as its documentation shows it and as it comes on a bad day, read as facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.incident.facts import LogKind, Person, Responder, Status
from cockpit.services import pagerduty_wire as wire
from cockpit.services.call import Unreadable
from cockpit.services.pagerduty_line import users_in

INCIDENT: dict[str, Any] = {
    "id": "Q1",
    "type": "incident",
    "summary": "[#1924] Hub unreachable",
    "html_url": "https://team.example.org/incidents/Q1",
    "incident_number": 1924,
    "title": "Hub unreachable",
    "created_at": "2026-11-23T12:50:00Z",
    "updated_at": "2026-11-23T13:00:00Z",
    "status": "acknowledged",
    "incident_key": "key",
    "service": {"id": "S1", "type": "service_reference", "summary": "JupyterHub URL"},
    "assignments": [
        {"at": "2026-11-23T12:50:00Z", "assignee": {"id": "U1", "type": "user_reference", "summary": "Ana"}}
    ],
    "acknowledgements": [
        {"at": "2026-11-23T12:51:00Z", "acknowledger": {"id": "U1", "type": "user_reference", "summary": "Ana"}},
        {"at": "2026-11-23T12:52:00Z", "acknowledger": {"id": "U1", "type": "user_reference", "summary": "Ana"}},
    ],
    "escalation_policy": {"id": "E1", "type": "escalation_policy_reference", "summary": "Default"},
    "priority": {"id": "P1", "type": "priority", "summary": "P1", "name": "P1"},
    "body": {"type": "incident_body", "details": "Ticket:\nhttps://desk.example.org/a/tickets/7"},
}


def test_an_incident() -> None:
    found = wire.incident(INCIDENT)
    assert (found.id, found.number, found.status, found.priority) == ("Q1", 1924, Status.ACKNOWLEDGED, "P1")
    assert found.created_at == datetime(2026, 11, 23, 12, 50, tzinfo=UTC)
    assert (found.service_id, found.service_name, found.escalation_policy) == ("S1", "JupyterHub URL", "E1")
    assert found.assignees == found.acknowledgers == (Person("U1", "Ana"),)
    assert found.description == "Ticket:\nhttps://desk.example.org/a/tickets/7"
    assert found.incident_key == "key"


def test_the_users_are_pagerdutys_and_no_monitoring_systems() -> None:
    """Each is looked up for an email; what an alert says of users of its own isn't PagerDuty's to know."""
    details = {"affected": [{"type": "user", "id": f"U{number}"} for number in range(1000)]}
    entry = {"type": "trigger_log_entry", "agent": {"id": "U1", "type": "user_reference"}, "event_details": details,
             "channel": {"type": "api", "details": details, "user": {"id": "U2", "type": "user"}}}  # fmt: skip
    found = users_in({"log_entries": [entry], "incident": INCIDENT | {"body": {"details": details}}})
    assert {one["id"] for one in found} == {"U1", "U2"}


def test_an_incident_of_nulls() -> None:
    bare = dict.fromkeys(INCIDENT) | {
        "id": "Q1", "incident_number": 7, "status": "resolved", "created_at": "2026-11-23T12:50:00Z"
    }  # fmt: skip
    found = wire.incident(bare)
    assert (found.title, found.priority, found.service_name, found.description) == ("incident 7", None, None, "")
    assert found.assignees == found.acknowledgers == ()
    assert found.changed_at is None
    assert wire.incident({name: value for name, value in bare.items() if value is not None}) == found


@pytest.mark.parametrize("missing", ["id", "incident_number", "status", "created_at"])
@pytest.mark.parametrize("value", [None, "", {}, []])
def test_an_incident_without_what_identifies_it_is_unreadable(missing: str, value: object) -> None:
    with pytest.raises(Unreadable):
        wire.incident(INCIDENT | {missing: value})


def test_a_status_that_nobody_knows_is_unreadable_and_named() -> None:
    with pytest.raises(Unreadable, match="simmering"):
        wire.incident(INCIDENT | {"status": "simmering"})


def test_a_priority_may_be_a_bare_reference() -> None:
    assert wire.priority_name({"id": "P1", "type": "priority_reference", "summary": "P1"}) == "P1"
    assert wire.priority_name(None) is None
    assert wire.priority_name({}) is None


def test_a_description_that_only_repeats_the_title_is_none() -> None:
    assert wire.incident(INCIDENT | {"body": None, "description": "Hub unreachable"}).description == ""
    assert wire.incident(INCIDENT | {"body": {}, "description": "More"}).description == "More"


def test_the_body_may_be_an_object() -> None:
    body = {"details": {"hub": "prod", "checks": [{"name": "http", "ok": False}], "empty": None}}
    assert wire.incident(INCIDENT | {"body": body}).description == "hub: prod\nchecks:\n  name: http\n  ok: no"


def test_an_alert_has_all_its_text_and_its_labels() -> None:
    found = wire.alert(
        {
            "id": "A1",
            "summary": "Hub down",
            "status": "triggered",
            "created_at": "2026-11-23T12:50:00Z",
            "body": {
                "type": "alert_body",
                "contexts": [{"type": "link", "href": "https://graphs.example.org", "text": "Graph"}, None],
                "details": {
                    "severity": "take immediate action",
                    "labels": {"cluster": "rivendell", "hub": "prod"},
                    "note": "first\nsecond",
                    "count": 3,
                },
            },
        }
    )
    assert "severity: take immediate action" in found.body
    assert "note:\n  first\n  second" in found.body
    assert found.body.endswith("Graph https://graphs.example.org")
    assert found.labels == {"severity": "take immediate action", "count": "3", "cluster": "rivendell", "hub": "prod"}


@pytest.mark.parametrize("body", [None, {}, {"details": None}, {"details": "words"}, {"details": ["words"]}])
def test_an_alert_with_another_body(body: Any) -> None:
    found = wire.alert({"id": "A1", "created_at": "2026-11-23T12:50:00Z", "body": body})
    assert found.body in ("", "words")
    assert (found.title, found.status, dict(found.labels)) == ("alert", "triggered", {})


def entry(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "R1",
        "type": f"{kind}_log_entry",
        "summary": f"{kind} by Ana",
        "created_at": "2026-11-23T12:50:00Z",
        "agent": {"id": "U1", "type": "user_reference", "summary": "Ana"},
        "channel": {"type": "web_ui"},
    } | more


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("trigger", LogKind.TRIGGERED),
        ("acknowledge", LogKind.ACKNOWLEDGED),
        ("unacknowledge", LogKind.UNACKNOWLEDGED),
        ("assign", LogKind.ASSIGNED),
        ("escalate", LogKind.ESCALATED),
        ("priority_change", LogKind.PRIORITY),
        ("resolve", LogKind.RESOLVED),
        ("reopen", LogKind.REOPENED),
        ("annotate", LogKind.NOTE),
        ("responder_request", LogKind.RESPONDER),
        ("status_update", LogKind.STATUS_UPDATE),
        ("snooze", LogKind.SNOOZED),
        ("service_change", LogKind.SERVICE),
        ("notify", LogKind.OTHER),
        ("teleport", LogKind.OTHER),
    ],
)
def test_a_log_entry_by_its_type(kind: str, expected: LogKind) -> None:
    found = wire.log_entry(entry(kind))
    assert found.kind is expected
    assert wire.log_entry(entry(kind) | {"type": f"{kind}_log_entry_reference"}).kind is expected
    assert (found.agent, found.by_person) == (Person("U1", "Ana"), True)
    assert found.summary == f"{kind} by Ana"


def test_a_service_is_not_a_person() -> None:
    found = wire.log_entry(entry("acknowledge", agent={"id": "S1", "type": "service_reference", "summary": "Bot"}))
    assert (found.agent, found.by_person) == (Person("S1", "Bot"), False)
    assert wire.log_entry(entry("resolve", agent=None)).agent is None


def test_a_change_of_priority_tells_the_new_one() -> None:
    channel = {"type": "api", "new_priority": {"summary": "P1"}, "old_priority": {"name": "P3"}}
    assert wire.log_entry(entry("priority_change", channel=channel)).priority == "P1"
    removed = {"type": "api", "new_priority": None, "old_priority": {"name": "P1"}}
    assert wire.log_entry(entry("priority_change", channel=removed)).priority is None
    assert wire.log_entry(entry("assign", channel=channel)).priority is None


def test_assignees_and_the_slack_channel() -> None:
    people = [{"id": "U1", "type": "user_reference", "summary": "Ana"}, {"id": None}, None, {"id": "U2"}]
    assert wire.log_entry(entry("assign", assignees=people)).assignees == (Person("U1", "Ana"), Person("U2", "U2"))
    for channel in (
        {"type": "slack", "channel_id": "C123"},
        {"type": "slack", "channel": {"id": "C123", "name": "x"}},
        {"type": "slack", "id": "C123"},
    ):
        assert wire.log_entry(entry("acknowledge", channel=channel)).slack_channel == "C123"
    for channel in ({"type": "slack"}, {"type": "api", "channel_id": "C123"}, None, {"type": "slack", "id": "P9"}):
        assert wire.log_entry(entry("acknowledge", channel=channel)).slack_channel is None


def test_a_notes_entry_tells_the_note() -> None:
    assert wire.log_entry(entry("annotate", note="two\nlines")).summary == "two\nlines"
    assert wire.log_entry(entry("annotate", channel={"type": "note", "summary": "told"})).summary == "told"


def test_a_note_of_nobody() -> None:
    found = wire.note({"id": "N1", "created_at": "2026-11-23T12:50:00Z", "user": None, "content": None})
    assert (found.author.name, found.content) == ("somebody", "")


def test_on_call_for_ever() -> None:
    found = wire.on_call({"user": {"id": "U1", "summary": "Ana"}, "escalation_level": 2, "end": None})
    assert (found.person.name, found.level, found.until) == ("Ana", 2, None)


def test_responders_by_their_last_word() -> None:
    asked = [
        {"state": "pending", "user": {"id": "U1", "summary": "Ana"}, "requested_at": "2026-11-23T12:50:00Z"},
        {"state": "joined", "user": {"id": "U1", "summary": "Ana"}, "updated_at": "2026-11-23T12:55:00Z"},
        {"state": None, "user": {"id": "U2"}},
        None,
    ]
    assert wire.responders({"incidents_responders": asked}) == (
        Responder(Person("U1", "Ana"), "joined", datetime(2026, 11, 23, 12, 55, tzinfo=UTC)),
        Responder(Person("U2", "U2"), "pending", None),
    )
    assert wire.responders(None) == ()


def test_priorities_skip_what_has_no_name() -> None:
    body = {"priorities": [{"id": "1", "name": "P1"}, {"id": "2", "summary": "P2"}, {"id": "3"}, None]}
    assert wire.priorities(body) == {"P1": "1", "P2": "2"}


def test_the_dedicated_channel() -> None:
    found = wire.channel_ref({"channel": {"id": "C1", "name": "inc", "link": "https://team.example.org/archives/C1"}})
    assert (found.id, found.name, found.url) == ("C1", "inc", "https://team.example.org/archives/C1")
    with pytest.raises(Unreadable):
        wire.channel_ref({"channel": None})


def test_labels_come_out_of_alertmanagers_text() -> None:
    firing = (
        "Labels:\n - alertname = HubDown\n - cluster = rivendell\n - hub = prod\nAnnotations:\n - summary = x = y\n"
    )
    body = {"type": "alert_body", "details": {"firing": firing, "num_firing": "1"}}
    found = wire.alert({"id": "A1", "created_at": "2026-11-23T08:46:00Z", "body": body})
    assert dict(found.labels) == {"alertname": "HubDown", "cluster": "rivendell", "hub": "prod", "num_firing": "1"}
