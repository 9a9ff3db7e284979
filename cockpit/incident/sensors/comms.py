"""Phase 5: the communities hear from us every few hours, and are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.incident.facts import Source
from cockpit.incident.moments import ago, span
from cockpit.incident.sensors.registry import Context, Evidence, sensor

_FD = Source.FRESHDESK


def unread_ticket(ctx: Context) -> Evidence | None:
    """The evidence that a linked ticket wasn't read yet, if so."""
    unread = next((ticket for ticket in ctx.linked if ticket not in ctx.tickets), None)
    return None if unread is None else Evidence(None, f"can't tell: Freshdesk hasn't shown ticket {unread} yet", _FD)


def ticket_name(ctx: Context, ticket: int) -> str:
    """The ticket as evidence names it: its number and its community."""
    facts = ctx.ticket(ticket)
    community = (facts.ticket.company or facts.ticket.requester.name) if facts else ""
    return f"ticket {ticket} ({community})" if community else f"ticket {ticket}"


def ticket_url(ctx: Context, ticket: int) -> str | None:
    """Where to look at the ticket."""
    facts = ctx.ticket(ticket)
    return facts.ticket.url if facts else None


@sensor("communities_updated", _FD, needs=("clock",))
def _communities_updated(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if not ctx.linked:
        return Evidence(False, "no ticket is linked, so no community is told", _FD)
    interval = ctx.process.clocks.interval(params["clock"])
    told = []
    for ticket in ctx.linked:
        history = ctx.tickets.get(ticket)
        if history is None:
            continue
        last = history.last_told
        if last is None or (ctx.opened_at is not None and last < ctx.opened_at):
            return Evidence(
                False,
                f"{ticket_name(ctx, ticket)}: not told yet (Freshdesk)",
                _FD,
                None,
                ticket_url(ctx, ticket),
            )
        told.append((last, ticket))
    if told and ctx.now - min(told)[0] >= interval:
        last, ticket = min(told)
        when = f"nothing for {span(ctx.now - last)}, last told at {ctx.moment(last)}"
        said = f"{ticket_name(ctx, ticket)}: {when} (Freshdesk)"
        return Evidence(False, said, _FD, None, ticket_url(ctx, ticket))
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    last, ticket = min(told)
    said = "; ".join(f"{ticket_name(ctx, ticket)} told {ago(at, ctx.now)}" for at, ticket in sorted(told))
    return Evidence(True, f"{said} (Freshdesk, {ctx.moment(last)})", _FD, last, ticket_url(ctx, ticket))


@sensor("communities_answered", _FD)
def _communities_answered(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if not ctx.linked:
        return Evidence(False, "no ticket is linked", _FD)
    answered = []
    for ticket in ctx.linked:
        history = ctx.tickets.get(ticket)
        if history is None:
            continue
        last = history.incoming[-1] if history.incoming else None
        if last is not None and (history.last_told is None or last.at > history.last_told):
            said = (
                f"{ticket_name(ctx, ticket)}: {last.author.name} wrote at {ctx.moment(last.at)}, unanswered (Freshdesk)"
            )
            return Evidence(False, said, _FD, last.at, ticket_url(ctx, ticket))
        if history.last_told is not None:
            answered.append((history.last_told, ticket))
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    if not answered:
        return Evidence(True, "no community has written (Freshdesk)", _FD, None, ticket_url(ctx, ctx.linked[0]))
    at, ticket = max(answered)
    return Evidence(
        True,
        f"nobody waits: we wrote last, at {ctx.moment(at)} (Freshdesk)",
        _FD,
        at,
        ticket_url(ctx, ticket),
    )
