"""The incident report, out of what the services say: figures, roles, links, prose to start from, timeline.

Pure: the same facts give the same report. `report_markdown` and `report_json` write it down; `report_page` writes it
again over what a person edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cockpit.incident.facts import LABELS, Freshness, Snapshot, Source, Status, TicketFacts, TicketStatus
from cockpit.incident.moments import moment
from cockpit.incident.process import Process
from cockpit.incident.report_names import Veil, urlsplit_host
from cockpit.incident.report_people import cast, roles
from cockpit.incident.report_prose import Teller
from cockpit.incident.report_timeline import entries
from cockpit.incident.report_times import cadence, first_sign, impact, measures
from cockpit.incident.report_values import Link, Report, TicketLine
from cockpit.incident.sensors.registry import Context, People, context
from cockpit.incident.standing import NOT_OUTAGE, link_of, verdict
from cockpit.incident.text import one_line

__all__ = ["Report", "report"]


def report(
    process: Process,
    snapshot: Snapshot,
    people: People,
    now: datetime,
    *,
    freshdesk_url: str = "",
    configured: frozenset[Source] = frozenset(Source),
    anonymous: bool = False,
    title: str = "",
) -> Report:
    """The report of an incident as known at `now`. `title` names it while PagerDuty knows nothing of it; `configured`
    are the services that there are, so that one which there isn't counts as no gap."""
    ctx = context(process, snapshot, people, now, freshdesk_url)
    facts = snapshot.pagerduty
    incident = facts.incident if facts else None
    sign = first_sign(ctx)
    hit = impact(ctx, sign)
    times = measures(ctx, hit, sign)
    gaps = tuple(_gaps(ctx, configured))
    updates = cadence(ctx, hit.end or now)
    who = cast(ctx)
    named = one_line(incident.title if incident else title or next(iter(_subjects(snapshot)), ""), 200)
    events = entries(ctx, hit, sign, anonymous)
    teller = Teller(
        ctx, impact=hit, sign=sign, measures=times, cadence=updates, entries=events, people=who, title=named,
        anonymous=anonymous,
    )  # fmt: skip
    parts = roles(ctx, who)
    lead = next((role for role in parts if role.key == process.words.parts.responder.short), None)
    written = Report(
        title=f"Incident #{incident.number}: {named}" if incident else named or "An incident",
        incident_id=incident.id if incident else None,
        number=incident.number if incident else None,
        url=incident.url if incident else None,
        priority=incident.priority if incident else None,
        anonymous=False,
        draft=_draft(ctx),
        gaps=gaps,
        as_of=now,
        owner=", ".join(dict.fromkeys(holder.name for holder in lead.holders)) if lead else "",
        owner_as=lead.title if lead else "",
        impact=hit,
        detection=sign,
        measures=times,
        cadence=updates,
        roles=parts,
        tickets=tuple(_ticket(ctx, held) for number in ctx.linked if (held := ctx.ticket(number))),
        links=tuple(_links(ctx)),
        sections=teller.sections(),
        timeline=events,
    )
    return _veil(ctx, written).over(written) if anonymous else written


def _veil(ctx: Context, written: Report) -> Veil:
    slack = ctx.snapshot.slack
    urls = [written.url, slack.channel.url if slack else None, *(facts.ticket.url for facts in ctx.snapshot.tickets)]
    return Veil(cast(ctx), ctx.process.words.parts, {urlsplit_host(url) for url in urls if url})


def _subjects(snapshot: Snapshot) -> Iterator[str]:
    return (facts.ticket.subject for facts in snapshot.tickets)


def _draft(ctx: Context) -> str:
    """Why the report can't be final yet; empty when it can."""
    facts = ctx.snapshot.pagerduty
    if facts is None:
        said = verdict(ctx)
        return "" if said is not None and said.value == NOT_OUTAGE else "no PagerDuty incident was declared yet"
    return "" if facts.incident.status is Status.RESOLVED else "the incident is open"


def _gaps(ctx: Context, configured: frozenset[Source]) -> Iterator[str]:
    for source in Source:
        health = ctx.health(source)
        if source in configured and health.state is not Freshness.OK:
            read = health.read_at
            known = f"this is what it said at {moment(read, ctx.now)}" if read else "all of it is missing"
            yield f"{LABELS[source]} couldn't be read: {known}"


def _ticket(ctx: Context, facts: TicketFacts) -> TicketLine:
    ticket, history = facts.ticket, ctx.tickets.get(facts.ticket.id)
    told = [at for at in history.told if ctx.opened_at is None or at >= ctx.opened_at] if history else []
    status = TicketStatus.NAMES.get(ticket.status, f"status {ticket.status}")
    return TicketLine(ticket.id, ticket.company or "", ticket.requester.name, status, len(told), ticket.url or None)


def _links(ctx: Context) -> Iterator[Link]:
    """Where the incident lives: PagerDuty, the channel, and what people attested with a link after it."""
    facts, slack = ctx.snapshot.pagerduty, ctx.snapshot.slack
    if facts is not None and facts.incident.url:
        yield Link(f"PagerDuty incident #{facts.incident.number}", facts.incident.url)
    if slack is not None and slack.channel.url:
        yield Link(f"#{slack.channel.name}", slack.channel.url)
    for step in ctx.process.steps:
        url = link_of(ctx.records.standing.get(step.id)) if step.action == "open:postmortem" else None
        if url is not None:
            yield Link("Postmortem", url)
