"""What the changes of a PagerDuty incident share: its log tells what others did meanwhile, and whether ours arrived.

A line of the log names who did what and when, and stays whatever is done to the incident afterwards. Its state alone
would make us resolve a second time what somebody has just reopened, or take back an incident that was handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cockpit.engine.actions.kind import (
    LOOK_BACK,
    SEND_AGAIN,
    Absent,
    ActionKind,
    CantTell,
    Data,
    Found,
    Held,
    Reach,
    Recognition,
)
from cockpit.incident.facts import LogKind, Source, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import View
    from cockpit.incident.facts import Incident, LogEntry, Person

DECLARE_FIRST = "There is no PagerDuty incident yet: declare it first."

DONE = {
    LogKind.ACKNOWLEDGED: "acknowledged it",
    LogKind.RESOLVED: "resolved it",
    LogKind.REOPENED: "reopened it",
}
"""What a line of the log says that somebody did, where its kind alone tells."""


class OnIncident(ActionKind):
    """An action on the PagerDuty incident that is there."""

    service = Source.PAGERDUTY

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """There must be an incident."""
        return DECLARE_FIRST if view.case.incident_id is None else None


class Logged(OnIncident):
    """A change of the incident that leaves a line in its log.

    Two people who make the same or the opposite change at once: the second is shown the first one's line.
    """

    logged: ClassVar[LogKind]
    """Its own line."""
    bears: ClassVar[frozenset[LogKind]]
    """The lines of others that whoever does this would want to know of before."""
    undone: ClassVar[str]
    """That it wasn't done: *Not acknowledged*."""

    def in_vain(self, reach: Reach, incident: Incident, log: Sequence[LogEntry], action: Action) -> str | None:
        """Why it would change nothing now, or must not be done, in words; None: it can be done."""
        return None

    def seen(self, view: View, data: Data) -> Data:
        """The newest lines of the log that were on the screen: PagerDuty puts several into one second."""
        log = view.snapshot.pagerduty.log_entries if view.snapshot.pagerduty else ()
        return {"seen": [line.id for line in log if line.at == log[-1].at]} if log else {}

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look at the incident, then at what was done to it since the person looked; the baseline is the log's lines.

        In this order: what happens between the two readings is in the log.
        """
        incident = await reach.pagerduty.incident(reach.incident_id)
        log = await _log(reach, action)
        if reason := self.in_vain(reach, incident, log, action):
            raise Held(f"{self.undone}: {reason}")
        news = [line for line in _since(log, action.data.get("seen")) if line.kind in self.bears]
        if others := [line for line in news if not _ours(reach, line)]:
            raise Held(f"{self.undone} yet: after what you saw, {did(reach, others[-1])}. {SEND_AGAIN}")
        return {"log": [line.id for line in log if line.kind is self.logged]}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By our line in the log that wasn't there before.

        Certain either way where PagerDuty says whose the line is; a line that may be ours is put to the person.
        """
        before = set(entry.baseline.get("log", ()))
        new = [line for line in await _log(reach, entry.action) if line.kind is self.logged and line.id not in before]
        new = [line for line in new if self.wrote(entry.action, line)]
        ours = next((line for line in new if _ours(reach, line)), None)
        if ours is not None:
            return Found({}, f"its line in PagerDuty's log at {ours.at:%H:%M:%S} UTC")
        doubtful = next((line for line in new if _ours(reach, line) is None), None)
        if doubtful is None:
            return Absent()
        return CantTell(
            f"You wanted to {self.words(entry.action)}. PagerDuty's log shows it at {doubtful.at:%H:%M:%S} UTC, but "
            "not whether it was you."
        )

    def wrote(self, action: Action, line: LogEntry) -> bool:
        """Whether a line of its kind says what the action does."""
        return True


async def _log(reach: Reach, action: Action) -> tuple[LogEntry, ...]:
    return await reach.pagerduty.log_entries(reach.incident_id, action.at - LOOK_BACK)


def _since(log: Sequence[LogEntry], seen: Sequence[str] | None) -> Sequence[LogEntry]:
    """The lines after those that were seen. None were: nothing was on the screen to compare with."""
    if not seen:
        return ()
    return log[max((place for place, line in enumerate(log) if line.id in seen), default=-1) + 1 :]


def is_us(reach: Reach, person: Person | None) -> bool | None:
    """Whether that is who this cockpit writes as; None where PagerDuty doesn't say enough."""
    if person is None or not person.email or not reach.email:
        return None
    return person.email.casefold() == reach.email.casefold()


def _ours(reach: Reach, line: LogEntry) -> bool | None:
    """Whether that line is this cockpit's; a service or an integration is nobody's cockpit."""
    return is_us(reach, line.agent) if line.agent is None or line.by_person else False


def did(reach: Reach, line: LogEntry) -> str:
    """What a line of the log tells: *Ben Okafor acknowledged it at 13:05 UTC*."""
    name = line.agent.name if line.agent else "somebody"
    who = "you" if _ours(reach, line) else name
    return f"{who} {_deed(line)} at {line.at:%H:%M} UTC"


def _deed(line: LogEntry) -> str:
    if line.kind is LogKind.PRIORITY:
        return f"made it a {line.priority}" if line.priority else "removed its priority"
    if line.kind in (LogKind.ASSIGNED, LogKind.ESCALATED):
        return f"assigned it to {', '.join(one.name for one in line.assignees) or 'nobody'}"
    return DONE.get(line.kind, f"changed it ({line.summary})")


def last(reach: Reach, log: Sequence[LogEntry], kind: LogKind) -> str:
    """Who did that last, as a sentence that follows what is so; empty where the log doesn't reach back to it."""
    line = next((line for line in reversed(log) if line.kind is kind), None)
    return f": {did(reach, line)}" if line is not None else ""


def resolved(incident: Incident) -> bool:
    """Whether it is resolved."""
    return incident.status is Status.RESOLVED
