"""The timeline's milestones as a Mermaid diagram that GitHub draws.

Mermaid has no way to quote text that is safe everywhere, so only letters, digits and a few marks get into it: no text
can end the line, the diagram or its fence, begin a directive, a comment or an entity, or be read as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby

from cockpit.incident.report_values import Entry, EntryKind, Report
from cockpit.incident.text import one_line

MOST = 24
"""How many milestones are drawn; of more, those that matter least are left out."""
_LABEL = 60

_RATIO = "∶"  # a colon ends a text in Mermaid
_UNSAFE = re.compile(r"[^\w .,'’()/+–—-]")

_WEIGHTS: Mapping[EntryKind, int] = {
    EntryKind.IMPACT: 0,
    EntryKind.RESOLVED: 0,
    EntryKind.REOPENED: 0,
    EntryKind.VERIFIED: 1,
    EntryKind.FIX: 2,
    EntryKind.HANDOFF: 3,
    EntryKind.LEARNED: 3,
    EntryKind.RESPONDED: 4,
    EntryKind.TOLD: 5,
    EntryKind.COMMUNITY: 6,
}
"""What is drawn, and what is left out last."""


def drawable(text: str) -> str:
    """`text` with nothing in it that means anything to Mermaid, short."""
    plain = _UNSAFE.sub(" ", one_line(text, 400).replace(":", " ").replace("_", " "))
    # Mermaid reads three dashes as front matter or an arrow.
    return one_line(re.sub(r"-{2,}", "-", plain), _LABEL).strip(" .,-") or "…"


def diagram(report: Report) -> str:
    """The diagram's source, without the fence; empty when there are fewer than two milestones to draw."""
    chosen = _milestones(report)
    if len(chosen) < 2:
        return ""
    several_days = len({entry.at.date() for entry in chosen}) > 1
    lines = ["timeline", f"    title {drawable(report.title)}, in UTC"]
    story = list(_story(chosen))
    for name, chapter in groupby(story, key=lambda told: told[0]):
        lines.append(f"    section {name[name.index(' ') + 1 :]}")
        for when, moments in groupby((entry for _, entry in chapter), key=lambda entry: _when(entry.at, several_days)):
            words = " : ".join(_words(entry) for entry in moments)
            lines.append(f"        {when} : {words}")
    return "\n".join(lines)


def _when(at: datetime, with_day: bool) -> str:
    clock = f"{at:%H}{_RATIO}{at:%M}"
    return f"{at.day} {at:%b} {clock}" if with_day else clock


def _milestones(report: Report) -> list[Entry]:
    led = {holder.since for role in report.roles for holder in role.holders}
    candidates = [
        (n, entry)
        for n, entry in enumerate(report.timeline)
        if entry.kind in _WEIGHTS and (entry.kind is not EntryKind.HANDOFF or entry.at in led)
    ]
    candidates.sort(key=lambda one: (_WEIGHTS[one[1].kind], one[0]))
    return [entry for _, entry in sorted(candidates[:MOST], key=lambda one: one[0])]


def _story(chosen: list[Entry]) -> Iterator[tuple[str, Entry]]:
    """Each milestone with its chapter; a number before the name tells chapters of one name apart."""
    number, name = 0, "Before anyone responded"
    for entry in chosen:
        if entry.kind is EntryKind.REOPENED:
            following = "Working on it again"
        elif name.startswith("Before") and entry.kind in (EntryKind.RESPONDED, EntryKind.FIX, EntryKind.TOLD):
            following = "Working on it"
        else:
            following = name
        if following != name or (entry.kind is EntryKind.REOPENED and name != "Resolved"):
            number, name = number + 1, following
        yield f"{number} {name}", entry
        if entry.kind is EntryKind.RESOLVED:
            number, name = number + 1, "Resolved"


def _words(entry: Entry) -> str:
    """A milestone in a few words of ours, and of theirs where it is a fix."""
    match entry.kind:
        case EntryKind.IMPACT:
            return "Impact starts"
        case EntryKind.RESOLVED:
            return "Resolved"
        case EntryKind.REOPENED:
            return "Opened again"
        case EntryKind.TOLD:
            return "Community told"
        case EntryKind.COMMUNITY:
            return "Community wrote"
        case EntryKind.FIX:
            return f"Fix - {drawable(entry.what)}"
        case EntryKind.LEARNED if entry.what.startswith("PagerDuty incident"):
            return "PagerDuty incident opened"
        case EntryKind.VERIFIED:
            return "Validated"
        case _:
            return drawable(entry.what)
