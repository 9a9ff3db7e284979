"""Handing the Incident Responder's role over, at any time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.incident.facts import Person, Source
from cockpit.incident.history import said
from cockpit.incident.sensors.comms import ticket_url, unread_ticket
from cockpit.incident.sensors.registry import Context, Evidence, sensor
from cockpit.incident.standing import handoff_since

_PD, _SLACK, _FD = Source.PAGERDUTY, Source.SLACK, Source.FRESHDESK


def _is(person: Person, words: object) -> bool:
    """Whether `words`, out of a record, mean that person: a name, an address or an id."""
    known = {person.name.casefold(), (person.email or "").casefold(), person.id.casefold()} - {""}
    return isinstance(words, str) and words.strip().casefold() in known


def _announcement(ctx: Context) -> Callable[[str], bool]:
    """Whether a text names the next responder and speaks of a hand-off."""
    to = ctx.records.handoff.data.get("to") if ctx.records.handoff else None
    shift = ctx.incident.shift if ctx.incident else None
    name = str(to) if to else shift.person.name if shift else ""
    names = "|".join(re.escape(part) for part in {name, *name.split()[:1]} if part)
    phrases = "|".join(re.escape(phrase) for phrase in ctx.process.words.handoff)
    if not names or not phrases:
        return lambda text: False
    named = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)
    handed = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.IGNORECASE)
    return lambda text: bool(named.search(text) and handed.search(text))


@sensor("handoff_reassigned", _PD)
def _handoff_reassigned(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    facts, history, begun = ctx.snapshot.pagerduty, ctx.incident, handoff_since(ctx)
    if facts is None or history is None:
        return Evidence(False, "no PagerDuty incident yet", _PD)
    url = facts.incident.url
    newest = history.assigned[-1] if history.assigned else None
    names = ", ".join(person.name for person in newest.assignees) if newest else "nobody"
    if begun is None:
        return Evidence(False, f"{names} has it; no hand-off was begun (PagerDuty)", _PD, None, url)
    to = ctx.records.handoff.data.get("to") if ctx.records.handoff else None
    theirs = (
        newest is not None
        and history.shift is not None
        and (
            any(_is(person, to) for person in newest.assignees)
            if to
            else newest.at >= begun and history.shift.since >= begun
        )
    )
    if newest is None or not theirs:
        whose = f", not {to}" if to else ""
        return Evidence(False, f"the newest assignment is {names}'s{whose} (PagerDuty log)", _PD, None, url)
    words = f"assigned to {names} at {ctx.moment(newest.at)} (PagerDuty log)"
    return Evidence(True, words, _PD, newest.at, url)


@sensor("handoff_announced", _SLACK)
def _handoff_announced(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    slack, begun = ctx.snapshot.slack, handoff_since(ctx)
    if slack is None:
        return Evidence(False, "no channel yet", _SLACK)
    url = slack.channel.url
    if begun is None:
        return Evidence(False, "no hand-off was begun", _SLACK, None, url)
    announces = _announcement(ctx)
    for message in reversed(slack.messages):  # newest last, so this ends soon
        if message.at < begun:
            break
        ours = message.record is not None and message.record.kind == "handoff"
        if said(message) and (ours or announces(message.text)):
            who = message.record.actor if message.record else message.author.name
            words = f"{who} said so at {ctx.moment(message.at)} (#{slack.channel.name})"
            return Evidence(True, words, _SLACK, message.at, url)
    return Evidence(False, f"not said since {ctx.moment(begun)} (#{slack.channel.name})", _SLACK, None, url)


@sensor("handoff_comms", _FD)
def _handoff_comms(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    told = ctx.records.handoff.data if ctx.records.handoff else {}
    to, chosen = told.get("liaison"), told.get("agent")
    url = ticket_url(ctx, ctx.linked[0]) if ctx.linked else None
    if not to:
        liaison = ctx.process.words.parts.liaison.full
        return Evidence(False, f"is there another {liaison} too? If not, this doesn't apply", _FD, None, url)
    for ticket in ctx.linked:
        facts = ctx.ticket(ticket)
        agent = facts.ticket.agent if facts else None
        if facts is not None and (agent is None or not (agent.id == chosen or _is(agent, to))):
            has = agent.name if agent else "nobody"
            return Evidence(False, f"ticket {ticket} is {has}'s, not {to}'s (Freshdesk)", _FD, None, facts.ticket.url)
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    if not ctx.linked:
        return Evidence(False, "no ticket is linked", _FD)
    return Evidence(True, f"every ticket's agent is {to} (Freshdesk)", _FD, None, url)
