"""Phase 4: who is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.incident.facts import Person, Source
from cockpit.incident.process import LEAD
from cockpit.incident.sensors.comms import unread_ticket
from cockpit.incident.sensors.registry import Context, Evidence, cant_tell, sensor

_PD, _SLACK, _FD = Source.PAGERDUTY, Source.SLACK, Source.FRESHDESK


def _lead(ctx: Context, person: Person | None) -> bool:
    return person is not None and (person.email or "").lower() in ctx.people.tech_leads


def _lead_name(ctx: Context) -> str:
    return (ctx.process.words.parts.lead or LEAD).full


def _experts(ctx: Context) -> Evidence:
    """Whoever was pulled in, from what each service says that can be read."""
    facts, slack = ctx.snapshot.pagerduty, ctx.snapshot.slack
    asked = [responder for responder in facts.responders if responder.state != "declined"] if facts else []
    if facts is not None and asked and not ctx.down(_PD):
        names = ", ".join(f"{responder.person.name} ({responder.state})" for responder in asked)
        moments = [responder.at for responder in asked if responder.at]
        return Evidence(True, f"asked: {names} (PagerDuty)", _PD, min(moments, default=None), facts.incident.url)
    if slack is not None and not ctx.down(_SLACK):
        url = slack.channel.url
        if ctx.records.invited:
            first = ctx.records.invited[0]
            return Evidence(True, f"invited by {first.actor} at {ctx.moment(first.at)} (Slack)", _SLACK, first.at, url)
        # A member may be a bystander; the tech lead always is an expert.
        lead = next((person for person in slack.members if _lead(ctx, person)), None)
        if lead is not None:
            return Evidence(True, f"{lead.name} is in #{slack.channel.name} (Slack)", _SLACK, None, url)
    return Evidence(
        False, "nobody was pulled in yet (PagerDuty, Slack)", _PD, None, facts.incident.url if facts else None
    )


@sensor("experts_called")
def _experts_called(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    found = _experts(ctx)
    down = next((source for source in (_PD, _SLACK) if ctx.down(source)), None)
    return found if found.holds or down is None else cant_tell(ctx, down, found)


@sensor("tech_lead_in")
def _tech_lead_in(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, slack = ctx.snapshot.pagerduty, ctx.snapshot.slack
    if not ctx.people.tech_leads:
        return Evidence(None, f"can't tell: the config names no {_lead_name(ctx)} (tech_leads)", _SLACK)
    waiting = None
    if facts is not None and not ctx.down(_PD):
        url = facts.incident.url
        leading = next((person for person in facts.incident.assignees if _lead(ctx, person)), None)
        if leading is not None:
            return Evidence(True, f"{leading.name} has the incident (PagerDuty)", _PD, None, url)
        for responder in facts.responders:
            if _lead(ctx, responder.person) and responder.state == "joined":
                return Evidence(
                    True, f"{responder.person.name} joined as a responder (PagerDuty)", _PD, responder.at, url
                )
            if _lead(ctx, responder.person):
                waiting = Evidence(
                    False, f"{responder.person.name} was asked: {responder.state} (PagerDuty)", _PD, None, url
                )
    if slack is not None and not ctx.down(_SLACK):
        lead = next((person for person in slack.members if _lead(ctx, person)), None)
        if lead is not None:
            return Evidence(True, f"{lead.name} is in #{slack.channel.name} (Slack)", _SLACK, None, slack.channel.url)
    look = slack.channel.url if slack else None
    said = f"no {_lead_name(ctx)} is in yet (PagerDuty, Slack)"
    found = waiting or Evidence(False, said, _SLACK, None, look)
    down = next((source for source in (_SLACK, _PD) if ctx.down(source)), None)
    if down is not None:
        return cant_tell(ctx, down, found)
    if waiting is None and slack is not None and slack.members and not any(person.email for person in slack.members):
        said = "can't tell: Slack gives no e-mail addresses (the scope users:read.email is missing)"
        return Evidence(None, said, _SLACK, None, slack.channel.url)
    return found


@sensor("roles_assigned", _PD, _FD)
def _roles_assigned(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, shift = ctx.snapshot.pagerduty, ctx.incident.shift if ctx.incident else None
    parts = ctx.process.words.parts
    missing = []
    said = []
    if shift is None:
        missing.append("no person has the incident in PagerDuty")
    else:
        said.append(f"{parts.responder.short} {shift.person.name}")
    agents = {ticket: held.ticket.agent for ticket in ctx.linked if (held := ctx.ticket(ticket)) is not None}
    nobody = [ticket for ticket, agent in agents.items() if agent is None]
    if not ctx.linked:
        missing.append(f"no ticket, so nobody is {parts.liaison.short}")
    elif nobody:
        missing.append(f"ticket {nobody[0]} has no agent")
    else:
        said.append(
            f"{parts.liaison.short} {', '.join(dict.fromkeys(agent.name for agent in agents.values() if agent))}"
        )
    if not missing and (unread := unread_ticket(ctx)) is not None:
        return unread
    url = facts.incident.url if facts else None
    experts = _experts(ctx)
    if not experts.holds:
        unnamed = Evidence(False, "; ".join([*missing, "no expert is named"]), _PD, None, url)
        return unnamed if missing or not ctx.down(_SLACK) else cant_tell(ctx, _SLACK, unnamed)
    if missing:
        return Evidence(False, "; ".join(missing), _PD, None, url)
    words = " · ".join([*said, f"experts {experts.words}"])
    return Evidence(True, f"{words} (PagerDuty, Freshdesk)", _PD, None, url)
