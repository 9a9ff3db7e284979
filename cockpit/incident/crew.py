"""Who is in: the roles as PagerDuty, Freshdesk and the channel show them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.incident.facts import Person, Snapshot
from cockpit.incident.incident_history import Shift, incident_history
from cockpit.incident.sensors.registry import People


@dataclass(frozen=True, slots=True)
class Crew:
    """Everybody who is in, by name.

    `responder` is the Incident Responder with the time since; `liaisons` are the tickets' agents; `asked` are the
    people asked to respond, each with PagerDuty's word for how that stands; `channel` are the channel's members.
    """

    responder: Shift | None = None
    liaisons: tuple[str, ...] = ()
    tech_leads: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    channel: tuple[str, ...] = ()


def crew(snapshot: Snapshot, priority: str, people: People) -> Crew:
    """Who is in. `priority` is the process's; `people` tells who leads technically, and who is nobody."""
    facts, slack = snapshot.pagerduty, snapshot.slack
    shift = incident_history(facts, priority, people.placeholders).shift if facts else None
    agents = [held.ticket.agent.name for held in snapshot.tickets if held.ticket.agent and not held.ticket.deleted]
    responders = facts.responders if facts else ()
    members = persons(slack.members) if slack else ()
    present = [*members, *(one.person for one in responders if one.state != "declined")]
    present += facts.incident.assignees if facts else ()
    leads = [one.name for one in present if (one.email or "").lower() in people.tech_leads]
    return Crew(
        responder=shift,
        liaisons=tuple(dict.fromkeys(agents)),
        tech_leads=tuple(dict.fromkeys(leads)),
        asked=tuple((one.person.name, one.state) for one in responders),
        channel=tuple(one.name for one in members),
    )


def persons(members: tuple[Person, ...]) -> tuple[Person, ...]:
    """The people among a channel's members: an app's bot has no address. All, where Slack tells no addresses."""
    known = tuple(one for one in members if one.email)
    return known or members
