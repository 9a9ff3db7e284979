"""Phase 3: the channel is the log of what is done, so somebody must write, and not in threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.incident.facts import Channel, Source
from cockpit.incident.moments import ago, span
from cockpit.incident.sensors.registry import Context, Evidence, sensor

_NO_CHANNEL = Evidence(False, "no channel yet", Source.SLACK)


def _shut_out(channel: Channel) -> Evidence | None:
    """The evidence that its messages say nothing, because the cockpit's bot can't read them; None when it can."""
    if channel.member or channel.archived:
        return None
    said = f"can't tell: the cockpit's bot isn't in #{channel.name}, so it can't read it"
    return Evidence(None, said, Source.SLACK, None, channel.url)


@sensor("narrated", Source.SLACK, needs=("clock",))
def _narrated(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if ctx.snapshot.slack is None or ctx.channel is None:
        return _NO_CHANNEL
    if (shut_out := _shut_out(ctx.snapshot.slack.channel)) is not None:
        return shut_out
    channel, last = ctx.snapshot.slack.channel, ctx.channel.last_said
    interval = ctx.process.clocks.interval(params["clock"])
    if last is None:
        return Evidence(False, f"nobody has written in #{channel.name} yet (Slack)", Source.SLACK, None, channel.url)
    who = last.record.actor if last.record else last.author.name
    said = f"{who} wrote {ago(last.at, ctx.now)}, at {ctx.moment(last.at)} (#{channel.name})"
    holds = ctx.now - last.at < interval
    if not holds:
        said = f"nothing for {span(ctx.now - last.at)}: {who} wrote last, at {ctx.moment(last.at)} (#{channel.name})"
    return Evidence(holds, said, Source.SLACK, last.at, channel.url)


@sensor("no_threads", Source.SLACK)
def _no_threads(ctx: Context, params: Mapping[str, Any]) -> Evidence:
    if ctx.snapshot.slack is None or ctx.channel is None:
        return _NO_CHANNEL
    if (shut_out := _shut_out(ctx.snapshot.slack.channel)) is not None:
        return shut_out
    channel = ctx.snapshot.slack.channel
    lifted = ctx.records.lifted
    waiting = [reply for reply in ctx.channel.threaded if reply.ts not in lifted]
    count = len(waiting) + ctx.channel.unread
    if waiting:
        first = waiting[0]
        more = f" and {count - 1} more" if count > 1 else ""
        said = f"{first.author.name} wrote in a thread at {ctx.moment(first.at)}{more} (#{channel.name})"
        return Evidence(False, said, Source.SLACK, first.at, channel.url)
    if count:
        replies = "1 thread reply isn't" if count == 1 else f"{count} thread replies aren't"
        return Evidence(False, f"{replies} read yet (#{channel.name})", Source.SLACK, None, channel.url)
    done = len(ctx.channel.threaded)
    said = f"every thread reply is lifted, {done} in all" if done else "no thread"
    return Evidence(True, f"{said} (#{channel.name})", Source.SLACK, None, channel.url)
