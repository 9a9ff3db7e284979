"""What an incident report says, as frozen values: the same for Markdown and for JSON.

Every `str` is plain text of one line or more, cleaned; what writes it down escapes it. Moments are aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Means(StrEnum):
    """How the outage came to be known."""

    MONITORING = "monitoring"
    COMMUNITY = "community"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Impact:
    """When users were hit: the best guess, and why. `end` None: it isn't over. An end is never before the start."""

    start: datetime | None
    start_why: str
    end: datetime | None
    end_why: str

    @property
    def duration(self) -> timedelta | None:
        """From start to end; None while either isn't known."""
        return self.end - self.start if self.start is not None and self.end is not None else None


@dataclass(frozen=True, slots=True)
class Detection:
    """The first sign of the outage: how it came, when, in words, and where to look."""

    means: Means
    at: datetime
    words: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How long something took. `name` is the key in JSON; `since` is what the clock started from; `took` None: it
    hasn't happened. `goal` is what the process allows, None where it sets nothing."""

    name: str
    title: str
    since: datetime
    at: datetime | None
    goal: timedelta | None = None

    @property
    def took(self) -> timedelta | None:
        """From `since` to `at`; nothing is done before it could be."""
        return None if self.at is None else max(self.at - self.since, timedelta())

    @property
    def kept(self) -> bool | None:
        """Whether the goal was kept; None without a goal, or while it hasn't happened."""
        return None if self.took is None or self.goal is None else self.took <= self.goal


@dataclass(frozen=True, slots=True)
class Cadence:
    """How well the updates kept their interval, over all tickets: `kept` of `due`, and the longest gap with whose."""

    interval: timedelta
    due: int
    kept: int
    longest: timedelta | None
    longest_about: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody in a role; `since` where it is known."""

    name: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role and who held it, in order. `key` is the process's short name of it ("IR")."""

    key: str
    title: str
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An address with what to call it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket of the incident. `told` counts our public replies since the incident was opened."""

    number: int
    community: str
    representative: str
    status: str
    told: int
    url: str | None


class EntryKind(StrEnum):
    """What part an entry plays in the tale."""

    IMPACT = "impact"
    LEARNED = "learned"
    RESPONDED = "responded"
    LOOK = "look"
    COMMAND = "command"
    FIX = "fix"
    COMMUNITY = "community"
    TOLD = "told"
    HANDOFF = "handoff"
    VERIFIED = "verified"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline: who did what, what came of it, and where to look (`source` names the link)."""

    at: datetime
    kind: EntryKind
    who: str
    what: str
    outcome: str = ""
    source: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or an item of prose, with the links that belong to it."""

    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A prose section. `items`: its lines are a list, not a paragraph."""

    id: str
    title: str
    lines: tuple[Line, ...]
    items: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `draft` says why it is one (empty: it isn't); `gaps` name what couldn't be read.

    `priority` is the priority's name; `as_of` the moment up to which the facts reach.
    """

    title: str
    incident_id: str | None
    number: int | None
    url: str | None
    priority: str | None
    anonymous: bool
    draft: str
    gaps: tuple[str, ...]
    as_of: datetime
    owner: str
    owner_as: str
    impact: Impact
    detection: Detection | None
    measures: tuple[Measure, ...]
    cadence: Cadence | None
    roles: tuple[Role, ...]
    tickets: tuple[TicketLine, ...]
    links: tuple[Link, ...]
    sections: tuple[Section, ...]
    timeline: tuple[Entry, ...]

    @property
    def date(self) -> date:
        """The day, in UTC, on which the impact started; of what hit nobody, on which it began."""
        return (self.impact.start or (self.timeline[0].at if self.timeline else self.as_of)).date()


PROSE: tuple[tuple[str, str], ...] = (
    ("overview", "Overview"),
    ("what_happened", "What happened"),
    ("resolution", "Resolution"),
    ("lucky", "Where we got lucky"),
    ("well", "What went well"),
    ("badly", "What didn't"),
    ("actions", "Action items"),
)
"""The prose sections in order: what a person edits, and keeps when the report is written again."""
