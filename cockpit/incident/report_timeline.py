"""The report's timeline: what happened, each act once, in the part that it plays in the tale.

Of a community's words at most one line is quoted, and none in an anonymous report: the report is public.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cockpit.incident.facts import LABELS, LogKind, Record
from cockpit.incident.moments import moment
from cockpit.incident.process import StepKind
from cockpit.incident.report_times import reopenings
from cockpit.incident.report_values import Detection, Entry, EntryKind, Impact
from cockpit.incident.sensors.registry import Context
from cockpit.incident.text import one_line
from cockpit.incident.tickets import ticket_of
from cockpit.incident.timeline import TimelineEvent, timeline

QUOTE = 160
"""How many characters of a community's words, or of a reply to it, are quoted."""
LONGEST = 600
"""How many characters of anything else an entry holds."""
AFTERWARDS = timedelta(days=1)
"""How long after the end what is said in the channel still belongs to the incident."""

_KINDS: Mapping[str, EntryKind] = {
    "opened": EntryKind.LEARNED,
    "alert": EntryKind.LEARNED,
    "ticket": EntryKind.COMMUNITY,
    "heard": EntryKind.COMMUNITY,
    "told": EntryKind.TOLD,
    "reply": EntryKind.TOLD,
    "open_ticket": EntryKind.TOLD,
    "run": EntryKind.COMMAND,
    "acknowledge": EntryKind.RESPONDED,
    "declare": EntryKind.RESPONDED,
    "open_channel": EntryKind.RESPONDED,
    "invite": EntryKind.RESPONDED,
    "request_responders": EntryKind.RESPONDED,
    LogKind.ACKNOWLEDGED: EntryKind.RESPONDED,
    LogKind.RESPONDER: EntryKind.RESPONDED,
    "handoff": EntryKind.HANDOFF,
    "assign": EntryKind.HANDOFF,
    LogKind.ASSIGNED: EntryKind.HANDOFF,
    LogKind.ESCALATED: EntryKind.HANDOFF,
    "resolve_incident": EntryKind.RESOLVED,
    "false_alarm": EntryKind.RESOLVED,
    LogKind.RESOLVED: EntryKind.RESOLVED,
    "reopen_incident": EntryKind.REOPENED,
    "reopen": EntryKind.REOPENED,
    LogKind.REOPENED: EntryKind.REOPENED,
    LogKind.TRIGGERED: EntryKind.REOPENED,
    "note": EntryKind.LOOK,
    "message": EntryKind.LOOK,
    "thread": EntryKind.LOOK,
    "lift": EntryKind.LOOK,
    "incident_note": EntryKind.LOOK,
    LogKind.NOTE: EntryKind.LOOK,
}
"""The part that each kind of event plays; whatever isn't here was a decision."""

_UNTOLD = frozenset({"retract", "defer", "not_applicable", "report", "impact", "snooze"})
"""Kinds of record that are the cockpit's own housekeeping."""
_CHATTER = frozenset({"message", "thread", "lift", "note", "incident_note", LogKind.NOTE.value})

_SIGN = re.compile(r"^[^\w\s\x00-\x7f]\s+")  # such as "✔ "
_ARROW = re.compile(r"\s+(?:→|->|=>)\s+")
_GREETING = re.compile(
    r"(?:dear|hi|hello|hey|good (?:morning|day|afternoon|evening)|thanks?|thank you)\b[^.:;?]{0,40}[,.!:]?", re.I
)
# What somebody says who has changed something: at the head of a sentence, or after "I" or "we".
_CHANGE = (
    r"(?:restarted|rebooted|rolled back|reverted|freed|cleaned|deleted|removed|scaled|resized|doubled|increased|"
    r"raised|deployed|redeployed|pushed|patched|upgraded|downgraded|pinned|drained|replaced|recreated|rebuilt|"
    r"restored|switched|changed|fixed|disabled|enabled|killed|moved|renewed|rotated|cordoned)"
)
_FIX = re.compile(rf"(?:^|[.:;!]\s+)(?:\W{{0,3}}(?:i|we)\s+(?:have\s+|'ve\s+|just\s+)?)?{_CHANGE}\b", re.I)


def telling_line(text: str) -> str:
    """The first line of a letter that says something: neither the greeting nor a quotation."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(">")]
    return one_line(next((line for line in lines if not _GREETING.fullmatch(line)), lines[0] if lines else ""), QUOTE)


def is_fix(text: str) -> bool:
    """Whether somebody says there that they changed something; a question doesn't."""
    return any(_FIX.search(sentence) for sentence in re.findall(r"[^?]*(?:\?|$)", text) if not sentence.endswith("?"))


def entries(ctx: Context, found: Impact, sign: Detection | None, anonymous: bool) -> tuple[Entry, ...]:
    """The timeline, oldest first. `anonymous`: no words of a community."""
    records = {(record.at, record.kind, record.actor): record for record in ctx.snapshot.records}
    quiet = {step.id for step in ctx.process.steps if ctx.process.phase(step.phase).quiet}
    attested = (step for step in ctx.process.steps if step.kind is StepKind.ATTESTED)
    validating = {step.id for step in attested if step.params.get("lapses") == "reopened"}
    subjects = {facts.ticket.url: facts.ticket.subject for facts in ctx.snapshot.tickets}
    lines: list[Entry] = []
    lifted: set[str] = set()
    for event in timeline(ctx.snapshot):
        record = records.get((event.at, event.kind, event.actor))
        step = record.step if record else None
        if event.kind in _UNTOLD or (step in quiet and event.kind in ("attest", "override")):
            continue
        if found.end is not None and event.kind in _CHATTER and event.at > found.end + AFTERWARDS:
            continue
        if event.kind == "lift":  # two cockpits may have posted the same reply at once
            if event.text in lifted:
                continue
            lifted.add(event.text)
        if event.source is None and record is not None:
            event = replace(event, text=_untold(ctx, record) or event.text)
        subject = subjects.get(event.url or "", "")
        line = _entry(event, subject, anonymous)
        lines.append(replace(line, kind=EntryKind.VERIFIED) if step in validating and event.kind == "attest" else line)
    return tuple(_with_start(_with_outcomes(ctx, lines), found))


_VERBS = {"attest": "said to be done", "override": "overridden", "not_applicable": "said not to apply",
          "defer": "put off", "retract": "taken back"}  # fmt: skip

_ON_TICKET = {"link_ticket": "Linked ticket", "unlink_ticket": "Unlinked ticket", "reply": "Told the community, ticket",
              "resolve_ticket": "Resolved ticket", "reopen_ticket": "Opened again: ticket"}  # fmt: skip


def _untold(ctx: Context, record: Record) -> str:
    """In words, what a record says that no message in a channel tells: there is none for a false alarm."""
    if record.kind == "set_priority":
        priority = record.data.get("priority")
        return f"Made it a {priority}" if priority else "Removed the priority"
    if (ticket := ticket_of(record)) is not None and record.kind in _ON_TICKET:
        return f"{_ON_TICKET[record.kind]} {ticket}"
    step = next((step for step in ctx.process.steps if step.id == record.step), None)
    if step is None or record.kind not in _VERBS:
        return ""
    verdict = str(record.data.get("verdict") or "").replace("not_outage", "not an outage").replace("_", " ")
    why = verdict or str(record.data.get("reason") or record.data.get("note") or "")
    return f"{step.title}: {_VERBS[record.kind]}{f', {why}' if why else ''}"


def _entry(event: TimelineEvent, subject: str, anonymous: bool) -> Entry:
    kind = _KINDS.get(event.kind, EntryKind.DECIDED)
    text = _SIGN.sub("", event.text)
    if kind is EntryKind.HANDOFF:  # the brief that follows told the next person what the timeline tells anyway
        text = text.strip().partition("\n")[0]
    what, outcome = one_line(text, LONGEST), ""
    if event.kind in ("heard", "told"):
        # A reply of ours answers in its first words what the community wrote, so that neither is quoted.
        what = {"heard": "Wrote to us", "told": "Told the community"}[event.kind]
        what += "" if anonymous else f": “{telling_line(event.text)}”"
    elif event.kind == "ticket":
        quote = "" if anonymous else f": “{one_line(subject, QUOTE)}”"
        what = one_line(text.removesuffix(f": {subject}"), LONGEST) + quote
    elif kind in (EntryKind.COMMAND, EntryKind.LOOK):
        parts = _ARROW.split(text, maxsplit=1) if event.kind in ("run", "note") else [text]
        what, outcome = one_line(parts[0], LONGEST), one_line(parts[1], LONGEST) if len(parts) > 1 else ""
        if kind is EntryKind.LOOK and is_fix(text):
            kind = EntryKind.FIX
    source = LABELS[event.source] if event.source else ""
    if event.kind == "thread":
        source += ", in a thread"
    return Entry(event.at, kind, one_line(event.actor, 80), what, outcome, source, event.url)


def _with_outcomes(ctx: Context, lines: Iterable[Entry]) -> Iterator[Entry]:
    """The last fix before each resolution with what became of it: it held, or it was opened again."""
    lines = list(lines)
    undone = dict(reopenings(ctx))
    for resolved in ctx.incident.resolved if ctx.incident else ():
        again = undone.get(resolved.at)
        if (place := last_fix(lines, resolved.at)) is None or lines[place].outcome:
            continue
        words = f"resolved at {moment(resolved.at, lines[place].at)}"
        words += f", reopened at {moment(again, resolved.at)}" if again else ""
        lines[place] = replace(lines[place], outcome=words)
    yield from lines


def last_fix(lines: list[Entry], until: datetime) -> int | None:
    """The place of the last fix before that moment."""
    places = (n for n in range(len(lines) - 1, -1, -1) if lines[n].kind is EntryKind.FIX and lines[n].at < until)
    return next(places, None)


def _with_start(lines: Iterable[Entry], found: Impact) -> Iterator[Entry]:
    """The start of the impact in its place, before whatever told of it; an entry at the very same moment told of it."""
    if found.start is None:
        yield from lines
        return
    start = Entry(found.start, EntryKind.IMPACT, "", f"Impact starts, as far as we can tell: {found.start_why}")
    waiting: Entry | None = start
    for line in lines:
        if waiting is not None and line.at >= waiting.at:
            yield waiting
            waiting = None
        yield line
    if waiting is not None:
        yield waiting
