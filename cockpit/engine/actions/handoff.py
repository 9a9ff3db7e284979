"""Handing the responder's role over: reassigned in PagerDuty, and announced with the brief as its note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.assign import Reassignment
from cockpit.engine.actions.kind import Data, Found, Held, Reach, Recognition
from cockpit.incident.facts import Status

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import Person


def stranger(name: str) -> str:
    """What to say of somebody who can't take over because PagerDuty doesn't know them."""
    return (
        f"{name} isn't in PagerDuty, so the incident can't be assigned to them. Add them there (People > Users), or "
        "hand over to somebody who is; a note can say that they help."
    )


class Handoff(Reassignment):
    """The next responder takes over.

    One act: the incident is theirs in PagerDuty first, then the channel reads so, with the brief. `to_email` finds them
    in PagerDuty afresh; `liaison` names the next liaison where that changes too, `agent` is their id in Freshdesk;
    `brief` is the note's text; `role` and `liaison_role` are the process's words for what they take over.
    """

    name = "handoff"
    title = "hand the incident over"
    friction = "review"
    undone = "Not handed over"
    needs = frozenset({"to", "to_email", "brief"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """It needs an open incident and somebody else, with an address to find them by."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.pagerduty
        if facts is not None and facts.incident.status is Status.RESOLVED:
            return "The incident is resolved: there is nothing to hand over."
        if "to_email" in data and not data["to_email"]:
            return f"{data.get('to') or 'That person'} has no e-mail address by which PagerDuty would know them."
        assignees = facts.incident.assignees if facts else ()
        if len(assignees) == 1 and data.get("to_email") and _is(assignees[0], str(data["to_email"])):
            return f"{assignees[0].name} has it already."
        if any(waiting.kind == self.name and not waiting.held for waiting in view.outbox.deliveries):
            return "A hand-off is on its way already; see the outbox."
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Find them in PagerDuty, and look who has it. Raises `Held` for somebody who isn't there, or has it."""
        email = str(action.data["to_email"])
        person = next((one for one in await reach.pagerduty.users() if _is(one, email)), None)
        if person is None:
            raise Held(f"{self.undone}: {stranger(str(action.data['to']))}")
        return {**await super().prepare(reach, action), "user": person.id, "to": person.name}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.assign(reach.incident_id, [str(baseline["user"])])
        return {"to": baseline["to"]}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the assignment's line in the log."""
        found = await super().recognise(reach, entry)
        if not isinstance(found, Found):
            return found
        return Found({"to": entry.baseline.get("to", entry.action.data["to"])}, found.by)

    def theirs(self, action: Action, person: Person) -> bool:
        """By their address, or their name where PagerDuty doesn't tell it."""
        return _is(person, str(action.data["to_email"])) or person.name == action.data["to"]

    def words(self, action: Action) -> str:
        """To whom."""
        return f"hand over to {action.data['to']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """⇄ … takes over, and the brief."""
        to = outcome.get("to", action.data["to"])
        liaison = action.data.get("liaison")
        also = f"; {liaison} is the new {action.data.get('liaison_role', 'Liaison')}" if liaison else ""
        brief = str(action.data["brief"]).strip()
        return f"⇄ Hand-off: {to} takes over #{case.number} as {action.data.get('role', 'Responder')}{also}\n{brief}\n"

    def public(self, action: Action, outcome: Data) -> Data:
        """Who leads now and, where it changed, who tells the communities."""
        liaison = action.data.get("liaison")
        also = {"liaison": liaison, "agent": action.data.get("agent")} if liaison else {}
        return {"to": outcome.get("to", action.data["to"]), **also}


def _is(person: Person, email: str) -> bool:
    return (person.email or "").casefold() == email.strip().casefold() != ""
