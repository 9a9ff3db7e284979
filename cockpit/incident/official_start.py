"""The official start: four conditions, and the moment at which the last of them came true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cockpit.incident.facts import Source
from cockpit.incident.sensors import SENSORS
from cockpit.incident.sensors.registry import Context
from cockpit.incident.tickets import Link, ticket_of


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the four. `holds` tells of now (None: can't tell), `at` when it first came true, `words` the evidence."""

    name: str
    holds: bool | None
    at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class OfficialStart:
    """`at` is when the last condition came true. A start that has happened stays: resolving doesn't undo it."""

    at: datetime | None
    conditions: tuple[Condition, ...]


CONDITION_SENSORS = (
    ("p1", "priority_set"),
    ("acknowledged", "acknowledged"),
    ("channel", "channel_open"),
    ("community_informed", "communities_informed"),
)
"""The conditions' names, each with the sensor that tells how it stands now."""


def official_start(ctx: Context) -> OfficialStart:
    """Work the official start out from what happened, not from what holds now."""
    slack = ctx.snapshot.slack
    moments: dict[str, datetime | None] = {
        "acknowledged": ctx.incident.acknowledged[0].at if ctx.incident and ctx.incident.acknowledged else None,
        "channel": slack.channel.created_at if slack and not slack.channel.private else None,
        "community_informed": informed_at(ctx),
    }
    others = [at for at in moments.values() if at is not None]
    at, since = _with_priority(ctx, max(others)) if len(others) == len(moments) else (None, None)
    spans = ctx.incident.priority if ctx.incident else ()
    moments["p1"] = since or next((span.since for span in reversed(spans) if span.certain), None)
    found = {name: SENSORS[sensor](ctx, {}) for name, sensor in CONDITION_SENSORS}
    conditions = (Condition(name, found[name].holds, moments[name], found[name].words) for name, _ in CONDITION_SENSORS)
    return OfficialStart(at, tuple(conditions))


def _with_priority(ctx: Context, ready: datetime) -> tuple[datetime | None, datetime | None]:
    """The first moment from `ready` on at which the priority was in force, and since when it was."""
    for span in ctx.incident.priority if ctx.incident else ():
        if span.certain and (span.until is None or span.until > ready):
            at = max(ready, span.since)
            read = ctx.health(Source.PAGERDUTY).read_at
            # What PagerDuty said before it went down doesn't prove that the priority was still in force later.
            if span.until is None and ctx.down(Source.PAGERDUTY) and (read is None or at > read):
                return None, span.since
            return at, span.since
    return None, None


def informed_at(ctx: Context) -> datetime | None:
    """The first moment by which every ticket linked at or before it had a public reply since T0, and there was one."""
    opened = ctx.opened_at
    if opened is None:
        return None
    told = {link.ticket: at for link in ctx.links if (at := _told_since(ctx, link, opened))}
    links = [link for link in ctx.links if not _vanished(ctx, link)]
    # Nothing changes between these moments.
    moments = {
        *told.values(),
        *(link.since for link in ctx.links),
        *(link.until for link in ctx.links if link.until),
    }
    for moment in sorted(at for at in moments if at >= opened):
        linked = [link.ticket for link in links if link.at(moment)]
        if linked and all(ticket in told and told[ticket] <= moment for ticket in linked):
            return moment
    return None


def _told_since(ctx: Context, link: Link, opened: datetime) -> datetime | None:
    """When that ticket's community was first told. Of a ticket unlinked since, the shared log is all that is left."""
    history = ctx.tickets.get(link.ticket)
    if history is not None:
        return history.told_since(opened)
    replies = (record.at for record in ctx.records.replies if ticket_of(record) == link.ticket and record.at >= opened)
    return next(replies, None) if link.until is not None else None


def _vanished(ctx: Context, link: Link) -> bool:
    """Whether a link counts for nothing: its ticket was deleted, or it was unlinked and never told."""
    facts = ctx.ticket(link.ticket)
    if facts is not None:
        return facts.ticket.deleted
    return link.until is not None and not any(ticket_of(record) == link.ticket for record in ctx.records.replies)
