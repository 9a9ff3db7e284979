"""Phases 6 and 7: it is resolved, they know, and it stays so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.incident.facts import Conversation, Record, Source, Status, TicketStatus
from cockpit.incident.sensors.comms import ticket_name, ticket_url, unread_ticket
from cockpit.incident.sensors.registry import Context, Evidence, cant_tell, sensor
from cockpit.incident.text import squash
from cockpit.incident.tickets import ticket_of

_PD, _FD = Source.PAGERDUTY, Source.FRESHDESK

_CLOCKS_APART = timedelta(minutes=2)
"""How far Freshdesk's clock may lag behind the clock of the machine that sent a reply."""


def _arrived(ctx: Context, ticket: int, record: Record) -> Conversation | None:
    """The public reply in Freshdesk that the record is about."""
    history = ctx.tickets.get(ticket)
    if history is None:
        return None
    number = record.data.get("conversation_id", record.data.get("conversation"))
    if number is not None:
        return next((piece for piece in history.replies if str(piece.id) == str(number)), None)
    return next((piece for piece in history.replies if piece.at >= record.at - _CLOCKS_APART), None)


@sensor("resolution_told", _FD)
def _resolution_told(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if not ctx.linked:
        return Evidence(False, "no ticket is linked, so no community is told", _FD)
    told: list[tuple[datetime, int]] = []
    for ticket in ctx.linked:
        sent = [
            record
            for record in ctx.records.replies
            if ticket_of(record) == ticket
            and record.data.get("purpose") == "resolution"
            and (ctx.reopened_at is None or record.at > ctx.reopened_at)
        ]
        if not sent:
            said = f"{ticket_name(ctx, ticket)}: no resolution message yet"
            if ctx.reopened_at is not None:
                said += f" since it was reopened at {ctx.moment(ctx.reopened_at)}"
            return Evidence(False, f"{said} (Freshdesk)", _FD, None, ticket_url(ctx, ticket))
        reply = _arrived(ctx, ticket, sent[-1])
        if reply is None and ticket in ctx.tickets:
            said = f"{ticket_name(ctx, ticket)}: sent at {ctx.moment(sent[-1].at)}, not seen in Freshdesk yet"
            return Evidence(False, said, _FD, None, ticket_url(ctx, ticket))
        if reply is not None:
            told.append((reply.at, ticket))
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    said = ", ".join(f"{ticket_name(ctx, ticket)} at {ctx.moment(at)}" for at, ticket in sorted(told))
    at, ticket = max(told)
    return Evidence(True, f"told: {said} (Freshdesk)", _FD, at, ticket_url(ctx, ticket))


@sensor("incident_resolved", _PD)
def _incident_resolved(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, history = ctx.snapshot.pagerduty, ctx.incident
    if facts is None or history is None:
        return Evidence(False, "no PagerDuty incident yet", _PD)
    url = facts.incident.url
    if facts.incident.status is not Status.RESOLVED:
        again = f"; reopened at {ctx.moment(history.reopened_at)}" if history.reopened_at else ""
        return Evidence(False, f"it is {facts.incident.status}{again} (PagerDuty)", _PD, None, url)
    last = history.resolution
    if last is None:
        return Evidence(True, "resolved (PagerDuty)", _PD, facts.incident.changed_at, url)
    who = last.agent.name if last.agent else "PagerDuty"
    outside = "" if last.by_person else ", from outside"
    return Evidence(True, f"resolved by {who}{outside} at {ctx.moment(last.at)} (PagerDuty log)", _PD, last.at, url)


@sensor("tickets_resolved", _FD)
def _tickets_resolved(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if not ctx.linked:
        return Evidence(False, "no ticket is linked", _FD)
    at = None
    for ticket in ctx.linked:
        facts = ctx.ticket(ticket)
        if facts is None:
            continue
        status = facts.ticket.status
        if status != TicketStatus.RESOLVED:
            said = f"{ticket_name(ctx, ticket)} is {TicketStatus.NAMES.get(status, f'in status {status}')}"
            if status == TicketStatus.CLOSED:
                said += ": Closed asks nobody how we did"
            return Evidence(False, f"{said} (Freshdesk)", _FD, None, facts.ticket.url)
        at = max(at or facts.ticket.updated_at, facts.ticket.updated_at)
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    said = ", ".join(ticket_name(ctx, ticket) for ticket in ctx.linked)
    return Evidence(True, f"resolved: {said} (Freshdesk)", _FD, at, ticket_url(ctx, ctx.linked[0]))


@sensor("resolution_holds", _FD)
def _resolution_holds(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, history = ctx.snapshot.pagerduty, ctx.incident
    if facts is None or history is None or facts.incident.status is not Status.RESOLVED:
        url = facts.incident.url if facts else None
        open_yet = Evidence(False, "it isn't resolved yet (PagerDuty)", _PD, None, url)
        return cant_tell(ctx, _PD, open_yet) if ctx.down(_PD) else open_yet
    since = history.resolution.at if history.resolution else facts.incident.changed_at
    if since is None:
        return Evidence(None, "can't tell: when it was resolved isn't known (PagerDuty)", _PD, None, facts.incident.url)
    found: Evidence | None = None
    for ticket in ctx.linked:
        talk = ctx.tickets.get(ticket)
        for piece in talk.incoming if talk else ():
            if piece.at <= since:
                continue
            who = f"{ticket_name(ctx, ticket)}: {piece.author.name} wrote at {ctx.moment(piece.at)}"
            phrase = relapse_in(piece.text, ctx.process.words.relapse)
            if phrase is not None:
                return Evidence(False, f"{who}, with “{phrase}” (Freshdesk)", _FD, piece.at, ticket_url(ctx, ticket))
            if talk is None or talk.last_told is None or talk.last_told < piece.at:
                words = f"can't tell: {who}; read it, and answer"
                found = Evidence(None, words, _FD, piece.at, ticket_url(ctx, ticket))
    found = found or unread_ticket(ctx)
    if found is None:
        said = f"nothing says that it is back, since {ctx.moment(since)} (Freshdesk)"
        found = Evidence(True, said, _FD, since, ticket_url(ctx, ctx.linked[0]) if ctx.linked else None)
    return cant_tell(ctx, _PD, found) if ctx.down(_PD) else found


def relapse_in(text: str, phrases: tuple[str, ...]) -> str | None:
    """The first phrase in what a community wrote that says it isn't over. Quoted lines are what we wrote before."""
    own = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    own = squash(own).replace("’", "'").casefold()  # a mail's lines end anywhere
    for phrase in phrases:
        if re.search(rf"(?<!\w){re.escape(phrase.casefold())}(?!\w)", own):
            return phrase
    return None
