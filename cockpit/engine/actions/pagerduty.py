"""The kinds of action that PagerDuty carries out.

Facts of the wire used here: acknowledging or triggering a resolved incident reopens it; `incident_key` lets a second
open incident of the same key be refused; notes have no idempotency key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from cockpit.engine.actions.kind import (
    LOOK_BACK,
    Absent,
    ActionKind,
    Already,
    CantTell,
    Data,
    Found,
    Held,
    Reach,
    Recognition,
)
from cockpit.incident.facts import LogKind, Source, Status
from cockpit.incident.text import one_line, squash
from cockpit.services.errors import Refused

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import LogEntry, Person

DECLARE_FIRST = "There is no PagerDuty incident yet: declare it first."


class OnIncident(ActionKind):
    """An action on the PagerDuty incident that is there."""

    service = Source.PAGERDUTY

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """There must be an incident."""
        return DECLARE_FIRST if view.case.incident_id is None else None


class Logged(OnIncident):
    """A change of the incident that leaves a line in its log.

    By that line, by us and not there before, it is recognised for certain, whatever others did to the incident since:
    its state alone would make us resolve a second time what somebody has just reopened.
    """

    logged: ClassVar[LogKind]

    async def look(self, reach: Reach, action: Action) -> None:
        """Look at the incident. Raises `Already`, `Held`, or a `ServiceError`."""

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look at the incident; the baseline is what the log holds of us already."""
        await self.look(reach, action)
        return {"log": [line.id for line in await self._lines(reach, action)]}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By its line in the log."""
        before = set(entry.baseline.get("log", ()))
        new = [line for line in await self._lines(reach, entry.action) if line.id not in before]
        return Found({}) if any(self.wrote(entry.action, line) for line in new) else Absent()

    def wrote(self, action: Action, line: LogEntry) -> bool:
        """Whether a line of its kind says what the action does."""
        return True

    async def _lines(self, reach: Reach, action: Action) -> list[LogEntry]:
        lines = await reach.pagerduty.log_entries(reach.incident_id, action.at - LOOK_BACK)
        return [line for line in lines if line.kind is self.logged and _ours(reach, line.agent)]


def _ours(reach: Reach, person: Person | None) -> bool:
    return person is None or person.email is None or reach.email is None or person.email == reach.email


def _status(view: View) -> Status | None:
    return view.snapshot.pagerduty.incident.status if view.snapshot.pagerduty else None


class Acknowledge(Logged):
    """Acknowledge the incident; never a resolved one, since that would reopen it."""

    name = "acknowledge"
    title = "acknowledge the incident"
    logged = LogKind.ACKNOWLEDGED

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A resolved incident isn't acknowledged, and nobody does it twice."""
        if reason := super().impossible(view, data, step):
            return reason
        if _status(view) is Status.RESOLVED:
            return "The incident is resolved; acknowledging it would reopen it. Reopen it if that is what you mean."
        incident = view.snapshot.pagerduty.incident if view.snapshot.pagerduty else None
        if incident and any(person.name == view.me for person in incident.acknowledgers):
            return "You have acknowledged it already."
        return None

    async def look(self, reach: Reach, action: Action) -> None:
        """Look whether somebody resolved it, or we acknowledged it, in the meantime."""
        incident = await reach.pagerduty.incident(reach.incident_id)
        if incident.status is Status.RESOLVED:
            raise Held(
                f"Not acknowledged: #{incident.number} was resolved in the meantime, and acknowledging would reopen it."
            )
        if any(reach.email and person.email == reach.email for person in incident.acknowledgers):
            raise Already({"number": incident.number})

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.acknowledge(reach.incident_id)
        return {}

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✔ Acknowledged …"""
        return f"✔ Acknowledged PagerDuty incident #{case.number}"


class SetPriority(Logged):
    """Set the incident's priority, or remove it (`priority` None)."""

    name = "set_priority"
    title = "set the incident's priority"
    logged = LogKind.PRIORITY
    needs = frozenset({"priority"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A false alarm is resolved *before* its P1 goes, else a phantom P1 stays on the public status page."""
        if reason := super().impossible(view, data, step):
            return reason
        if "priority" not in data or view.snapshot.pagerduty is None:
            return None
        incident = view.snapshot.pagerduty.incident
        if incident.priority == data["priority"]:
            return f"The priority is {incident.priority} already." if incident.priority else "It has no priority."
        if data["priority"] is None and incident.status is not Status.RESOLVED:
            return "Resolve the incident first, then remove its priority: else a phantom stays on the status page."
        return None

    def wrote(self, action: Action, line: LogEntry) -> bool:
        """The same priority."""
        return bool(line.priority == action.data["priority"])

    async def look(self, reach: Reach, action: Action) -> None:
        """Look what it is now; before a removal, that the incident is resolved."""
        incident = await reach.pagerduty.incident(reach.incident_id)
        if incident.priority == action.data["priority"]:
            raise Already({})
        if action.data["priority"] is None and incident.status is not Status.RESOLVED:
            raise Held(f"Priority kept: #{incident.number} isn't resolved, and a false alarm is resolved first.")

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.set_priority(reach.incident_id, action.data["priority"])
        return {}

    def words(self, action: Action) -> str:
        """Which priority."""
        wanted = action.data["priority"]
        return f"set the priority to {wanted}" if wanted else "remove the priority"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """▲ P1 …"""
        wanted = action.data["priority"]
        return f"▲ Made #{case.number} a {wanted}" if wanted else f"▽ Removed the priority of #{case.number}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The priority's name."""
        return {"priority": action.data["priority"]}


class Declare(ActionKind):
    """Create the incident in PagerDuty, with its priority and the ticket's link in the description.

    `incident_key` is made of the action's id: a second attempt of the same action can't make a second incident.
    """

    name = "declare"
    title = "declare the incident in PagerDuty"
    friction = "review"
    service = Source.PAGERDUTY
    needs = frozenset({"title", "service_id"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """One incident to a case."""
        if view.case.incident_id is not None:
            return f"The incident is declared already: #{view.case.number}."
        if any(waiting.kind == self.name for waiting in view.outbox.deliveries):
            return "A declaration is on its way already; see the outbox."
        if "title" in data and not str(data["title"]).strip():
            return "An incident needs a title."
        return None

    @staticmethod
    def key(action: Action) -> str:
        """The `incident_key` of that declaration."""
        return f"cockpit-{action.id}"

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look whether an earlier attempt made it."""
        existing = await reach.pagerduty.find_by_key(self.key(action))
        if existing is not None:
            raise Already({"id": existing.id, "number": existing.number})
        return {}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        try:
            incident = await reach.pagerduty.create(
                title=str(action.data["title"]),
                service_id=str(action.data["service_id"]),
                priority=reach.process.words.priority,
                body=str(action.data.get("body") or ""),
                key=self.key(action),
            )
        except Refused:
            # Its key is taken where an earlier attempt arrived after all, later than anyone looked.
            existing = await reach.pagerduty.find_by_key(self.key(action))
            if existing is None:
                raise
            incident = existing
        return {"id": incident.id, "number": incident.number}

    def settle(self, case: Case, action: Action, outcome: Data) -> Case:
        """The case has its incident now."""
        if "id" not in outcome:  # confirmed by hand: which one it is, `Desk.find` tells
            return case
        return replace(case, incident_id=outcome["id"], number=outcome["number"], title=str(action.data["title"]))

    def words(self, action: Action) -> str:
        """Its title."""
        return f"declare “{one_line(str(action.data['title']), 40)}”"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """⚑ Declared …"""
        return f"⚑ Declared PagerDuty incident #{outcome.get('number', case.number)}: {action.data['title']}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The incident's id and number."""
        return {name: outcome[name] for name in ("id", "number") if name in outcome}


class AddIncidentNote(OnIncident):
    """A note on the PagerDuty incident. PagerDuty keeps at most 2,000 of them."""

    name = "incident_note"
    title = "add a note to the PagerDuty incident"
    needs = frozenset({"text"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A note needs words."""
        if reason := super().impossible(view, data, step):
            return reason
        return "A note needs some words." if not str(data.get("text", "x")).strip() else None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Which notes are there already."""
        return {"notes": [note.id for note in await reach.pagerduty.notes(reach.incident_id)]}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        note = await reach.pagerduty.add_note(reach.incident_id, str(action.data["text"]))
        return {"id": note.id}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By author and content among the notes that weren't there before, which no clock can get wrong.

        Absence is no proof: the request may still be on its way.
        """
        before = set(entry.baseline.get("notes", ())) | reach.claimed
        wanted = squash(str(entry.action.data["text"]))
        new = [note for note in await reach.pagerduty.notes(reach.incident_id) if note.id not in before]
        alike = [note for note in new if _ours(reach, note.author) and squash(note.content) == wanted]
        rivals = sum(squash(str(rival.data["text"])) == wanted for rival in reach.rivals)
        if len(alike) > rivals:
            return Found({"id": alike[0].id})
        sent = f"You sent “{one_line(wanted, 160)}”."
        if alike:
            return CantTell(f"{sent} PagerDuty shows {len(alike)} such notes for {rivals + 1} that were sent.")
        shown = f"; newest: “{one_line(new[-1].content, 160)}” by {new[-1].author.name}" if new else ""
        return CantTell(f"{sent} PagerDuty shows no such note of yours{shown}.")

    def words(self, action: Action) -> str:
        """The note's beginning."""
        return f"PagerDuty note “{one_line(str(action.data['text']), 40)}”"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✎ Noted in PagerDuty …"""
        return f"✎ Noted in PagerDuty: {one_line(str(action.data['text']), 1_000)}"


class ResolveIncident(Logged):
    """Resolve the incident in PagerDuty. PagerDuty then empties its acknowledgements and assignments."""

    name = "resolve_incident"
    title = "resolve the PagerDuty incident"
    logged = LogKind.RESOLVED
    friction = "confirm"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Once is enough."""
        if reason := super().impossible(view, data, step):
            return reason
        return "The incident is resolved already." if _status(view) is Status.RESOLVED else None

    async def look(self, reach: Reach, action: Action) -> None:
        """Look whether it was resolved from outside."""
        incident = await reach.pagerduty.incident(reach.incident_id)
        if incident.status is Status.RESOLVED:
            raise Already({})

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.resolve(reach.incident_id, str(action.data.get("resolution") or "") or None)
        return {}

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✔ Resolved …"""
        said = one_line(str(action.data.get("resolution") or ""), 1_000)
        return f"✔ Resolved PagerDuty incident #{case.number}" + (f": {said}" if said else "")


class ReopenIncident(Logged):
    """Reopen a resolved incident: it is still broken."""

    name = "reopen_incident"
    title = "reopen the PagerDuty incident"
    logged = LogKind.REOPENED
    friction = "confirm"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Only a resolved incident is reopened."""
        if reason := super().impossible(view, data, step):
            return reason
        return None if _status(view) is Status.RESOLVED else "The incident is open."

    async def look(self, reach: Reach, action: Action) -> None:
        """Look whether it is open again."""
        incident = await reach.pagerduty.incident(reach.incident_id)
        if incident.status is not Status.RESOLVED:
            raise Already({})

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.trigger(reach.incident_id)
        return {}

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """↺ Reopened …"""
        return f"↺ Reopened PagerDuty incident #{case.number}"
