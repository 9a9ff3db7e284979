"""The kinds of action that say whose it is: the PagerDuty incident's assignment and a ticket's agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.freshdesk import OnTicket
from cockpit.engine.actions.kind import SEND_AGAIN, Absent, CantTell, Data, Found, Held, Reach, Recognition
from cockpit.engine.actions.logged import Logged, last, resolved
from cockpit.incident.facts import LogKind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import Incident, LogEntry, Person


class Reassignment(Logged):
    """A change of who has the PagerDuty incident."""

    logged = LogKind.ASSIGNED
    bears = frozenset({LogKind.ASSIGNED, LogKind.ESCALATED})
    undone = "Not reassigned"

    def theirs(self, action: Action, person: Person) -> bool:
        """Whether that is whom it is handed to."""
        raise NotImplementedError

    def wrote(self, action: Action, line: LogEntry) -> bool:
        """Assigned to them."""
        return any(self.theirs(action, one) for one in line.assignees)

    def in_vain(self, reach: Reach, incident: Incident, log: Sequence[LogEntry], action: Action) -> str | None:
        """It is resolved, or theirs already."""
        if resolved(incident):
            told = last(reach, log, LogKind.RESOLVED)
            return f"#{incident.number} is resolved{told}, and PagerDuty assigns only open incidents."
        if len(incident.assignees) == 1 and self.theirs(action, incident.assignees[0]):
            return f"{incident.assignees[0].name} has #{incident.number} already{last(reach, log, LogKind.ASSIGNED)}."
        return None


class Assign(Reassignment):
    """Hand the PagerDuty incident to somebody, in place of whoever has it: that makes them Incident Responder."""

    name = "assign"
    title = "reassign the incident"
    friction = "confirm"
    needs = frozenset({"user", "name"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """PagerDuty assigns only open incidents, and not to who has it."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.pagerduty
        if facts is None:
            return None
        if facts.incident.status is Status.RESOLVED:
            return "The incident is resolved: PagerDuty assigns only open ones."
        if "user" in data and not data["user"]:
            return f"{data.get('name') or 'That person'} isn't in PagerDuty, so it can't be assigned to them."
        if [one.id for one in facts.incident.assignees] == [data.get("user")]:
            return f"{facts.incident.assignees[0].name} has it already."
        return None

    def theirs(self, action: Action, person: Person) -> bool:
        """By their id in PagerDuty."""
        return bool(person.id == action.data["user"])

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.pagerduty.assign(reach.incident_id, [str(action.data["user"])])
        return {}

    def words(self, action: Action) -> str:
        """To whom."""
        return f"reassign to {action.data['name']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """⇄ Reassigned …"""
        return f"⇄ Reassigned PagerDuty incident #{case.number} to {action.data['name']}"

    def public(self, action: Action, outcome: Data) -> Data:
        """Who has it now."""
        return {"to": action.data["name"], "user": action.data["user"]}


class AssignTicket(OnTicket):
    """Hand a ticket to an agent: whoever has the tickets is the Communication Liaison."""

    name = "assign_ticket"
    title = "hand the ticket to an agent"
    friction = "confirm"
    needs = frozenset({"ticket", "agent", "name"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Not to who has it."""
        if reason := super().impossible(view, data, step):
            return reason
        if "agent" in data and not data["agent"]:
            return f"{data.get('name') or 'That person'} isn't an agent in Freshdesk."
        facts = view.snapshot.ticket(int(data["ticket"])) if "ticket" in data else None
        agent = facts.ticket.agent if facts else None
        if facts is not None and agent is not None and "agent" in data and agent.id == str(data["agent"]):
            return f"{agent.name} has ticket {facts.ticket.id} already."
        return None

    def seen(self, view: View, data: Data) -> Data:
        """Whose it was on the screen."""
        facts = view.snapshot.ticket(int(data["ticket"]))
        return {} if facts is None else {"seen": facts.ticket.agent.id if facts.ticket.agent else ""}

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look who has it. Freshdesk doesn't tell who gave it to them."""
        ticket = await reach.freshdesk.ticket(int(action.data["ticket"]))
        if ticket.deleted:
            raise Held(f"Ticket {ticket.id} was deleted.")
        name, has = (ticket.agent.name, ticket.agent.id) if ticket.agent else ("nobody", "")
        if has == str(action.data["agent"]):
            raise Held(f"Not handed over: ticket {ticket.id} is {name}'s already.")
        if has != action.data.get("seen", has):
            raise Held(
                f"Not handed over yet: after what you saw, somebody made ticket {ticket.id} {name}'s. {SEND_AGAIN}"
            )
        return {"updated": ticket.updated_at.isoformat()}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the agent; that it isn't they proves something only if nothing at all changed on the ticket since."""
        ticket = await reach.freshdesk.ticket(int(entry.action.data["ticket"]))
        if ticket.agent is not None and ticket.agent.id == str(entry.action.data["agent"]):
            return Found({}, "the ticket's agent")
        if ticket.updated_at.isoformat() == entry.baseline.get("updated"):
            return Absent()
        now = ticket.agent.name if ticket.agent else "nobody"
        name = entry.action.data["name"]
        return CantTell(f"You wanted to hand ticket {ticket.id} to {name}. It is {now}'s, and it changed since.")

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.freshdesk.set_agent(int(action.data["ticket"]), int(action.data["agent"]))
        return {}

    def words(self, action: Action) -> str:
        """Which, to whom."""
        return f"hand ticket {action.data['ticket']} to {action.data['name']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """⇄ Ticket … is now …"""
        return f"⇄ Handed ticket {action.data['ticket']} to {action.data['name']}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket and who has it now."""
        return {"ticket": action.data["ticket"], "to": action.data["name"]}
