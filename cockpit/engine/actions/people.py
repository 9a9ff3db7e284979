"""The kinds of action that bring people in: responder requests and invitations into the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import Absent, ActionKind, Data, Found, Held, Reach, Recognition
from cockpit.engine.actions.logged import OnIncident
from cockpit.incident.facts import Source, Status
from cockpit.incident.text import one_line
from cockpit.services.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Collection

    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import Responder

PAYMENT_REQUIRED = 402
"""PagerDuty's answer where the account's plan lacks an ability."""


def _when(responder: Responder) -> str | None:
    return responder.at.isoformat() if responder.at else None


def names_of(action: Action, users: Collection[str] | None = None) -> str:
    """The people whom an action is about, or those of them who have these ids."""
    people = zip(action.data["users"], action.data["names"], strict=True)
    return ", ".join(str(name) for user, name in people if users is None or user in users)


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
            raise Held(f"Nobody was asked: {names_of(action)} {_been(action)} asked already.")
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
        return {"asked": baseline["missing"]}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the incident's responders; one who had declined counts when they were asked anew."""
        _, responders = await reach.pagerduty.details(reach.incident_id)
        before = entry.baseline.get("declined", {})
        asked = {
            one.person.id for one in responders if one.state != "declined" or before.get(one.person.id) != _when(one)
        }
        wanted = set(entry.baseline.get("missing") or entry.action.data["users"])
        return Found({"asked": sorted(wanted)}, "PagerDuty's list of responders") if wanted <= asked else Absent()

    def words(self, action: Action) -> str:
        """Whom."""
        return f"ask {names_of(action)} to respond"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """☎ Asked …"""
        said = one_line(str(action.data["message"]), 500)
        return f"☎ Asked {names_of(action, outcome.get('asked'))} to respond in PagerDuty: {said}"

    def public(self, action: Action, outcome: Data) -> Data:
        """PagerDuty's ids of the people."""
        return {"users": list(outcome.get("asked", action.data["users"]))}


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
            raise Held(f"Nobody was invited: {names_of(action)} {_been(action)} in the channel already.")
        return {"missing": missing}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One call."""
        await reach.slack.invite(str(reach.case.channel_id), baseline["missing"])
        return {"invited": baseline["missing"]}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the channel's members."""
        if reach.case.channel_id is None:
            raise Held("There is no channel yet.")
        members = {one.id for one in await reach.slack.members(reach.case.channel_id)}
        wanted = set(entry.baseline.get("missing") or entry.action.data["users"])
        return Found({"invited": sorted(wanted)}, "the channel's members") if wanted <= members else Absent()

    def words(self, action: Action) -> str:
        """Whom."""
        return f"invite {names_of(action)}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """☎ Invited …"""
        return f"☎ Invited {names_of(action, outcome.get('invited'))} into the channel"

    def public(self, action: Action, outcome: Data) -> Data:
        """Slack's ids of the people."""
        return {"users": list(outcome.get("invited", action.data["users"]))}


def _been(action: Action) -> str:
    return "is" if len(action.data["users"]) == 1 else "are"
