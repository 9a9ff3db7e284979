"""The one kind of action besides notes that happens in Slack: the incident's channel, found or made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import Absent, ActionKind, Already, Data, Found, Held, Reach, Recognition
from cockpit.incident.facts import Channel, Source
from cockpit.incident.process import channel_name
from cockpit.services.errors import Forbidden, Limited, NotFound, Refused, ServiceError

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View


async def find_channel(reach: Reach, name: str | None) -> Channel | None:
    """The incident's channel if it exists: PagerDuty's dedicated one, else the one of that name.

    PagerDuty tells of a dedicated channel only to some users (a user token of an owner or global admin); for the
    others the name decides. Raises a `ServiceError` if Slack can't be asked.
    """
    if reach.pagerduty_service is not None and reach.case.incident_id is not None:
        try:
            dedicated = await reach.pagerduty.dedicated_channel(reach.case.incident_id)
        except ServiceError:
            dedicated = None
        if dedicated is not None:
            return await reach.slack.channel(dedicated.id)
    return await reach.slack.find_channel(name) if name else None


async def _created(reach: Reach, name: str) -> Data:
    """The channel of that name, made by us or, this very moment, by a colleague."""
    try:
        channel = await reach.slack.create_channel(name)
    except Refused as refused:
        theirs = await find_channel(reach, name) if refused.code == "name_taken" else None
        if theirs is None:
            raise
        with suppress(Limited):
            await reach.slack.join(theirs.id)
        return {"id": theirs.id, "name": theirs.name, "adopted": True}
    return {"id": channel.id, "name": channel.name}


class OpenChannel(ActionKind):
    """Create the incident's public channel, or adopt the one that is there; be a member of it."""

    name = "open_channel"
    title = "open the incident's channel"
    service = Source.SLACK

    def destination(self, data: Data) -> str:
        """A lane of its own: notes wait for the channel, so the channel can't wait behind them."""
        return "slack:channel"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The channel's name holds the incident's number, so the incident comes first."""
        if view.case.incident_id is None:
            return "The channel is named after the PagerDuty incident: declare it first."
        if view.case.channel_id is not None:
            return f"The channel is open: #{view.case.channel_name}."
        if any(waiting.kind == self.name for waiting in view.outbox.deliveries):
            return "The channel is being opened already; see the outbox."
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look for one to adopt."""
        incident = await reach.pagerduty.incident(reach.incident_id)
        name = channel_name(reach.process.words, incident.service_name or incident.title, incident.number)
        existing = await find_channel(reach, name)
        if existing is None:
            return {"name": name}
        if existing.archived:
            raise Held(f"#{existing.name} exists and is archived: unarchive it in Slack, then try again.")
        if existing.private:
            raise Held(f"#{existing.name} exists and is private: the process wants a public channel.")
        if not existing.member:
            await reach.slack.join(existing.id)
        raise Already({"id": existing.id, "name": existing.name, "adopted": True})

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """By PagerDuty, so that it knows the channel as the incident's own; where it won't, by Slack."""
        name = str(baseline["name"])
        try:
            identity = await reach.slack.who()
            made = await reach.pagerduty.create_dedicated_channel(reach.incident_id, name, identity.team_id)
        except (Forbidden, NotFound, Refused):
            return await _created(reach, name)
        with suppress(Limited):  # it is made; the channel's reader joins it then
            await reach.slack.join(made.id)
        return {"id": made.id, "name": made.name}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By its name: there was none before, so it is the one that was asked for."""
        try:
            await self.prepare(reach, entry.action)
        except Already as already:
            ours = "name" in entry.baseline
            kept = {name: value for name, value in already.outcome.items() if not (ours and name == "adopted")}
            return Found(kept, "the channel's name")
        return Absent()

    def settle(self, case: Case, action: Action, outcome: Data) -> Case:
        """The case has its channel now."""
        if "id" not in outcome:  # confirmed by hand: the next look finds it by its name
            return case
        return replace(case, channel_id=outcome["id"], channel_name=outcome["name"])

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """# Opened …"""
        verb = "Adopted" if outcome.get("adopted") else "Opened"
        return f"# {verb} the incident's channel #{outcome.get('name', case.channel_name)}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The channel's id."""
        return {"channel": outcome["id"]} if "id" in outcome else {}
