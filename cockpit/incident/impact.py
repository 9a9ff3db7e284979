"""When users were hit, as a person types it: `08:46`, `2026-11-23 08:46Z`, `25 min before the alert`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cockpit.incident.facts import LogKind, Snapshot, Status
from cockpit.incident.moments import moment, span

FORMS = "08:46 (UTC), 2026-11-23 08:46, 25 min before the alert, or 10 min ago"
"""How it can be typed, for who must be told."""


class NotAMoment(ValueError):
    """The text names no moment; `str()` says why and how it can be said."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """The moments from which a person counts; None where there was none yet. `now` isn't before either."""

    alert: datetime | None
    resolution: datetime | None
    now: datetime


def landmarks(snapshot: Snapshot, now: datetime) -> Landmarks:
    """The first alert (else the incident's opening, else the first ticket), and the last resolution if it stands."""
    facts = snapshot.pagerduty
    if facts is None:
        alert = min((one.ticket.created_at for one in snapshot.tickets), default=None)
        resolution = None
    else:
        alert = min((one.created_at for one in facts.alerts), default=facts.incident.created_at)
        ends = [entry.at for entry in facts.log_entries if entry.kind is LogKind.RESOLVED]
        resolved = facts.incident.status is Status.RESOLVED
        resolution = (max(ends) if ends else facts.incident.changed_at) if resolved else None
    # A clock of ours that is behind makes nothing of what the services tell a thing to come.
    return Landmarks(alert, resolution, max(filter(None, (now, alert, resolution))))


_LENGTH = r"(?:(?P<d>\d{1,3}) *d\w*)? *(?:(?P<h>\d{1,3}) *h\w*)? *(?:(?P<m>\d{1,4}) *m\w*)?"
_FROM = re.compile(
    rf"(?=\d){_LENGTH} +(?:(?P<way>before|after) +(?:the +)?(?P<what>alert|resolution)|(?P<ago>ago))", re.IGNORECASE
)
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d) *(?:utc|z)?", re.IGNORECASE)
_DATED = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T]+(?P<hour>\d?\d)(?P<rest>:\d\d(?::\d\d)?) *(?:utc|z|(?P<offset>[+-]\d\d:?\d\d))?",
    re.IGNORECASE,
)


def meant(text: str, marks: Landmarks, end: bool = False) -> datetime:
    """The moment that a person means, in UTC. Raises NotAMoment.

    A clock time alone is that of the day nearest to the alert (to the resolution, else now, for the `end`), and never
    still to come.
    """
    words = " ".join(text.split())
    if found := _FROM.fullmatch(words):
        return _counted(found, marks)
    if found := _CLOCK.fullmatch(words):
        about = (marks.resolution if end else marks.alert) or marks.now
        return _nearest(int(found["hour"]), int(found["minute"]), about, marks.now)
    if found := _DATED.fullmatch(words):
        return _dated(found)
    raise NotAMoment(f"“{words[:60]}” isn't a time: {FORMS}.")


def _counted(found: re.Match[str], marks: Landmarks) -> datetime:
    length = timedelta(days=int(found["d"] or 0), hours=int(found["h"] or 0), minutes=int(found["m"] or 0))
    if found["ago"]:
        return (marks.now - length).replace(second=0, microsecond=0)
    what = found["what"].lower()
    about = marks.alert if what == "alert" else marks.resolution
    if about is None:
        raise NotAMoment(f"There is no {what} to count from yet: say the time, such as 08:46 (UTC).")
    return about - length if found["way"].lower() == "before" else about + length


def _nearest(hour: int, minute: int, about: datetime, now: datetime) -> datetime:
    day = about.replace(hour=hour, minute=minute, second=0, microsecond=0)
    days = [day + timedelta(days=shift) for shift in (-1, 0, 1)]
    past = [one for one in days if one <= now] or [day]
    return min(past, key=lambda one: abs(one - about))


def _dated(found: re.Match[str]) -> datetime:
    stamp = f"{found['day']} {found['hour'].zfill(2)}{found['rest']}"
    try:
        return datetime.fromisoformat(stamp + (found["offset"] or "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):  # the calendar ends with the year 9999, also for another zone's moment
        raise NotAMoment(f"{stamp} isn't in the calendar.") from None


def understood(at: datetime, marks: Landmarks) -> str:
    """How it was understood, for who typed it: with its date, and how far it is from the alert."""
    words = f"{at:%a} {at.day} {at:%b %Y}, {at:%H:%M} UTC"
    if marks.alert is None:
        return words
    apart = abs(at - marks.alert)
    if apart < timedelta(minutes=1):
        return f"{words}, with the alert"
    way = "after" if at > marks.alert else "before"
    return f"{words}, {span(apart)} {way} the alert at {moment(marks.alert, at)}"
