"""The kinds of action that bring people in and say whose it is: responder requests, invitations, assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.freshdesk import OnTicket
from cockpit.engine.actions.kind import (
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
from cockpit.engine.actions.pagerduty import Logged, OnIncident
from cockpit.incident.facts import LogKind, Source, Status
from cockpit.incident.text import one_line
from cockpit.services.errors import Forbidden

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import LogEntry, Responder

PAYMENT_REQUIRED = 402
"""PagerDuty's answer where the account's plan lacks an ability."""


def _when(responder: Responder) -> str | None:
    return responder.at.isoformat() if responder.at else None


def names_of(action: Action) -> str:
    """The people whom an action is about."""
    return ", ".join(str(name) for name in action.data["names"])


class RequestResponders(OnIncident):
    """Ask people, through PagerDuty, to respond: it notifies each as they have chosen."""

    name = "request_responders"
    title = "ask people to respond"
    friction = "confirm"
    needs = frozenset({"users", "names", "message"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Somebody must be named, and an open incident be there."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.pagerduty
        if facts is not None and facts.incident.status is Status.RESOLVED:
            return "The incident is resolved: nobody needs to be asked any more."
        if "users" in data and not data["users"]:
            return "Whom? Nobody is chosen who is in PagerDuty."
        if "message" in data and not str(data["message"]).strip():
            return "Say in a few words what you need them for: it is what wakes them."
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Who of them was asked already, and hasn't declined."""
        incident, responders = await reach.pagerduty.details(reach.incident_id)
        if incident.status is Status.RESOLVED:
            raise Held(f"Nobody was asked: #{incident.number} was resolved in the meantime.")
        asked = {one.person.id for one in responders if one.state != "declined"}
        missing = [user for user in action.data["users"] if user not in asked]
        if not missing:
            raise Already({})
        return {"missing": missing, "declined": {one.person.id: _when(one) for one in responders}}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST. Raises `Forbidden`, saying what to do instead, where the plan lacks responder requests."""
        try:
            await reach.pagerduty.request_responders(
                reach.incident_id, baseline["missing"], str(action.data["message"])
            )
        except Forbidden as refusal:
            if refusal.status != PAYMENT_REQUIRED:
                raise
            words = (
                "PagerDuty's plan has no responder requests (the ability is called “coordinated responding”), so "
                f"{names_of(action)} can't be asked through it. Invite them to the Slack channel instead."
            )
            raise Forbidden(
                refusal.source, refusal.doing, words, status=refusal.status, permission="coordinated responding"
            ) from None
        return {}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the incident's responders; one who had declined counts when they were asked anew."""
        _, responders = await reach.pagerduty.details(reach.incident_id)
        before = entry.baseline.get("declined", {})
        asked = {
            one.person.id for one in responders if one.state != "declined" or before.get(one.person.id) != _when(one)
        }
        wanted = set(entry.baseline.get("missing") or entry.action.data["users"])
        return Found({}) if wanted <= asked else Absent()

    def words(self, action: Action) -> str:
        """Whom."""
        return f"ask {names_of(action)} to respond"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """☎ Asked …"""
        said = one_line(str(action.data["message"]), 500)
        return f"☎ Asked {names_of(action)} to respond in PagerDuty: {said}"

    def public(self, action: Action, outcome: Data) -> Data:
        """PagerDuty's ids of the people."""
        return {"users": list(action.data["users"])}


class Invite(ActionKind):
    """Invite people into the incident's channel."""

    name = "invite"
    title = "invite people into the channel"
    service = Source.SLACK
    needs = frozenset({"users", "names"})

    def destination(self, data: Data) -> str:
        """A lane of its own: an invitation that waits must not keep the notes waiting."""
        return "slack:invite"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """There must be a channel that people can be let into, and somebody must be named."""
        if view.case.channel_id is None:
            return "There is no channel yet: open it first."
        slack = view.snapshot.slack
        if slack is not None and slack.channel.archived:
            return f"#{slack.channel.name} is archived: unarchive it in Slack first."
        if "users" in data and not data["users"]:
            return "Whom? Nobody is chosen who is in Slack."
        if slack is not None and data.get("users"):
            members = {one.id for one in slack.members}
            if members.issuperset(data["users"]):
                return f"Already in #{slack.channel.name}."
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Who of them isn't in yet."""
        channel = reach.case.channel_id
        if channel is None:
            raise Held("There is no channel yet.")
        members = {one.id for one in await reach.slack.members(channel)}
        missing = [user for user in action.data["users"] if user not in members]
        if not missing:
            raise Already({})
        return {"missing": missing}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One call."""
        await reach.slack.invite(str(reach.case.channel_id), baseline["missing"])
        return {}

    def words(self, action: Action) -> str:
        """Whom."""
        return f"invite {names_of(action)}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """☎ Invited …"""
        return f"☎ Invited {names_of(action)} into the channel"

    def public(self, action: Action, outcome: Data) -> Data:
        """Slack's ids of the people."""
        return {"users": list(action.data["users"])}


class Assign(Logged):
    """Hand the PagerDuty incident to somebody, in place of whoever has it: that makes them Incident Responder."""

    name = "assign"
    title = "reassign the incident"
    logged = LogKind.ASSIGNED
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

    async def look(self, reach: Reach, action: Action) -> None:
        """Look who has it."""
        await who_has_it(reach, str(action.data["user"]))

    def wrote(self, action: Action, line: LogEntry) -> bool:
        """Assigned to them."""
        return any(one.id == action.data["user"] for one in line.assignees)

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


async def who_has_it(reach: Reach, user: str) -> None:
    """Look who has the incident. Raises `Already` if it is that user alone, `Held` if it is resolved."""
    incident = await reach.pagerduty.incident(reach.incident_id)
    if incident.status is Status.RESOLVED:
        raise Held(f"Not reassigned: #{incident.number} was resolved, and PagerDuty assigns only open incidents.")
    if [one.id for one in incident.assignees] == [user]:
        raise Already({})


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

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look who has it."""
        ticket = await reach.freshdesk.ticket(int(action.data["ticket"]))
        if ticket.deleted:
            raise Held(f"Ticket {ticket.id} was deleted.")
        if ticket.agent is not None and ticket.agent.id == str(action.data["agent"]):
            raise Already({})
        return {"updated": ticket.updated_at.isoformat()}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the agent; that it isn't they proves something only if nothing at all changed on the ticket since."""
        ticket = await reach.freshdesk.ticket(int(entry.action.data["ticket"]))
        if ticket.agent is not None and ticket.agent.id == str(entry.action.data["agent"]):
            return Found({})
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
