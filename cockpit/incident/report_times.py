"""The report's figures: when users were hit, how it came to be known, how long each thing took."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cockpit.incident.facts import Status, TicketFacts
from cockpit.incident.history import TicketHistory
from cockpit.incident.moments import moment, span
from cockpit.incident.official_start import informed_at
from cockpit.incident.report_values import Cadence, Detection, Impact, Means, Measure
from cockpit.incident.sensors.comms import ticket_name
from cockpit.incident.sensors.registry import Context
from cockpit.incident.standing import NOT_OUTAGE, verdict
from cockpit.incident.text import one_line

BELONGS = timedelta(days=3)
"""How long before the alert a community's message can have told of the same outage: an old ticket is often reused."""


def first_word(facts: TicketFacts, opened: datetime | None) -> datetime | None:
    """When a community first told of this outage in that ticket, or None."""
    heard = (piece.at for piece in facts.conversations if piece.incoming and not piece.private)
    return min((at for at in heard if opened is None or at >= opened - BELONGS), default=None)


def first_sign(ctx: Context) -> Detection | None:
    """The first thing that told of the outage: an alert, a community, or a person who declared it."""
    found: list[Detection] = []
    pagerduty = ctx.snapshot.pagerduty
    if pagerduty is not None:
        for alert in pagerduty.alerts:
            words = f"an alert, “{one_line(alert.title, 120)}”"
            found.append(Detection(Means.MONITORING, alert.created_at, words, pagerduty.incident.url))
    for number in ctx.linked:
        facts = ctx.ticket(number)
        heard = first_word(facts, ctx.opened_at) if facts else None
        if facts is not None and heard is not None:
            words = f"a message of the community, {ticket_name(ctx, number)}"
            found.append(Detection(Means.COMMUNITY, heard, words, facts.ticket.url))
    if pagerduty is not None:
        incident = pagerduty.incident
        opener = next((entry for entry in pagerduty.log_entries if entry.at == incident.created_at), None)
        by_person = opener is not None and opener.by_person
        means = Means.PERSON if by_person else Means.MONITORING
        words = "a person, who declared it" if by_person else "PagerDuty, which opened the incident"
        found.append(Detection(means, incident.created_at, words, incident.url))
    return min(found, key=lambda sign: sign.at, default=None)  # the first of equals: an alert before what it opened


def _moment_in(words: object) -> datetime | None:
    """The moment that a record's data hold, ISO 8601; one without a zone is UTC."""
    try:
        at = datetime.fromisoformat(str(words))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _said(ctx: Context, key: str, after: datetime | None = None) -> tuple[datetime, str] | None:
    """What a person last said of the impact, later than `after`, in a record's data under `key`, and who."""
    for record in reversed(ctx.snapshot.records):
        if after is not None and record.at <= after:
            return None
        if key in record.data and (at := _moment_in(record.data[key])) is not None:
            return at, record.actor
    return None


def false_alarm(ctx: Context) -> bool:
    """Whether it was none: a person said so, or the priority was taken off after the resolution, as for one."""
    found = verdict(ctx)
    if found is not None:
        return found.value == NOT_OUTAGE
    facts, history = ctx.snapshot.pagerduty, ctx.incident
    if facts is None or history is None or facts.incident.status is not Status.RESOLVED:
        return False
    removed = history.priority[-1].until if history.priority else None
    return removed is not None and history.was_resolved(removed)


def impact(ctx: Context, sign: Detection | None) -> Impact:
    """The best guess of when users were hit; a false alarm hit nobody. A person's word (`impact_start`, `impact_end`)
    wins over the first sign and over the resolution: whoever says it knows of those."""
    if false_alarm(ctx):
        return Impact(None, "", None, "")
    start, why = (sign.at, f"the first sign was {sign.words}") if sign else (None, "")
    if (said := _said(ctx, "impact_start")) is not None:
        start, why = said[0], f"{said[1]} said so"
    end, end_why = _end(ctx)
    if start is not None and end is not None and end < start:
        end = start
    return Impact(start, why, end, end_why)


def _end(ctx: Context) -> tuple[datetime | None, str]:
    facts, history = ctx.snapshot.pagerduty, ctx.incident
    if facts is None or history is None or facts.incident.status is not Status.RESOLVED:
        return None, ""
    if (said := _said(ctx, "impact_end", after=ctx.reopened_at)) is not None:  # an end that didn't hold was none
        return said[0], f"{said[1]} said so"
    if history.resolution is not None:
        who = history.resolution.agent.name if history.resolution.agent else "PagerDuty"
        return history.resolution.at, f"resolved by {who}"
    return facts.incident.changed_at, "PagerDuty shows it as resolved"


def measures(ctx: Context, found: Impact, sign: Detection | None) -> tuple[Measure, ...]:
    """How long each thing took; from PagerDuty's opening on, as the process counts, but for the detection."""
    opened, history = ctx.opened_at, ctx.incident
    rows: list[Measure] = []
    if sign is not None and found.start is not None and sign.at > found.start:
        rows.append(Measure("detect", "Time to detect", found.start, sign.at))
    if opened is None or history is None:
        return tuple(rows)
    priority, clocks = ctx.process.words.priority, ctx.process.clocks
    acknowledged = history.acknowledged[0].at if history.acknowledged else None
    raised = next((one.since for one in history.priority if one.certain), None)
    rows += [
        Measure("acknowledge", "Time to acknowledge", opened, acknowledged, clocks.acknowledge),
        Measure("priority", f"Time to {priority}", opened, raised),
        Measure("inform", "Time to inform", opened, informed_at(ctx), clocks.inform),
        Measure("restore", "Time to restore", opened, found.end),
    ]
    return tuple(row for row in rows if row.at is not None or not false_alarm(ctx))


def cadence(ctx: Context, until: datetime) -> Cadence | None:
    """How well the updates kept their interval, up to `until`; None if no community was ever told.

    A clock runs from each thing that we told a community to the next, while the incident is open; a reopening starts
    it anew. What was late and never came counts as an update that was due.
    """
    interval = ctx.process.clocks.update
    due = kept = 0
    longest: tuple[timedelta, int] | None = None
    told_any = False
    for number in ctx.linked:
        history = ctx.tickets.get(number)
        told_any |= history is not None and ctx.opened_at is not None and history.told_since(ctx.opened_at) is not None
        for gap, ended_by_update in _gaps(ctx, history, until) if history else ():
            if ended_by_update or gap > interval:
                due += 1
                kept += gap <= interval
            if longest is None or gap > longest[0]:
                longest = gap, number
    if not told_any:
        return None
    about = ticket_name(ctx, longest[1]) if longest else ""
    return Cadence(interval, due, kept, longest[0] if longest else None, about)


def _gaps(ctx: Context, history: TicketHistory, until: datetime) -> Iterator[tuple[timedelta, bool]]:
    """The waits of one community while the incident was open, each with whether an update of ours ended it."""
    for begin, end in _open_spans(ctx, until):
        told = [at for at in history.told if begin <= at <= end]
        if begin == ctx.opened_at:  # the wait for the first word is the time to inform
            told, begin = told[1:], told[0] if told else end
        for at in told:
            yield at - begin, True
            begin = at
        if end > begin:
            yield end - begin, False


def _open_spans(ctx: Context, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From when until when the incident was open."""
    begin = ctx.opened_at
    if begin is None or ctx.incident is None:
        return
    for entry in ctx.incident.resolved:
        if begin is None or entry.at < begin:
            continue
        yield begin, entry.at
        begin = next((at for at in ctx.incident.reopened if at > entry.at), None)
    if begin is not None and until > begin:
        yield begin, until


def reopenings(ctx: Context) -> tuple[tuple[datetime, datetime], ...]:
    """Each resolution that didn't hold, with when the incident was opened again."""
    resolved = ctx.incident.resolved if ctx.incident else ()
    found: dict[datetime, datetime] = {}
    for entry in resolved:
        again = next((at for at in ctx.incident.reopened if at > entry.at), None) if ctx.incident else None
        if again is not None:
            found[again] = entry.at  # of two resolutions in a row, the later one
    return tuple((at, again) for again, at in found.items())


def cadence_words(found: Cadence) -> str:
    """The cadence in words."""
    within = span(found.interval)
    if not found.due:
        words = f"no further update was due within {within}"
    else:
        words = f"{found.kept} of {found.due} update{'s' if found.due != 1 else ''} within {within}"
    if found.longest is not None:
        words += f"; the longest gap was {span(found.longest)}" + (
            f", {found.longest_about}" if found.longest_about else ""
        )
    return words


def measure_words(found: Measure, over: bool) -> str:
    """A measure in words: how long, against which goal, and when it happened. `over`: it won't happen any more."""
    if found.took is None or found.at is None:
        return ("it didn't happen" if over else "not yet") + (f" (goal {span(found.goal)})" if found.goal else "")
    words = span(found.took)
    if found.goal is not None:
        words += f" (goal {span(found.goal)}, {'kept' if found.kept else 'missed'})"
    return f"{words}, at {moment(found.at, found.since)}"
