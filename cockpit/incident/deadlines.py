"""The clocks that run now: who must do what, until when."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cockpit.incident.facts import LABELS, Source, Status
from cockpit.incident.official_start import OfficialStart, informed_at
from cockpit.incident.sensors.comms import ticket_name
from cockpit.incident.sensors.registry import Context
from cockpit.incident.standing import NOT_OUTAGE, verdict


class Due(StrEnum):
    """How a deadline stands."""

    OK = "ok"
    SOON = "soon"
    OVERDUE = "overdue"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due. `id` names the clock, `about` says whom or what it is about, `started` is when the clock
    began; `ticket` tells deadlines of one id apart. One that a person snoozed is *ok* until `snoozed_until`."""

    id: str
    title: str
    due: datetime
    state: Due
    about: str
    started: datetime
    ticket: int | None = None
    snoozed_until: datetime | None = None


_CLOCKS = {"community_update": "update"}
"""The clock of a deadline whose id isn't the clock's."""

_URGENCY = {Due.OVERDUE: 0, Due.SOON: 1, Due.OK: 2, Due.MET: 3}


def deadlines(ctx: Context, start: OfficialStart, run: Collection[str], done: Collection[str]) -> tuple[Deadline, ...]:
    """What is due, most urgent first, what is met last.

    `run` names the clocks of steps that nobody has overridden or said not to apply: without such a step a clock doesn't
    run, but for relief, which is nobody's step. `done` names those whose step is done.
    """
    found = verdict(ctx)
    facts = ctx.snapshot.pagerduty
    if facts is None or (found is not None and found.value == NOT_OUTAGE):
        return ()
    if facts.incident.status is Status.RESOLVED:
        due = list(_after(ctx, start, done))
    else:
        due = [*_acknowledge(ctx), *_inform(ctx), *_updates(ctx, start), *_narrate(ctx), *_relief(ctx)]
    told = (_snoozed(ctx, one) for one in due if one.id == "relief" or _CLOCKS.get(one.id, one.id) in run)
    return tuple(
        sorted(told, key=lambda one: (_URGENCY[one.state], one.snoozed_until or one.due, one.id, one.ticket or 0))
    )


def _snoozed(ctx: Context, one: Deadline) -> Deadline:
    """The deadline, kept quiet while a person's snooze of it lasts. A clock that began anew since isn't snoozed."""
    found = ctx.records.snoozed.get((one.id, one.ticket))
    if found is None or one.state is Due.MET or found.until <= ctx.now or found.at < one.started:
        return one
    words = f"{one.about} · snoozed until {ctx.moment(found.until)}: {found.reason}"
    return replace(one, state=Due.OK, snoozed_until=found.until, about=words)


def _deadline(
    ctx: Context,
    clock: str,
    title: str,
    about: str,
    started: datetime,
    source: Source | None = None,
    met: bool = False,
    ticket: int | None = None,
    allowed: timedelta | None = None,
) -> Deadline:
    """A deadline with its state. `source` is the service that could have told of its being met."""
    allowed = allowed or ctx.process.clocks.interval(clock)
    due = started + allowed
    if met:
        state = Due.MET
    elif ctx.now >= due:
        state = Due.OVERDUE
    else:
        state = Due.SOON if ctx.now >= started + allowed * ctx.process.clocks.soon_fraction else Due.OK
    if source is not None and not met and ctx.down(source):
        read = ctx.health(source).read_at
        about += f" (as {LABELS[source]} said at {ctx.moment(read)})" if read else f" ({LABELS[source]} can't be read)"
    return Deadline("community_update" if clock == "update" else clock, title, due, state, about, started, ticket)


def _acknowledge(ctx: Context) -> Iterator[Deadline]:
    if ctx.opened_at is None or ctx.incident is None:
        return
    met = bool(ctx.incident.acknowledged)
    first = ctx.incident.acknowledged[0] if met else None
    about = f"acknowledged at {ctx.moment(first.at)}" if first else "no person has it yet"
    yield _deadline(ctx, "acknowledge", "Acknowledge", about, ctx.opened_at, Source.PAGERDUTY, met)


def _inform(ctx: Context) -> Iterator[Deadline]:
    """One for the communities known at first; one for each ticket that was linked after they were informed."""
    opened, informed = ctx.opened_at, informed_at(ctx)
    if opened is None:
        return
    if informed is None:
        waiting = [ticket for ticket in ctx.linked if not _told(ctx, ticket)]
        about = ", ".join(ticket_name(ctx, ticket) for ticket in waiting) or "no ticket is linked yet"
        yield _deadline(ctx, "inform", "Tell the community", about, opened, Source.FRESHDESK)
        return
    yield _deadline(ctx, "inform", "Tell the community", f"told at {ctx.moment(informed)}", opened, None, met=True)
    for ticket in ctx.linked:
        if not _told(ctx, ticket):
            since = max(ctx.linked_since(ticket) or opened, opened)
            about = ticket_name(ctx, ticket)
            yield _deadline(ctx, "inform", "Tell the community", about, since, Source.FRESHDESK, ticket=ticket)


def _told(ctx: Context, ticket: int) -> bool:
    """Whether that community heard from us since the incident was opened."""
    history = ctx.tickets.get(ticket)
    return history is not None and ctx.opened_at is not None and history.told_since(ctx.opened_at) is not None


def _updates(ctx: Context, start: OfficialStart) -> Iterator[Deadline]:
    if start.at is None:
        return
    for ticket in ctx.linked:
        history = ctx.tickets.get(ticket)
        last = history.last_told if history else None
        if last is not None and _told(ctx, ticket):
            about = ticket_name(ctx, ticket)
            yield _deadline(ctx, "update", "Update", about, last, Source.FRESHDESK, ticket=ticket)


def _narrate(ctx: Context) -> Iterator[Deadline]:
    slack = ctx.snapshot.slack
    if slack is None or ctx.channel is None or slack.channel.archived or not slack.channel.member:
        return
    last = ctx.channel.last_said
    since = last.at if last else slack.channel.created_at
    yield _deadline(ctx, "narrate", "Write in the channel", f"#{slack.channel.name}", since, Source.SLACK)


def _relief(ctx: Context) -> Iterator[Deadline]:
    shift = ctx.incident.shift if ctx.incident else None
    if shift is not None:
        about = f"{shift.person.name} leads since {ctx.moment(shift.since)}"
        yield _deadline(ctx, "relief", "Suggest relief", about, shift.since, Source.PAGERDUTY)


def _after(ctx: Context, start: OfficialStart, done: Collection[str]) -> Iterator[Deadline]:
    facts, history = ctx.snapshot.pagerduty, ctx.incident
    if facts is None or history is None:
        return
    resolved = history.resolution.at if history.resolution else facts.incident.changed_at
    if resolved is None or (start.at is None and facts.incident.priority != ctx.process.words.priority):
        return  # it never was an incident of the process, so no report is owed
    for clock, title in (
        ("draft", "Draft the report"),
        ("review", "Have it reviewed"),
        ("publish", "Publish it"),
    ):
        about = f"resolved at {ctx.moment(resolved)}"
        yield _deadline(ctx, clock, title, about, resolved, None, met=clock in done)
