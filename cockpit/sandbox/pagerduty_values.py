"""What a PagerDuty account holds: users, services, priorities, incidents and the parts of an incident."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Agent:
    """Who did something: a user, or a service through its integration."""

    id: str
    type: str
    """`user` or `service`."""
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A PagerDuty user; `role` is `owner`, `admin` (Global Admin), `user`, `limited_user` or `observer`."""

    id: str
    name: str
    email: str
    role: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Service:
    """A PagerDuty service."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority; a lower `rank` is more urgent."""

    id: str
    name: str
    description: str
    color: str
    rank: int


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of the rota, every day from `start` to `end` (`HH:MM`, over midnight if `end` is earlier)."""

    user_id: str
    level: int
    start: str
    end: str

    def moved(self, by: timedelta) -> Shift:
        """The same shift at other times of the day."""
        if self.start == self.end:
            return self

        def later(clock: str) -> str:
            hours, minutes = (int(part) for part in clock.split(":"))
            at = timedelta(hours=hours, minutes=minutes) + by
            return f"{at.seconds // 3600:02}:{at.seconds // 60 % 60:02}"

        return Shift(self.user_id, self.level, later(self.start), later(self.end))

    def covers(self, moment: datetime) -> bool:
        """Whether this shift is on at a moment."""
        if self.start == self.end:
            return True
        clock = moment.strftime("%H:%M")
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(slots=True)
class Alert:
    """One alert of an incident."""

    id: str
    key: str
    summary: str
    severity: str
    created_at: datetime
    details: dict[str, Any]
    status: str = "triggered"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of an incident's log; `extra` holds what only its type has."""

    id: str
    type: str
    created_at: datetime
    agent: Agent
    channel: dict[str, Any]
    summary: str
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """A note on an incident."""

    id: str
    user: Agent
    content: str
    created_at: datetime


@dataclass(slots=True)
class Responder:
    """A user asked to help: `state` is `pending`, `joined` or `declined`."""

    user_id: str
    requester_id: str
    message: str
    requested_at: datetime
    target: tuple[str, str]
    """Type and id of what was asked: a user or an escalation policy."""
    state: str = "pending"


@dataclass(slots=True)
class Incident:
    """An incident, which in PagerDuty is every alert that called somebody, whatever its priority."""

    id: str
    number: int
    title: str
    key: str
    service_id: str
    created_at: datetime
    updated_at: datetime
    changed_by: Agent
    urgency: str = "high"
    status: str = "triggered"
    priority_id: str | None = None
    details: str | None = None
    assignments: list[tuple[datetime, str]] = field(default_factory=list)
    acknowledgements: list[tuple[datetime, str]] = field(default_factory=list)
    status_changed_at: datetime | None = None
    resolved_at: datetime | None = None
    level: int = 1
    snoozed_until: datetime | None = None
    resolution: str | None = None
    alerts: list[Alert] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    channel_id: str | None = None
    """The dedicated Slack channel; the real service keeps it in its Slack integration, not in the incident."""
