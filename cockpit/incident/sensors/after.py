"""Phase 8: the report, and what goes with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cockpit.incident.facts import Record, Source
from cockpit.incident.sensors.comms import ticket_name, ticket_url, unread_ticket
from cockpit.incident.sensors.registry import Context, Evidence, cant_tell, sensor
from cockpit.incident.standing import link_of, standing
from cockpit.incident.text import one_line

_SLACK, _FD = Source.SLACK, Source.FRESHDESK


def _published(ctx: Context, params: Mapping[str, Any]) -> Record | None:
    """The attestation that the report is out, on the step that `params` names."""
    record = standing(ctx, ctx.process.step(params["step"]))
    return record if record is not None and record.kind == "attest" else None


@sensor("report_drafted")
def _report_drafted(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    found = _drafted(ctx)
    # What the log is known to hold stands whether or not it can be read now.
    return found if found.holds or not ctx.down(_SLACK) else cant_tell(ctx, _SLACK, found)


def _drafted(ctx: Context) -> Evidence:
    url = ctx.snapshot.slack.channel.url if ctx.snapshot.slack else None
    if not ctx.records.drafted:
        return Evidence(False, "no report was drafted yet", _SLACK, None, url)
    last = ctx.records.drafted[-1]
    said = f"by {last.actor} at {ctx.moment(last.at)}"
    again = ctx.reopened_at is not None and last.at <= ctx.reopened_at
    if again or last.data.get("draft") is True:
        why = "before it was reopened" if again else "while the incident was open"
        return Evidence(False, f"written {said}, {why}: write it again (the channel's log)", _SLACK, None, url)
    file = one_line(str(last.data.get("file") or ""), 100)
    said += f", as {file}" if file else ""
    return Evidence(True, f"drafted {said} (the channel's log)", _SLACK, last.at, url)


@sensor("report_sent", _FD, needs=("step",))
def _report_sent(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    link = link_of(_published(ctx, params))
    if link is None:
        url = ticket_url(ctx, ctx.linked[0]) if ctx.linked else None
        return Evidence(False, "the report isn't published with a link yet", _FD, None, url)
    if not ctx.linked:
        return Evidence(False, "no ticket is linked", _FD)
    # A longer address isn't the same one.
    pattern = re.compile(re.escape(link.rstrip("/")) + r"/?(?![\w/-]|[.?=&%][\w])")
    sent = []
    for ticket in ctx.linked:
        history = ctx.tickets.get(ticket)
        if history is None:
            continue
        reply = next((piece for piece in history.replies if pattern.search(piece.text.replace("\\", ""))), None)
        if reply is None:
            return Evidence(
                False,
                f"{ticket_name(ctx, ticket)}: no public reply holds {link} (Freshdesk)",
                _FD,
                None,
                ticket_url(ctx, ticket),
            )
        sent.append((reply.at, ticket))
    if (unread := unread_ticket(ctx)) is not None:
        return unread
    at, ticket = max(sent)
    said = ", ".join(f"{ticket_name(ctx, ticket)} at {ctx.moment(when)}" for when, ticket in sorted(sent))
    return Evidence(True, f"the link was sent: {said} (Freshdesk)", _FD, at, ticket_url(ctx, ticket))


@sensor("channel_archived", _SLACK, needs=("step",))
def _channel_archived(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if ctx.snapshot.slack is None:
        return Evidence(False, "no channel was ever opened", _SLACK)
    channel = ctx.snapshot.slack.channel
    if not channel.archived:
        return Evidence(False, f"#{channel.name} is open (Slack)", _SLACK, None, channel.url)
    if _published(ctx, params) is None:
        said = f"#{channel.name} is archived, but the report isn't published yet (Slack)"
        return Evidence(False, said, _SLACK, None, channel.url)
    return Evidence(True, f"#{channel.name} is archived (Slack)", _SLACK, None, channel.url)
