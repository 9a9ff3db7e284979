"""Past incidents of the process with something left to do afterwards, read from the services alone.

For each: PagerDuty's log, the channel's history by its name, and the linked tickets. Nothing is written, joined or
remembered. A service that asks to be left alone for a while is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from cockpit.engine.ledger import records_of
from cockpit.incident.checklist import Assessment, State, StepState, assess
from cockpit.incident.deadlines import Deadline, Due
from cockpit.incident.facts import (
    Freshness,
    Health,
    Incident,
    LogKind,
    PagerDutyFacts,
    SlackFacts,
    Snapshot,
    Source,
    Status,
    TicketFacts,
)
from cockpit.incident.process import Process, channel_name
from cockpit.incident.tickets import linked
from cockpit.services.errors import Limited, NotFound, Refused, ServiceError

if TYPE_CHECKING:
    from cockpit.engine.desk import Desk
    from cockpit.incident.facts import Channel

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a service may ask to wait before its next answer is given up on."""

ROUNDS = 3
"""How often one question is put to a service that asks to wait."""


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step that is left, and until when, where it has a clock."""

    state: StepState
    deadline: Deadline | None = None


@dataclass(frozen=True, slots=True)
class Followup:
    """A resolved incident with steps left, in the process's order. `report` is the published report's address.

    `troubles` say what couldn't be read, so that steps may be done for all we know; `unreachable` whether one of them
    is a service that didn't answer.
    """

    incident: Incident
    resolved_at: datetime | None
    steps: tuple[OpenStep, ...]
    report: str | None = None
    troubles: tuple[str, ...] = ()
    unreachable: bool = False

    @property
    def due(self) -> datetime | None:
        """The earliest of its deadlines that isn't met."""
        return min((step.deadline.due for step in self.steps if step.deadline is not None), default=None)


@dataclass(slots=True)
class _Told:
    """What went wrong while one incident was read."""

    troubles: list[str] = field(default_factory=list)
    health: dict[Source, Health] = field(default_factory=dict)
    unreachable: bool = False

    def note(self, source: Source, error: ServiceError) -> None:
        self.troubles.append(str(error))
        refused = isinstance(error, Refused)
        self.health[source] = Health(Freshness.DOWN, error=str(error), refused=refused)
        self.unreachable = self.unreachable or not refused


async def followups(desk: Desk, days: int) -> tuple[Followup, ...]:
    """The resolved incidents of the last `days` days with a step of a quiet phase left, most overdue first.

    Raises a `ServiceError` if PagerDuty can't list them.
    """
    now = desk.settings.now()
    await desk.connection.ensure(Source.PAGERDUTY)
    pagerduty = desk.connection.pagerduty
    assert pagerduty is not None
    listed = await _patiently(lambda: pagerduty.incidents(now - timedelta(days=days), now))
    wanted = desk.process.words.priority
    past = [one for one in listed if one.priority == wanted and one.status is Status.RESOLVED]
    found = []
    if past:
        channels = await _Channels.read(desk)
        found = [await _followup(desk, incident, channels, now) for incident in past]
    never = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted((one for one in found if one.steps), key=lambda one: (one.due or never, one.incident.number)))


@dataclass(frozen=True, slots=True)
class _Channels:
    """The workspace's channels by name, or why they can't be told."""

    by_name: Mapping[str, Channel]
    error: ServiceError | None = None

    @classmethod
    async def read(cls, desk: Desk) -> _Channels:
        try:
            await desk.connection.ensure(Source.SLACK)
            slack = desk.connection.slack
            assert slack is not None
            return cls({one.name: one for one in await _patiently(slack.channels)})
        except ServiceError as error:
            return cls({}, error)

    def of(self, process: Process, incident: Incident) -> Channel | None:
        """The incident's channel by its name; of a service that was renamed since, by the name's end."""
        name = channel_name(process.words, incident.service_name or incident.title, incident.number)
        ending = f"{process.words.channel.infix}{incident.number}"
        alike = [one for one in self.by_name if one.endswith(ending)]
        return self.by_name.get(name) or (self.by_name[alike[0]] if len(alike) == 1 else None)


async def _followup(desk: Desk, incident: Incident, channels: _Channels, now: datetime) -> Followup:
    told = _Told(health=dict.fromkeys(Source, Health(Freshness.OK, read_at=now)))
    pagerduty = await _pagerduty(desk, incident, told)
    slack = await _slack(desk, incident, channels, told)
    case = desk.known(incident.id)
    entries = desk.journal.entries(case.key) if case is not None else ()
    records = records_of(slack.messages if slack else (), entries)
    address = desk.settings.freshdesk.url if desk.settings.freshdesk else ""
    tickets = await _tickets(desk, linked(records, pagerduty, address), told)
    snapshot = Snapshot(pagerduty=pagerduty, slack=slack, tickets=tickets, records=records, health=told.health)
    assessment = assess(desk.process, snapshot, desk.people, now, address)
    resolved = [entry.at for entry in pagerduty.log_entries if entry.kind is LogKind.RESOLVED]
    return Followup(
        incident=incident,
        resolved_at=resolved[-1] if resolved else incident.changed_at,
        steps=_left(assessment, logged=told.health[Source.SLACK].state is Freshness.OK),
        report=_report(assessment),
        troubles=tuple(told.troubles),
        unreachable=told.unreachable,
    )


def _left(assessment: Assessment, logged: bool) -> tuple[OpenStep, ...]:
    """What isn't settled in the phases that come after an incident.

    Where the channel's log wasn't read (not `logged`), nobody can tell: what people said of the steps is there.
    """
    due = {one.id: one for one in assessment.deadlines if one.state is not Due.MET}
    quiet = {phase.number for phase in assessment.process.phases if phase.quiet}
    return tuple(
        OpenStep(
            state if logged else replace(state, state=State.CANT_TELL), due.get(str(state.step.params.get("clock")))
        )
        for state in assessment.steps
        if state.step.phase in quiet and not state.settled
    )


def _report(assessment: Assessment) -> str | None:
    """The published report's address: what the step brought that another step waits for."""
    named = {str(step.params["step"]) for step in assessment.process.steps if "step" in step.params}
    return next((state.url for state in assessment.steps if state.step.id in named and state.url), None)


async def _pagerduty(desk: Desk, incident: Incident, told: _Told) -> PagerDutyFacts:
    service = desk.connection.pagerduty
    assert service is not None
    try:
        return PagerDutyFacts(incident, log_entries=await _patiently(lambda: service.log_entries(incident.id)))
    except ServiceError as error:
        told.note(Source.PAGERDUTY, error)
        return PagerDutyFacts(incident)


async def _slack(desk: Desk, incident: Incident, channels: _Channels, told: _Told) -> SlackFacts | None:
    """The channel with its top-level messages, in which the log is."""
    if channels.error is not None:
        told.note(Source.SLACK, channels.error)
        return None
    channel = channels.of(desk.process, incident)
    service = desk.connection.slack
    if channel is None or service is None:
        told.troubles.append("No public channel has its name: what was attested there can't be read.")
        return None
    try:
        return SlackFacts(channel, await _patiently(lambda: service.history(channel.id)))
    except ServiceError as error:
        told.note(Source.SLACK, error)
        return SlackFacts(channel)


async def _tickets(desk: Desk, numbers: tuple[int, ...], told: _Told) -> tuple[TicketFacts, ...]:
    found = []
    try:
        if numbers:
            await desk.connection.ensure(Source.FRESHDESK)
        service = desk.connection.freshdesk
        for number in numbers:
            assert service is not None
            try:
                ticket = await _patiently(lambda number=number: service.ticket(number))  # type: ignore[misc]
            except NotFound:
                continue  # deleted or merged: nobody can be told there any more
            said = await _patiently(lambda number=number: service.conversations(number))  # type: ignore[misc]
            found.append(TicketFacts(ticket, said))
    except ServiceError as error:
        told.note(Source.FRESHDESK, error)
    return tuple(found)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What the service answers, also after the wait that it asks for. Raises a `ServiceError`."""
    for _ in range(ROUNDS - 1):
        try:
            return await ask()
        except Limited as limit:
            if limit.retry_after > PATIENCE:
                raise
            await asyncio.sleep(limit.retry_after)
    return await ask()
