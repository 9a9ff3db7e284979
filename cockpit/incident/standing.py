"""What people said of the steps and still stands: attestations, overrides, the verdict of the test by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.incident.facts import Record, Status

if TYPE_CHECKING:
    from cockpit.incident.process import Step
    from cockpit.incident.sensors.registry import Context

OUTAGE, NOT_OUTAGE, ASKED = "outage", "not_outage", "asked_for_more"
"""The verdicts of a test by hand, as records spell them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person found when testing by hand. `kind` is the kind of outage, where they said so."""

    value: str
    kind: str | None
    by: str
    at: datetime


def standing(ctx: Context, step: Step) -> Record | None:
    """The word of a person that settles the step now; None when there is none, or it was retracted or lapsed."""
    record = ctx.records.standing.get(step.id)
    if record is None or record.kind == "retract":
        return None
    lapses = step.params.get("lapses")
    if lapses == "reopened" and ctx.reopened_at is not None and record.at <= ctx.reopened_at:
        return None
    if lapses == "handoff" and _before_handoff(ctx, step, record):
        return None
    if step.recurring and record.kind == "attest" and "clock" in step.params:
        interval = ctx.process.clocks.interval(step.params["clock"])
        return record if ctx.now - record.at < interval else None
    return record


def link_of(record: Record | None) -> str | None:
    """The link that an attestation brought: as its `link`, or inside its note."""
    if record is None:
        return None
    for key in ("link", "note"):
        found = re.search(r"https?://[^\s<>\"'|]+", str(record.data.get(key) or ""))
        if found:
            return found[0].rstrip(".,;:!?)]")
    return None


def verdict(ctx: Context) -> Verdict | None:
    """What a person said of the test by hand, if anything."""
    for step in ctx.process.steps:
        record = standing(ctx, step) if step.action == "verdict" else None
        if record is not None and record.kind == "attest" and record.data.get("verdict") in (OUTAGE, NOT_OUTAGE, ASKED):
            kind = record.data.get("outage_kind")
            return Verdict(str(record.data["verdict"]), str(kind) if kind else None, record.actor, record.at)
    return None


def handoff_since(ctx: Context) -> datetime | None:
    """When the hand-off that runs was begun, by saying so or by attesting that it was agreed.

    One that led to an assignment stays until relief of the next person comes near: then it is history.
    """
    begun = _begun(ctx)
    return None if begun is None or _over(ctx, begun) else begun


def relief_from(ctx: Context) -> datetime | None:
    """When relief of the Incident Responder comes near; None without one, or once the incident is resolved."""
    pagerduty, shift = ctx.snapshot.pagerduty, ctx.incident.shift if ctx.incident else None
    if pagerduty is None or shift is None or pagerduty.incident.status is Status.RESOLVED:
        return None
    clocks = ctx.process.clocks
    return shift.since + clocks.relief * clocks.soon_fraction


def _begun(ctx: Context) -> datetime | None:
    moments = [ctx.records.handoff.at] if ctx.records.handoff else []
    for step in ctx.process.steps:
        record = ctx.records.standing.get(step.id) if step.action == "handoff" else None
        if record is not None and record.kind == "attest":
            moments.append(record.at)
    return max(moments, default=None)


def _over(ctx: Context, begun: datetime) -> bool:
    """Whether the hand-off begun then is history: somebody took over since, and is due for relief in turn."""
    shift, due = ctx.incident.shift if ctx.incident else None, relief_from(ctx)
    return shift is not None and due is not None and begun <= shift.since and ctx.now >= due


def _before_handoff(ctx: Context, step: Step, record: Record) -> bool:
    """Whether a word was said of an earlier hand-off than the one that runs or is due."""
    begun, due = _begun(ctx), relief_from(ctx)
    if begun is not None and due is not None and _over(ctx, begun):
        return record.at < due
    if step.action == "handoff":  # its own word may be what began it
        return ctx.records.handoff is not None and record.at < ctx.records.handoff.at
    return begun is not None and record.at < begun
