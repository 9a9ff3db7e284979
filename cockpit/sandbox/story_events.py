"""The kinds of event that a scenario may hold, each a function of the story and the event's table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.pagerduty_dedicated import open_channel
from cockpit.sandbox.slack import App

if TYPE_CHECKING:
    from cockpit.sandbox.pagerduty_values import Agent, Incident
    from cockpit.sandbox.slack import Channel, Message
    from cockpit.sandbox.story import Story

Details = Mapping[str, Any]
_WEB = {"type": "website"}
_EVENTS_API = {"type": "api", "summary": "Events API"}

WEBHOOK = App(id="", bot_id="B0WEBHOOK00", user_id="", name="incoming-webhook", token="", scopes=[])
"""An incoming webhook of the old kind: no app, no bot user, no token; Slack gives it a bot id and nothing more."""


def _agent(story: Story, details: Details, incident: Incident) -> Agent:
    """Who acts on an incident: a person, or the service's robot for `by = "bot"`."""
    if details["by"] == "bot":
        return story.world.pagerduty.robot(incident.service_id)
    return story.world.pagerduty.agent(story.person(details["by"]).pagerduty_id)


def _service_id(story: Story, name: str) -> str:
    for service in story.world.pagerduty.services.values():
        if service.name == name:
            return service.id
    raise KeyError(name)


def _alert(story: Story, details: Details) -> None:
    """An alert fires: it opens its incident, or joins it while that is open."""
    account = story.world.pagerduty
    key = str(details.get("incident", "main"))
    incident = story.incidents.get(key)
    title, alert_key = story.text(details, "title"), str(details.get("alert", key))
    if incident is None or incident.status == "resolved":
        service_id = _service_id(story, details["service"])
        robot = account.robot(service_id)
        incident = account.trigger(service_id, title, robot, _EVENTS_API, key=alert_key, number=details.get("number"))
        story.incidents[key] = incident
    story.alerts[alert_key] = account.add_alert(
        incident, title, alert_key, details.get("severity", "critical"), dict(details.get("body", {}))
    )


def _alert_resolves(story: Story, details: Details) -> None:
    story.world.pagerduty.resolve_alert(story.incident(details), story.alerts[details["alert"]])


def _acknowledge(story: Story, details: Details) -> None:
    user_id = story.person(details["by"]).pagerduty_id
    story.world.pagerduty.acknowledge(story.incident(details), user_id, _WEB)


def _reassign(story: Story, details: Details) -> None:
    incident = story.incident(details)
    if incident.status != "resolved":
        people = [story.person(details["to"]).pagerduty_id]
        story.world.pagerduty.assign(incident, people, _agent(story, details, incident), _WEB)


def _priority(story: Story, details: Details) -> None:
    account, incident = story.world.pagerduty, story.incident(details)
    names = {priority.name: priority.id for priority in account.priorities.values()}
    wanted = names[details["priority"]] if details["priority"] else None
    account.prioritise(incident, wanted, _agent(story, details, incident), _WEB)


def _resolve(story: Story, details: Details) -> None:
    incident = story.incident(details)
    if incident.status != "resolved":
        agent = _agent(story, details, incident)
        channel = _EVENTS_API if details["by"] == "bot" else _WEB
        story.world.pagerduty.resolve(incident, agent, channel)


def _reopen(story: Story, details: Details) -> None:
    incident = story.incident(details)
    if incident.status == "resolved":
        story.world.pagerduty.reopen(incident, _agent(story, details, incident), _WEB)


def _note(story: Story, details: Details) -> None:
    incident = story.incident(details)
    story.world.pagerduty.note(incident, _agent(story, details, incident), story.text(details))


def _service(story: Story, details: Details) -> None:
    incident = story.incident(details)
    service_id = _service_id(story, details["service"])
    story.world.pagerduty.move(incident, service_id, _agent(story, details, incident), _WEB)


def _request_responder(story: Story, details: Details) -> None:
    incident = story.incident(details)
    wanted = story.person(details["who"]).pagerduty_id
    agent = story.world.pagerduty.agent(story.person(details["by"]).pagerduty_id)
    text = str(details.get("text", "Please help"))
    story.world.pagerduty.request_responder(incident, ("user", wanted), [wanted], agent, text)


def _respond(story: Story, details: Details) -> None:
    """Somebody answers the request to respond: `state` is `joined` or `declined`."""
    user_id = story.person(details["by"]).pagerduty_id
    for responder in story.incident(details).responders:
        if responder.user_id == user_id:
            responder.state = details.get("state", "joined")
            story.world.present.changed()


def _open_channel(story: Story, details: Details) -> None:
    incident = story.incident(details)
    if story.channel(str(details.get("incident", "main"))) is None:
        open_channel(story.world, incident, "", story.person(details["by"]).pagerduty_id)


def _ticket(story: Story, details: Details) -> None:
    story.tickets[str(details.get("ticket", "main"))] = story.world.freshdesk.open_ticket(
        story.contact_id(details["by"]), story.text(details, "subject"), story.text(details),
        number=details.get("number"), tags=list(details.get("tags", [])),
    )  # fmt: skip


def _ticket_reply(story: Story, details: Details) -> None:
    ticket = story.ticket(details)
    story.world.freshdesk.hear(ticket, story.contact_id(details["by"]), story.text(details))


def _agent_reply(story: Story, details: Details) -> None:
    agent_id = story.person(details["by"]).agent_id
    if agent_id is not None:
        story.world.freshdesk.reply(story.ticket(details), agent_id, story.text(details))


def _private_note(story: Story, details: Details) -> None:
    agent_id = story.person(details["by"]).agent_id
    if agent_id is not None:
        story.world.freshdesk.note(story.ticket(details), agent_id, story.text(details), private=True)


def _ticket_agent(story: Story, details: Details) -> None:
    ticket = story.ticket(details)
    ticket.responder_id = story.person(details["to"]).agent_id
    story.world.freshdesk.touch(ticket)


def _ticket_status(story: Story, details: Details) -> None:
    story.world.freshdesk.set_status(story.ticket(details), int(details["status"]))


def _ticket_merged(story: Story, details: Details) -> None:
    agent_id = story.person(details["by"]).agent_id
    if agent_id is not None:
        story.world.freshdesk.merge(story.ticket(details), story.tickets[details["into"]], agent_id)


def _ticket_gone(story: Story, details: Details) -> None:
    story.world.freshdesk.discard(story.ticket(details), spam=bool(details.get("spam", False)))


def _channel(story: Story, details: Details) -> Channel:
    channel = story.channel(str(details.get("incident", "main")))
    if channel is None:
        raise KeyError("channel")
    return channel


def _slack_id(story: Story, key: str) -> str:
    slack_id = story.person(key).slack_id
    if slack_id is None:
        raise KeyError(key)
    return slack_id


def _message(story: Story, channel: Channel, key: str) -> Message | None:
    """A message by its key in the story, or the channel's `latest` that somebody wrote; None if it isn't there."""
    if key != "latest":
        return story.messages.get(key)
    written = [one for one in channel.messages if one.subtype is None and one.thread_ts is None and not one.deleted]
    return written[-1] if written else None


def _post(story: Story, details: Details) -> None:
    """Somebody writes, in the channel or with `thread` in a thread; who isn't in the channel yet joins it.

    With `through` it is posted by an app of that name, with the person's token; only so it can carry `metadata`. With
    `username` it is shown under that name and as nobody's. Through `webhook` it comes from an integration that is no
    app: a bot without one.
    """
    slack, channel = story.world.slack, _channel(story, details)
    if channel.is_archived:
        return
    author = _slack_id(story, details["by"])
    slack.join(channel, author)
    thread = details.get("thread")
    parent = _message(story, channel, thread) if thread is not None else None
    through = details.get("through")
    app = None if through is None else WEBHOOK if through == "webhook" else slack.apps[through]
    metadata = details.get("metadata") if app is not None else None
    message = slack.post(
        channel, author, story.text(details), thread_ts=parent.ts if parent is not None else None,
        broadcast=bool(details.get("broadcast", False)), app=app, username=details.get("username"), metadata=metadata,
    )  # fmt: skip
    if "key" in details:
        story.messages[details["key"]] = message


def _edit(story: Story, details: Details) -> None:
    channel = _channel(story, details)
    message = _message(story, channel, details["message"])
    if message is not None and not channel.is_archived:
        story.world.slack.edit(channel, message, story.text(details), message.user)


def _delete(story: Story, details: Details) -> None:
    channel = _channel(story, details)
    message = _message(story, channel, details["message"])
    if message is not None and not channel.is_archived:
        story.world.slack.delete(channel, message)


def _join(story: Story, details: Details) -> None:
    channel = _channel(story, details)
    if not channel.is_archived:
        story.world.slack.join(channel, _slack_id(story, details["by"]))


def _archive(story: Story, details: Details) -> None:
    channel = _channel(story, details)
    if not channel.is_archived:
        story.world.slack.archive(channel, _slack_id(story, details["by"]))


KINDS: dict[str, Callable[[Story, Details], None]] = {
    "alert": _alert,
    "alert_resolves": _alert_resolves,
    "acknowledge": _acknowledge,
    "reassign": _reassign,
    "priority": _priority,
    "resolve": _resolve,
    "reopen": _reopen,
    "note": _note,
    "service": _service,
    "request_responder": _request_responder,
    "respond": _respond,
    "open_channel": _open_channel,
    "ticket": _ticket,
    "ticket_reply": _ticket_reply,
    "agent_reply": _agent_reply,
    "private_note": _private_note,
    "ticket_agent": _ticket_agent,
    "ticket_status": _ticket_status,
    "ticket_merged": _ticket_merged,
    "ticket_gone": _ticket_gone,
    "post": _post,
    "edit": _edit,
    "delete": _delete,
    "join": _join,
    "archive": _archive,
}
"""What may happen, by name."""

CHANNEL_KINDS = {"post", "edit", "delete", "join", "archive"}
"""What waits until the incident's channel exists."""
