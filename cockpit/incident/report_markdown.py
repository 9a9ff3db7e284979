"""The report as Markdown: front matter, index, prose, timeline. Whatever anybody wrote is text in it, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from cockpit.incident.markup import to_markdown
from cockpit.incident.moments import span
from cockpit.incident.report_diagram import diagram
from cockpit.incident.report_page import Page
from cockpit.incident.report_times import cadence_words, measure_words
from cockpit.incident.report_values import Entry, EntryKind, Line, Means, Report, Role, Section, TicketLine
from cockpit.incident.text import one_line


@dataclass(frozen=True, slots=True)
class Zone:
    """The local time beside UTC: what to call it, and how to tell it."""

    name: str
    at: Callable[[datetime], datetime]


_LABELS: dict[EntryKind, str] = {
    EntryKind.IMPACT: "Impact",
    EntryKind.LEARNED: "Alert",
    EntryKind.RESPONDED: "Response",
    EntryKind.COMMAND: "Command",
    EntryKind.FIX: "Fix",
    EntryKind.COMMUNITY: "Community",
    EntryKind.TOLD: "Update",
    EntryKind.HANDOFF: "Assignment",
    EntryKind.VERIFIED: "Validated",
    EntryKind.RESOLVED: "Resolved",
    EntryKind.REOPENED: "Reopened",
}

# What GitHub, or another reader of Markdown, would make a link or a mention of by itself. As code it stands as typed,
# and can be copied.
_LIVE = re.compile(
    r"`[^`|\\]+`|(?:(?:[a-z][a-z0-9+.-]*:)?//|\bwww\.|\b(?:mailto|xmpp):)[^\s`|\\]+"
    r"|[\w.+%-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w/])@[\w][\w/.-]*",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?<=[\w-])\.(?=[^\W\d_]{2})")
"""The stop in what some readers, though not GitHub, link without any scheme: `hub.example`, or `done.At` by mistake."""
_TRAILING = ".,;:!?)]}'\"”’>"


@lru_cache(maxsize=4096)  # the same names and links stand in thousands of rows
def literal(text: str, limit: int = 600) -> str:
    """`text` on one line, as Markdown that shows it as it is, in a table's cell too, and links to nothing."""
    line = one_line(text, limit)
    written: list[str] = []
    at = 0
    for found in _LIVE.finditer(line):
        token = found[0] if found[0][0] == "`" else found[0].rstrip(_TRAILING) or found[0]
        written += [_plain(line[at : found.start()], not at), token if token[0] == "`" else f"`{token}`"]
        at = found.start() + len(token)
    return "".join((*written, _plain(line[at:], not at)))


def _plain(piece: str, first: bool) -> str:
    """A piece of a line, its spaces kept; only the first piece can begin a block."""
    body = piece.strip()
    if not body:
        return piece
    # A stop before it: it can neither begin a block there nor part a word.
    shown = to_markdown(body if first else f".{body}").replace("{", "\\{")
    shown = _DOMAIN.sub(r"\\.", shown)
    start = len(piece) - len(piece.lstrip())
    return piece[:start] + (shown if first else shown[1:]) + piece[start + len(body) :]


@lru_cache(maxsize=1024)
def link(label: str, url: str | None) -> str:
    """A link of ours, or the label alone where there is no web address to follow."""
    shown = literal(label)
    if url is None or not re.match(r"https?://[^\s]", url, re.IGNORECASE):
        return shown
    # The label of a link may hold no link; a code span in it is fine.
    return f"[{shown}]({quote(url, safe=_SAFE_IN_URL)})"


_SAFE_IN_URL = "/:?#@!$&'*+,;=%~-._"


def page(report: Report, zone: Zone | None = None) -> Page:
    """The report as the parts of a page, which `Page.text` joins."""
    index = "\n".join(_index(report))
    sections = [(section.title, _prose(section)) for section in report.sections]
    timeline = "\n\n".join(_timeline(report, zone))
    title = json.dumps(one_line(report.title, 300), ensure_ascii=False)
    front = [f"title: {title}", f"date: {report.date.isoformat()}"]
    tickets = [f"ticket-{one.number}" for one in report.tickets]
    return Page.generated(
        incident=report.incident_id or next(iter(tickets), "none"),
        also=tickets,
        anonymous=report.anonymous,
        front=front,
        index=index,
        sections=sections,
        timeline=timeline,
    )


def markdown(report: Report, zone: Zone | None = None) -> str:
    """The report as Markdown. The same report gives the same text."""
    return page(report, zone).text()


def _index(report: Report) -> Iterator[str]:
    if report.draft:
        yield f"> **Draft: {literal(report.draft)}.** As of {_full(report.as_of)}."
        yield ""
    for gap in report.gaps:
        yield f"> **Incomplete:** {literal(gap)}."
        yield ""
    rows = [(name, cell) for name, cell in _rows(report) if cell]
    for number, (name, cell) in enumerate(rows):
        yield f"| **{name}** | {cell} |"
        if number == 0:
            yield "| --- | --- |"


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    impact = report.impact
    yield "Owner", f"{literal(report.owner)} ({literal(report.owner_as)})" if report.owner else ""
    if impact.start is not None:
        yield "Impact starts", f"{_full(impact.start)} ({literal(impact.start_why)})"
    if impact.end is not None:
        yield "Impact ends", f"{_full(impact.end)} ({literal(impact.end_why)})"
    elif report.draft and report.number is not None:
        yield "Impact ends", "it goes on"
    if impact.duration is not None:
        yield "Duration", span(impact.duration)
    if report.detection is not None:
        words = link(report.detection.words, report.detection.url)
        source = "monitoring: " if report.detection.means is Means.MONITORING else ""
        yield "Detected by", f"{source}{words}, {_full(report.detection.at)}"
    for one in report.measures:
        yield literal(one.title), measure_words(one, not report.draft)
    if report.cadence is not None:
        yield "Updates", literal(cadence_words(report.cadence))
    for role in report.roles:
        yield literal(role.title), _holders(role)
    yield ("Tickets" if len(report.tickets) > 1 else "Ticket"), "; ".join(_ticket(one) for one in report.tickets)
    yield "Links", ", ".join(link(one.label, one.url) for one in report.links)


def _holders(role: Role) -> str:
    several = len(role.holders) > 1
    return ", ".join(
        literal(one.name) + (f" (from {_full(one.since)})" if several and one.since is not None else "")
        for one in role.holders
    )


def _ticket(one: TicketLine) -> str:
    who = ", ".join(dict.fromkeys(name for name in (one.community, one.representative) if name))
    times = "once" if one.told == 1 else f"{one.told} times"
    told = f"told {times}" if one.told else "not told"
    return f"{link(f'Ticket {one.number}', one.url)}{f' ({literal(who)})' if who else ''}: {one.status}, {told}"


def _full(at: datetime) -> str:
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def _prose(section: Section) -> str:
    shown = [_line(line) for line in section.lines]
    return "\n".join(f"- {one}" for one in shown) if section.items else "\n\n".join(shown)


def _line(line: Line) -> str:
    links = [link(one.label, one.url) for one in line.links]
    return literal(line.text, 2000) + (f": {', '.join(links)}" if links else "")


def _timeline(report: Report, zone: Zone | None) -> Iterator[str]:
    entries = report.timeline
    if not entries:
        return
    days = {entry.at.date() for entry in entries}
    local = zone if zone and any(zone.at(entry.at).utcoffset() for entry in (entries[0], entries[-1])) else None
    names = _zone_names(local, (entries[0].at, entries[-1].at)) if local else ""
    beside = f", and {names} beside it" if local else ""
    first = entries[0].at
    yield f"Times are UTC{beside}" + (f"; all of {first.day} {first:%B %Y}." if len(days) == 1 else ".")
    if drawn := diagram(report):
        yield f"```mermaid\n{drawn}\n```"
    outcomes = any(entry.outcome for entry in entries)
    head = ["UTC", *([names] if local else []), "Who", "What", *(["Outcome"] if outcomes else []), "Where"]
    rows = [_row(cells) for cells in (head, ["---"] * len(head))]
    rows += [_row(_cells(entry, local, outcomes, len(days) > 1)) for entry in entries]
    yield "\n".join(rows)


def _zone_names(zone: Zone, moments: Iterable[datetime]) -> str:
    short = "/".join(dict.fromkeys(name for at in moments if (name := zone.at(at).tzname())))
    return literal(f"{zone.name} ({short})" if zone.name and short and zone.name != short else zone.name or short)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(entry: Entry, zone: Zone | None, outcomes: bool, with_day: bool) -> Iterator[str]:
    at = entry.at
    yield f"{at.day} {at:%b %H:%M}" if with_day else f"{at:%H:%M}"
    if zone is not None:
        local = zone.at(at)
        yield f"{local:%H:%M}" + (f" ({local.day} {local:%b})" if local.date() != at.date() else "")
    yield literal(entry.who, 80)
    yield _labelled(_LABELS.get(entry.kind), _what(entry))
    if outcomes:
        yield literal(entry.outcome)
    yield link(entry.source, entry.url) if entry.source else ""


def _labelled(label: str | None, shown: str) -> str:
    """What happened, with its part in bold before it, unless it begins with that word already."""
    if label is None:
        return shown
    if label in ("Impact", "Alert", "Resolved", "Reopened") and re.match(rf"{label}\b", shown):
        return f"**{label}**{shown[len(label) :]}"
    return f"**{label}.** {shown}"


def _what(entry: Entry) -> str:
    command = entry.what.removeprefix("$ ")
    if entry.kind is EntryKind.COMMAND and command and not re.search(r"[`|\\]", command):
        return f"`{one_line(command)}`"
    return literal(entry.what)
