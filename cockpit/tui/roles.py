"""Who holds which role, as far as the facts show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.incident.incident_history import nobodies
from cockpit.incident.process import LEAD
from cockpit.incident.replies import first_name

if TYPE_CHECKING:
    from cockpit.incident.facts import Person, Snapshot
    from cockpit.incident.process import Parts
    from cockpit.tui.ink import Line


@dataclass(frozen=True, slots=True)
class Roles:
    """Who has the incident, who has its tickets, who leads technically; None where nobody is known."""

    responder: str | None = None
    liaison: str | None = None
    tech_lead: str | None = None

    def named(self, parts: Parts) -> tuple[tuple[str, str | None], ...]:
        """Each role's short word and who holds it. The lead's is there if the process has one, or somebody is."""
        lead = parts.lead or (LEAD if self.tech_lead else None)
        held = ((parts.responder, self.responder), (parts.liaison, self.liaison), (lead, self.tech_lead))
        return tuple((role.short, name) for role, name in held if role is not None)

    def spans(self, parts: Parts) -> Line:
        """`IR Ana · CL Ben · TL Kim`, in the process's words, with a dash for a role that nobody holds."""
        spans: list[tuple[str, str]] = []
        for short, name in self.named(parts):
            if spans:
                spans.append((" · ", "dim"))
            spans += [(f"{short} ", "dim"), (first_name(name) if name else "–", "plain" if name else "dim")]
        return tuple(spans)


def roles(snapshot: Snapshot, tech_leads: frozenset[str], placeholders: frozenset[str]) -> Roles:
    """PagerDuty's assignee; the agent of the first ticket that has one; a tech lead who is in.

    `tech_leads` and `placeholders`, who hold a rota but are nobody, are e-mail addresses in lower case.
    """
    responder = liaison = tech_lead = None
    members: list[Person] = []
    if (facts := snapshot.pagerduty) is not None:
        people = facts.incident.assignees or facts.incident.acknowledgers
        if not people:
            # PagerDuty empties both at resolve; the log remembers.
            people = next((entry.assignees for entry in reversed(facts.log_entries) if entry.assignees), ())
        nobody = nobodies(facts, placeholders)
        responder = next((person.name for person in people if person.id not in nobody), None)
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
