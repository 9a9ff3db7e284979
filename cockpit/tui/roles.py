"""Who holds which role, as far as the facts show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.incident.replies import first_name

if TYPE_CHECKING:
    from cockpit.incident.facts import Person, Snapshot
    from cockpit.tui.ink import Line


@dataclass(frozen=True, slots=True)
class Roles:
    """The incident responder, the communication liaison and the tech lead; None where nobody is known."""

    responder: str | None = None
    liaison: str | None = None
    tech_lead: str | None = None

    def spans(self) -> Line:
        """`IR Ana · CL Ben · TL Kim`, with a dash for a role that nobody holds."""
        parts: list[tuple[str, str]] = []
        for letters, name in (("IR", self.responder), ("CL", self.liaison), ("TL", self.tech_lead)):
            if parts:
                parts.append((" · ", "dim"))
            parts += [(f"{letters} ", "dim"), (first_name(name) if name else "–", "plain" if name else "dim")]
        return tuple(parts)


def roles(snapshot: Snapshot, tech_leads: frozenset[str]) -> Roles:
    """IR: PagerDuty's assignee. CL: the agent of the first ticket that has one. TL: a tech lead who is in.

    `tech_leads` are e-mail addresses in lower case.
    """
    responder = liaison = tech_lead = None
    members: list[Person] = []
    if (facts := snapshot.pagerduty) is not None:
        people = facts.incident.assignees or facts.incident.acknowledgers
        if not people:
            # PagerDuty empties both at resolve; the log remembers.
            people = next((entry.assignees for entry in reversed(facts.log_entries) if entry.assignees), ())
        responder = people[0].name if people else None
        members += [r.person for r in facts.responders if r.state != "declined"]
    if snapshot.slack is not None:
        members += snapshot.slack.members
    for ticket in snapshot.tickets:
        if ticket.ticket.agent is not None:
            liaison = ticket.ticket.agent.name
            break
    for person in members:
        if (person.email or "").lower() in tech_leads:
            tech_lead = person.name
            break
    return Roles(responder, liaison, tech_lead)
