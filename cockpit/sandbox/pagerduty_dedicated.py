"""PagerDuty's Slack integration: the channel dedicated to an incident. It wants other headers than the REST API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.exchange import Answer, Call
from cockpit.sandbox.pagerduty import PagerDutyRefusal, invalid_input
from cockpit.sandbox.slack import Channel, SlackRefusal

if TYPE_CHECKING:
    from cockpit.sandbox.pagerduty_values import Incident
    from cockpit.sandbox.world import World

_PATH = re.compile(r"/integration-slack/incidents/([^/]+)/dedicated_channel\Z")


class DedicatedChannel:
    """GET, POST and DELETE of an incident's dedicated channel; only an Owner's or Global Admin's user key may."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, call: Call, user_id: str) -> Answer:
        """Answer a request of the user (the empty string for an account-level key)."""
        account = self.world.pagerduty
        if "application/json" not in call.header("Accept"):
            raise PagerDutyRefusal(406, 2011, "The Accept header has to name application/json")
        if not account.dedicated_channels or not user_id or account.users[user_id].role not in ("owner", "admin"):
            raise PagerDutyRefusal(403, 2010, "Access Denied")
        match = _PATH.match(call.path)
        if match is None:
            raise PagerDutyRefusal(404, 2100, "Not Found")
        incident = account.find(match.group(1))
        if call.method == "GET":
            return Answer(200, {"channel": self._shape(self._existing(incident))})
        if call.method == "POST":
            return self._create(call, incident, user_id)
        if call.method == "DELETE":
            self._existing(incident)
            incident.channel_id = None
            self.world.present.changed()
            return Answer(204)
        raise PagerDutyRefusal(405, 2100, "Method Not Allowed")

    def _existing(self, incident: Incident) -> Channel:
        channel = self.world.slack.channels.get(incident.channel_id or "")
        if channel is None:
            raise PagerDutyRefusal(404, 2100, "Not Found")
        return channel

    def _shape(self, channel: Channel) -> dict[str, Any]:
        slack = self.world.slack
        return {
            "id": channel.id,
            "name": channel.name,
            "slack_team_id": slack.team_id,
            "link": f"{slack.url}archives/{channel.id}",
        }

    def _create(self, call: Call, incident: Incident, user_id: str) -> Answer:
        try:
            body = call.json() if call.has_json() else None
        except ValueError:
            body = None
        wanted = body.get("channel") if isinstance(body, dict) else None
        if not isinstance(wanted, dict):
            raise invalid_input("Channel must be present and an object")
        if wanted.get("slack_team_id") != self.world.slack.team_id:
            raise invalid_input("Slack team is not linked to this account")
        if wanted.get("privacy") not in ("public", "private"):
            raise invalid_input("Privacy must be public or private")
        if incident.channel_id is not None:
            raise PagerDutyRefusal(409, 2001, "Conflict", "The incident has a dedicated channel")
        channel = open_channel(self.world, incident, str(wanted.get("name") or ""), user_id)
        return Answer(201, {"channel": self._shape(channel), "warnings": []})


def channel_name(world: World, incident: Incident) -> str:
    """PagerDuty's own name for an incident's channel: the service's slug cut so that the whole fits 21 characters."""
    ending = f"_inc_{incident.number}"
    service = world.pagerduty.services[incident.service_id].name
    slug = re.sub(r"[^a-z0-9]+", "_", service.lower()).strip("_")
    return slug[: 21 - len(ending)] + ending


def open_channel(world: World, incident: Incident, name: str, user_id: str) -> Channel:
    """Open the dedicated channel, as PagerDuty's app, with who asked and who is assigned in it."""
    slack = world.slack
    app = slack.apps["pagerduty"]
    try:
        channel = slack.create_channel(name or channel_name(world, incident), app.user_id)
    except SlackRefusal as refusal:
        raise invalid_input(f"Slack refused the channel: {refusal.error}") from None
    incident.channel_id = channel.id
    members = {user_id, *(assigned for _, assigned in incident.assignments)}
    for person in world.people.values():
        if person.pagerduty_id in members and person.slack_id is not None:
            slack.join(channel, person.slack_id, inviter=app.user_id)
    link = f"https://{world.pagerduty.subdomain}.pagerduty.com/incidents/{incident.id}"
    text = f"<{link}|#{incident.number}: {incident.title}> is {incident.status}."
    slack.post(channel, app.user_id, text, app=app)
    return channel
