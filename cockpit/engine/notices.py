"""What is wrong around the incident and isn't an action's: said once, in words, with what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from cockpit.incident.communities import refusal
from cockpit.incident.facts import LABELS, Snapshot, Source
from cockpit.incident.moments import span

CLOCK_OFF = timedelta(minutes=2)
"""From when on two clocks differ by more than a slow network explains."""


def notices(snapshot: Snapshot, skews: Mapping[Source, timedelta]) -> tuple[str, ...]:
    """Everything worth a word now. `skews`: how far each service's clock is ahead of ours."""
    return (*_clock(skews), *_channel(snapshot), *_tickets(snapshot))


def _clock(skews: Mapping[Source, timedelta]) -> Iterator[str]:
    """One service's clock may be off; where two agree, or only one is there, it is ours."""
    off = {source: skew for source, skew in skews.items() if abs(skew) > CLOCK_OFF}
    if not off:
        return
    source, skew = next(iter(off.items()))
    words = f"{span(abs(skew))} {'behind' if skew > timedelta(0) else 'ahead of'} {LABELS[source]}'s"
    if len(off) * 2 > len(skews):
        yield (
            f"This machine's clock is {words}: the times in notes and all deadlines are wrong by as much. "
            "Set it, by NTP best."
        )
    else:
        words = f"{LABELS[source]}'s clock and this machine's differ by {span(abs(skew))}"
        yield f"{words}; the other services agree with ours."


def _channel(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.slack is None:
        return
    channel = snapshot.slack.channel
    if channel.archived:
        yield f"#{channel.name} is archived: notes can't be posted. Unarchive it in Slack, then send them again."
    elif channel.private and not channel.member:
        yield f"#{channel.name} was made private and the cockpit's bot isn't in it: invite the bot, or make it public."
    elif channel.private:
        yield f"#{channel.name} is private now: the process wants it public, so that everybody can follow and help."
    elif not channel.member:
        yield f"The cockpit's bot isn't in #{channel.name} any more: invite it, else the log can't be read."


def _tickets(snapshot: Snapshot) -> Iterator[str]:
    for facts in snapshot.tickets:
        if (reason := refusal(facts)) is not None:
            yield f"{reason} Then unlink {facts.ticket.id}."
