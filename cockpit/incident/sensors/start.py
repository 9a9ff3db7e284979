"""Phase 2: what makes the incident officially started, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.incident.facts import LogEntry, Source, Status
from cockpit.incident.incident_history import is_placeholder
from cockpit.incident.sensors.comms import unread_ticket
from cockpit.incident.sensors.registry import Context, Evidence, sensor


@sensor("priority_set", Source.PAGERDUTY)
def _priority_set(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, priority = ctx.snapshot.pagerduty, ctx.process.words.priority
    if facts is None or ctx.incident is None:
        return Evidence(False, "no PagerDuty incident yet: declare it", Source.PAGERDUTY)
    url = facts.incident.url
    if facts.incident.priority != priority:
        now = f"its priority is {facts.incident.priority}" if facts.incident.priority else "it has no priority"
        return Evidence(False, f"{now}, not {priority} (PagerDuty)", Source.PAGERDUTY, None, url)
    since = ctx.incident.priority[-1].since if ctx.incident.priority else None
    if since is None:
        return Evidence(True, f"{priority} (PagerDuty)", Source.PAGERDUTY, None, url)
    how = "created as" if since == facts.incident.created_at else "made"
    return Evidence(True, f"{how} {priority} at {ctx.moment(since)} (PagerDuty)", Source.PAGERDUTY, since, url)


def _who(entry: LogEntry) -> str:
    return entry.agent.name if entry.agent else "somebody"


@sensor("acknowledged", Source.PAGERDUTY)
def _acknowledged(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, history = ctx.snapshot.pagerduty, ctx.incident
    if facts is None or history is None:
        return Evidence(False, "no PagerDuty incident yet", Source.PAGERDUTY)
    url, status = facts.incident.url, facts.incident.status
    by_people = history.acknowledged
    if status is Status.RESOLVED and by_people:  # PagerDuty has emptied its acknowledgements; the log hasn't
        first = by_people[0]
        said = f"acknowledged by {_who(first)} at {ctx.moment(first.at)} (PagerDuty log)"
        return Evidence(True, said, Source.PAGERDUTY, first.at, url)
    standing = [entry for entry in by_people if history.lapsed_at is None or entry.at > history.lapsed_at]
    if history.reopened_at is not None and any(entry.at >= history.reopened_at for entry in standing):
        standing = [entry for entry in standing if entry.at >= history.reopened_at]
    if status is Status.ACKNOWLEDGED and standing:
        said = f"acknowledged by {_who(standing[0])} at {ctx.moment(standing[0].at)} (PagerDuty log)"
        return Evidence(True, said, Source.PAGERDUTY, standing[0].at, url)
    now = [who for who in facts.incident.acknowledgers if is_placeholder(who, ctx.people.placeholders, {}) is False]
    if status is Status.ACKNOWLEDGED and now and not history.doubtful:
        said = f"acknowledged by {now[0].name} (PagerDuty; its log doesn't say when yet)"
        return Evidence(True, said, Source.PAGERDUTY, None, url)
    if status is not Status.TRIGGERED and history.doubtful:
        last = history.doubtful[-1]
        said = f"can't tell: acknowledged by {_who(last)} at {ctx.moment(last.at)}, whose e-mail address "
        return Evidence(None, f"{said}would tell a placeholder from a person", Source.PAGERDUTY, last.at, url)
    if by_people:
        last = by_people[-1]
        said = f"triggered again: acknowledged by {_who(last)} at {ctx.moment(last.at)}, but no longer (PagerDuty)"
        return Evidence(False, said, Source.PAGERDUTY, None, url)
    said = "no person has acknowledged it (PagerDuty log)"
    if status is Status.ACKNOWLEDGED:
        said = "acknowledged, but by no person: a placeholder or a machine did (PagerDuty log)"
    return Evidence(False, said, Source.PAGERDUTY, None, url)


@sensor("channel_open", Source.SLACK)
def _channel_open(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if ctx.snapshot.slack is None:
        return Evidence(False, "no channel yet", Source.SLACK)
    channel = ctx.snapshot.slack.channel
    if channel.private:
        said = f"#{channel.name} is private: the channel must be public (Slack)"
        return Evidence(False, said, Source.SLACK, None, channel.url)
    said = f"#{channel.name}, public, since {ctx.moment(channel.created_at)} (Slack)"
    return Evidence(True, said, Source.SLACK, channel.created_at, channel.url)


@sensor("service_set", Source.PAGERDUTY)
def _service_set(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, words = ctx.snapshot.pagerduty, ctx.process.words
    if facts is None:
        return Evidence(False, "no PagerDuty incident yet", Source.PAGERDUTY)
    name, url = facts.incident.service_name, facts.incident.url
    if not name:
        return Evidence(False, "no impacted service is set (PagerDuty)", Source.PAGERDUTY, None, url)
    if name == words.catch_all_service:
        said = f"⚠ “{name}” is the catch-all: change it once you know better (PagerDuty)"
        return Evidence(True, said, Source.PAGERDUTY, None, url)
    return Evidence(True, f"{name} (PagerDuty)", Source.PAGERDUTY, None, url)


@sensor("ticket_linked", Source.FRESHDESK)
def _ticket_linked(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if not ctx.linked:
        return Evidence(False, "no ticket is linked yet", Source.FRESHDESK)
    read = [facts for ticket in ctx.linked if (facts := ctx.ticket(ticket)) is not None]
    if not read:
        said = f"ticket {ctx.linked[0]} is linked, but Freshdesk hasn't shown it yet"
        return Evidence(False, said, Source.FRESHDESK)
    first = read[0].ticket
    names = ", ".join(f"{facts.ticket.id} ({facts.ticket.company or facts.ticket.requester.name})" for facts in read)
    since = ctx.linked_since(first.id)
    when = f" since {ctx.moment(since)}" if since else ""
    said = f"{'tickets' if len(read) > 1 else 'ticket'} {names} linked{when} (Freshdesk)"
    return Evidence(True, said, Source.FRESHDESK, since, first.url)


@sensor("communities_informed", Source.FRESHDESK)
def _communities_informed(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    opened = ctx.opened_at
    if opened is None:
        return Evidence(False, "no PagerDuty incident yet: what is told before it doesn't count", Source.FRESHDESK)
    if not ctx.linked:
        return Evidence(False, "no ticket is linked, so no community is told", Source.FRESHDESK)
    told = []
    for ticket in ctx.linked:
        history, facts = ctx.tickets.get(ticket), ctx.ticket(ticket)
        if history is None or facts is None:
            continue
        at = history.told_since(opened)
        if at is None:
            said = f"ticket {ticket}: no public reply since {ctx.moment(opened)} (Freshdesk)"
            return Evidence(False, said, Source.FRESHDESK, None, facts.ticket.url)
        told.append((at, ticket, facts.ticket.url))
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    at, _, url = max(told)
    said = ", ".join(f"ticket {ticket} at {ctx.moment(when)}" for when, ticket, _ in sorted(told))
    return Evidence(True, f"told in public: {said} (Freshdesk)", Source.FRESHDESK, at, url)
