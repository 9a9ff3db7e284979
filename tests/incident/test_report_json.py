"""The report as JSON: a contract."""

from __future__ import annotations

import json

from cockpit.incident.facts import LogKind, PagerDutyFacts
from cockpit.incident.report_json import document
from cockpit.incident.report_markdown import markdown
from cockpit.incident.report_values import EntryKind
from tests.incident.build import ANA, World, resolved
from tests.incident.test_report import told


def test_the_json_has_stable_keys_utc_times_and_seconds() -> None:
    found = document(told(resolved()))
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        "format", "title", "date", "anonymous", "draft", "draft_reason", "gaps", "as_of", "incident", "owner", "impact",
        "detection", "times", "updates", "roles", "tickets", "links", "sections", "timeline",
    }  # fmt: skip
    assert found["impact"]["start"] == "2026-11-23T16:05:00Z"
    assert found["impact"]["duration_seconds"] == 115 * 60
    assert found["times"]["acknowledge"] == {
        "title": "Time to acknowledge", "since": "2026-11-23T16:10:00Z", "at": "2026-11-23T16:12:00Z", "seconds": 120,
        "goal_seconds": 900, "kept": True,
    }  # fmt: skip
    assert found["detection"]["source"] == "community"
    assert {entry["kind"] for entry in found["timeline"]} <= {kind.value for kind in EntryKind}
    assert set(document(told(World()))) == set(found)


def test_a_false_alarm_is_of_the_day_on_which_it_was_one_in_both_forms() -> None:
    world = World().opened("16:00").alert("16:00", "x").attest("validate.test", "16:05", verdict="not_outage")
    written = told(world.resolved("16:10"), "+5 10:00")
    assert document(written)["date"] == "2026-11-23"
    assert "\ndate: 2026-11-23\n" in markdown(written)


def test_the_kinds_of_log_entries_are_known() -> None:
    world = resolved()
    for kind in LogKind:
        world.entry(kind, "17:00", ANA, assignees=(ANA,))
    assert isinstance(told(world).timeline, tuple)
    assert isinstance(world.snapshot().pagerduty, PagerDutyFacts)
