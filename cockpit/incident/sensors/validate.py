"""Phase 1: is it an outage?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.incident.facts import Source, Status
from cockpit.incident.sensors.registry import Context, Evidence, sensor


def carries(text: str, tag: str, others: tuple[str, ...] = ()) -> bool:
    """Whether `text` carries exactly that tag: not inside a word, and not inside (or overlapping) another known tag."""

    def places(words: str) -> list[tuple[int, int]]:
        pattern = rf"(?<![\w-]){re.escape(words)}(?![\w-])"
        return [match.span() for match in re.finditer(pattern, text)] if words in text else []

    taken = [span for other in others for span in places(other)]
    return any(
        all(stop <= start or end <= begin or (start <= begin and stop <= end) for begin, stop in taken)
        for start, end in places(tag)
    )


def tagged(ctx: Context) -> tuple[datetime, str] | None:
    """When the outage's tag came and where it is, from the incident's title and the alerts' titles and bodies."""
    facts, words = ctx.snapshot.pagerduty, ctx.process.words
    if facts is None:
        return None
    others = (*words.other_tags, *(tag for tag in words.tags if tag != words.outage_tag))
    if carries(facts.incident.title, words.outage_tag, others):
        return facts.incident.created_at, "the title"
    for alert in facts.alerts:
        if carries(alert.title, words.outage_tag, others) or carries(alert.body, words.outage_tag, others):
            return alert.created_at, f"the alert “{alert.title}”"
    return None


@sensor("outage_tag", Source.PAGERDUTY)
def _outage_tag(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, words = ctx.snapshot.pagerduty, ctx.process.words
    if facts is None:
        return Evidence(False, "no PagerDuty incident yet, so no tag", Source.PAGERDUTY)
    found = tagged(ctx)
    if found is not None:
        at, where = found
        said = f"{where} carries “{words.outage_tag}” (PagerDuty, {ctx.moment(at)})"
        return Evidence(True, said, Source.PAGERDUTY, at, facts.incident.url)
    texts = [facts.incident.title, *(text for alert in facts.alerts for text in (alert.title, alert.body))]
    trap = next((tag for tag in words.other_tags if any(carries(text, tag) for text in texts)), None)
    level = next(((t, p) for t, p in words.tags.items() if any(carries(text, t) for text in texts)), None)
    said = f"no title or alert carries “{words.outage_tag}”: test by hand"
    if trap is not None:
        said = f"“{trap}” isn't “{words.outage_tag}”, so it proves nothing: test by hand"
    elif level is not None:
        said = f"it carries “{level[0]}” ({level[1]}), not “{words.outage_tag}”: test by hand"
    return Evidence(False, said, Source.PAGERDUTY, None, facts.incident.url)


@sensor("false_alarm_closed", Source.PAGERDUTY)
def _false_alarm_closed(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, history, priority = ctx.snapshot.pagerduty, ctx.incident, ctx.process.words.priority
    if facts is None or history is None:
        return Evidence(False, "no PagerDuty incident to close", Source.PAGERDUTY)
    url = facts.incident.url
    resolved = facts.incident.status is Status.RESOLVED
    if facts.incident.priority == priority:
        said = f"it is resolved: now remove {priority}" if resolved else f"resolve it first, then remove {priority}"
        return Evidence(False, f"{said} (PagerDuty)", Source.PAGERDUTY, None, url)
    spans = history.priority
    removed = spans[-1].until if spans else None
    if removed is not None and not history.was_resolved(removed):
        said = f"{priority} was removed at {ctx.moment(removed)}, before it was resolved: "
        said += "look for a phantom on the status page, and override this step once it is gone"
        return Evidence(False, said, Source.PAGERDUTY, removed, url)
    if not resolved:
        return Evidence(False, f"it isn't {priority}: resolve it (PagerDuty)", Source.PAGERDUTY, None, url)
    at = history.resolution.at if history.resolution else None
    when = f" at {ctx.moment(at)}" if at else ""
    if removed is None:
        return Evidence(True, f"resolved{when}; it never was {priority} (PagerDuty log)", Source.PAGERDUTY, at, url)
    said = f"resolved first, then {priority} removed at {ctx.moment(removed)} (PagerDuty log)"
    return Evidence(True, said, Source.PAGERDUTY, removed, url)
