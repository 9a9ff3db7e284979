"""Times as people read them on the screen: short and relative in lists, absolute and in UTC in detail."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from cockpit.incident.moments import countdown, span

__all__ = ["age", "ago", "clock", "countdown", "day", "exactly", "gauge", "span", "stamp", "until", "when"]


def clock(at: datetime) -> str:
    """`18:02`, in UTC."""
    return f"{at:%H:%M}"


def stamp(at: datetime, now: datetime) -> str:
    """`18:02`, with the day before it when that isn't today's: `22 Nov 18:02`. UTC."""
    return clock(at) if at.date() == now.date() else f"{at.day} {at:%b %H:%M}"


def exactly(at: datetime, zone: tzinfo | None = None) -> str:
    """`Mon 23 Nov 2026, 18:02:11 UTC`, and the local time beside it where that differs."""
    text = f"{at:%a} {at.day} {at:%b %Y, %H:%M:%S} UTC"
    local = at.astimezone(zone)
    if local.utcoffset():
        text += f" ({local:%H:%M} {local.tzname()})"
    return text


def day(at: datetime) -> str:
    """`Mon 23 Nov`."""
    return f"{at:%a} {at.day} {at:%b}"


def ago(at: datetime, now: datetime) -> str:
    """`2 min ago`; `now` for anything within the last minute or (clocks differ) in the future."""
    passed = now - at
    return "now" if passed < timedelta(minutes=1) else f"{span(passed)} ago"


def until(due: datetime, now: datetime) -> str:
    """`in 17 min`, or `12 min late`."""
    left = due - now
    if left < timedelta(0):
        return f"{span(-left)} late"
    return f"in {span(left)}"


def age(length: timedelta) -> str:
    """An age for the status line. Below a minute it moves in steps of five seconds: each new word is bytes over SSH."""
    seconds = int(length.total_seconds())
    if seconds < 5:
        return "now"
    return f"{seconds // 5 * 5} s" if seconds < 60 else span(length)


def gauge(started: datetime, due: datetime, now: datetime, cells: int = 6) -> str:
    """A small bar that fills as the deadline comes near."""
    whole = (due - started).total_seconds()
    done = 1.0 if whole <= 0 else (now - started).total_seconds() / whole
    full = max(0, min(cells, round(done * cells)))
    return "▰" * full + "▱" * (cells - full)


_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?: *(?:utc|z))?", re.IGNORECASE)
_LENGTH = re.compile(r"(?=.)(?:(\d{1,3}) *d\w*)? *(?:(\d{1,3}) *h\w*)? *(?:(\d{1,4}) *m\w*)?", re.IGNORECASE)


def when(text: str, now: datetime) -> datetime | None:
    """The moment that a person means by `18:30` (UTC, the next one) or by a length from now: `45 min`, `1 h 30 min`."""
    words = text.strip()
    if found := _CLOCK.fullmatch(words):
        today = now.astimezone(UTC).replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    if (found := _LENGTH.fullmatch(words)) and any(found.groups()):
        days, hours, minutes = (int(part or 0) for part in found.groups())
        return now + timedelta(days=days, hours=hours, minutes=minutes)
    return None
