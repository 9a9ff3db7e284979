"""Named conditions under which a step applies. Each answers why it doesn't, or None when it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cockpit.incident.facts import Source, Status, TicketStatus
from cockpit.incident.sensors.registry import Context
from cockpit.incident.sensors.validate import tagged
from cockpit.incident.standing import ASKED, NOT_OUTAGE, handoff_since, relief_from, verdict


@dataclass(frozen=True, slots=True)
class Exempt:
    """A step doesn't apply, for this reason. `if_open`: only while it isn't done, since what was done stays done."""

    reason: str
    if_open: bool = False


Applies = Callable[[Context], Exempt | None]
"""Why the step doesn't apply; None: it applies."""


def began_with_ticket(ctx: Context) -> bool:
    """Whether the incident began with a ticket rather than with an alert."""
    pagerduty = ctx.snapshot.pagerduty
    if pagerduty is None:
        return bool(ctx.linked)
    created = [facts.ticket.created_at for facts in ctx.snapshot.tickets if not facts.ticket.outbound]
    return not pagerduty.alerts and bool(created) and min(created) < pagerduty.incident.created_at


def _not_tested(ctx: Context) -> Exempt | None:
    found = verdict(ctx)
    if found is not None and found.value != ASKED and tagged(ctx) is None:
        return Exempt(f"tested by hand by {found.by}, {ctx.moment(found.at)}")
    if ctx.snapshot.pagerduty is None and ctx.linked and not ctx.down(Source.PAGERDUTY):
        return Exempt("it began with a ticket, which carries no tag")
    return None


def _not_tagged(ctx: Context) -> Exempt | None:
    if verdict(ctx) is None and tagged(ctx) is not None:
        return Exempt(f"the alert carries “{ctx.process.words.outage_tag}”: it is an outage")
    return None


def _false_alarm(ctx: Context) -> Exempt | None:
    found = verdict(ctx)
    if found is None or found.value != NOT_OUTAGE:
        return Exempt("nobody said that it is a false alarm")
    if ctx.snapshot.pagerduty is None and ctx.linked and not ctx.down(Source.PAGERDUTY):
        return Exempt("it began with a ticket, and no incident was declared that would have to be closed")
    return None


def _outage(ctx: Context) -> Exempt | None:
    found = verdict(ctx)
    if found is not None and found.value == NOT_OUTAGE:
        return Exempt(f"not an outage, says {found.by} ({ctx.moment(found.at)})")
    return None


def _ongoing(ctx: Context) -> Exempt | None:
    if (exempt := _outage(ctx)) is not None:
        return exempt
    pagerduty = ctx.snapshot.pagerduty
    if pagerduty is None or pagerduty.incident.status is not Status.RESOLVED or ctx.down(Source.PAGERDUTY):
        return None
    at = ctx.incident.resolution.at if ctx.incident and ctx.incident.resolution else None
    return Exempt(f"resolved at {ctx.moment(at)}" if at else "the incident is resolved", if_open=True)


def _or_ticket(applies: Applies) -> Applies:
    """The same of an outage; what turned out to be none still has its tickets answered and resolved."""

    def condition(ctx: Context) -> Exempt | None:
        none = _outage(ctx)
        if none is None:
            return applies(ctx)
        if not ctx.linked:
            return none
        ended = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
        read = [ctx.ticket(ticket) for ticket in ctx.linked]
        return replace(none, if_open=True) if all(one and one.ticket.status in ended for one in read) else None

    return condition


def _handing_over(ctx: Context) -> Exempt | None:
    if (exempt := _outage(ctx)) is not None:
        return exempt
    due = relief_from(ctx)
    if handoff_since(ctx) is not None or (due is not None and ctx.now >= due):
        return None
    return Exempt("no hand-off was begun, and no relief is due")


CONDITIONS: Mapping[str, Applies] = MappingProxyType(
    {
        "not_tested": _not_tested,
        "not_tagged": _not_tagged,
        "false_alarm": _false_alarm,
        "outage": _outage,
        "outage_or_ticket": _or_ticket(_outage),
        "ongoing": _ongoing,
        "ongoing_or_ticket": _or_ticket(_ongoing),
        "handing_over": _handing_over,
    }
)
"""Every condition that a process file may name."""
