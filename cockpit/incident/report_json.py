"""The report as plain values, for JSON: stable keys, times ISO 8601 in UTC with a Z, durations in whole seconds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cockpit.incident.moments import zulu
from cockpit.incident.report_values import Impact, Line, Measure, Report

FORMAT = "cockpit report 1"
"""The value of `format`, by which a file is known as one of ours."""


def document(report: Report) -> dict[str, Any]:
    """The report as JSON has it. What isn't known is null; a list with nothing in it is empty, never missing."""
    cadence = report.cadence
    return {
        "format": FORMAT,
        "title": report.title,
        "date": report.date.isoformat(),
        "anonymous": report.anonymous,
        "draft": bool(report.draft),
        "draft_reason": report.draft or None,
        "gaps": list(report.gaps),
        "as_of": zulu(report.as_of),
        "incident": {
            "id": report.incident_id,
            "number": report.number,
            "priority": report.priority,
            "url": report.url,
        },
        "owner": report.owner or None,
        "impact": _impact(report.impact),
        "detection": None
        if report.detection is None
        else {
            "source": report.detection.means.value,
            "at": zulu(report.detection.at),
            "words": report.detection.words,
            "url": report.detection.url,
        },
        "times": {one.name: _measure(one) for one in report.measures},
        "updates": None
        if cadence is None
        else {
            "interval_seconds": seconds(cadence.interval),
            "due": cadence.due,
            "within_interval": cadence.kept,
            "longest_gap_seconds": seconds(cadence.longest),
            "longest_gap_about": cadence.longest_about or None,
        },
        "roles": [
            {
                "role": role.key,
                "title": role.title,
                "people": [{"name": one.name, "since": zulu(one.since)} for one in role.holders],
            }
            for role in report.roles
        ],
        "tickets": [
            {
                "id": one.number,
                "community": one.community or None,
                "representative": one.representative,
                "status": one.status,
                "told": one.told,
                "url": one.url,
            }
            for one in report.tickets
        ],
        "links": [{"label": one.label, "url": one.url} for one in report.links],
        "sections": [
            {"id": one.id, "title": one.title, "lines": [_line(line) for line in one.lines]} for one in report.sections
        ],
        "timeline": [
            {
                "at": zulu(one.at),
                "kind": one.kind.value,
                "who": one.who or None,
                "what": one.what,
                "outcome": one.outcome or None,
                "source": one.source or None,
                "url": one.url,
            }
            for one in report.timeline
        ],
    }


def _impact(found: Impact) -> dict[str, Any]:
    return {
        "start": zulu(found.start),
        "start_reason": found.start_why or None,
        "end": zulu(found.end),
        "end_reason": found.end_why or None,
        "duration_seconds": seconds(found.duration),
    }


def _measure(found: Measure) -> dict[str, Any]:
    return {
        "title": found.title,
        "since": zulu(found.since),
        "at": zulu(found.at),
        "seconds": seconds(found.took),
        "goal_seconds": seconds(found.goal),
        "kept": found.kept,
    }


def _line(line: Line) -> dict[str, Any]:
    return {"text": line.text, "links": [{"label": one.label, "url": one.url} for one in line.links]}


def seconds(length: timedelta | None) -> int | None:
    """A span in whole seconds."""
    return None if length is None else int(length.total_seconds())
