"""Moments and spans in words, as evidence and replies say them: always UTC, with the date when it isn't today's."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(at: datetime, now: datetime) -> str:
    """Such as "16:14 UTC"; "22 Nov 16:14 UTC" on another day than `now`'s; with the year when that differs too."""
    words = f"{at:%H:%M} UTC"
    if at.date() != now.date():
        words = f"{at.day} {_MONTHS[at.month - 1]}{f' {at.year}' if at.year != now.year else ''} {words}"
    return words


def zulu(at: datetime | None) -> str | None:
    """A moment for machines: ISO 8601 in UTC to the second, with a Z; None stays None."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def span(length: timedelta) -> str:
    """Such as "40 s", "17 min", "1 h 42 min", "2 d 3 h": short, never negative."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def countdown(left: timedelta) -> str:
    """Such as "12 s": like a span, but never "0 s" while there is something left, since it is to be waited for."""
    return span(timedelta(seconds=math.ceil(left.total_seconds())))


def ago(at: datetime, now: datetime) -> str:
    """Such as "3 min ago"; "just now" within a few seconds, and for a clock that runs ahead of ours."""
    return "just now" if now - at < timedelta(seconds=5) else f"{span(now - at)} ago"
