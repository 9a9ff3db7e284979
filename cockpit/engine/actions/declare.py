"""Declaring the incident: creating it in PagerDuty.

Fact of the wire used here: `incident_key` lets a second open incident of the same key be refused.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import Absent, ActionKind, Already, Data, Found, Held, Reach, Recognition
from cockpit.incident.facts import Source
from cockpit.incident.text import one_line
from cockpit.services.errors import Refused

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View


class Declare(ActionKind):
    """Create the incident in PagerDuty, with its priority and the ticket's link in the description.

    `incident_key` is made of the action's id: a second attempt of the same action can't make a second incident.
    """

    name = "declare"
    title = "declare the incident in PagerDuty"
    friction = "review"
    service = Source.PAGERDUTY
    needs = frozenset({"title", "service_id"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """One incident to a case."""
        if view.case.incident_id is not None:
            return f"The incident is declared already: #{view.case.number}."
        if any(waiting.kind == self.name for waiting in view.outbox.deliveries):
            return "A declaration is on its way already; see the outbox."
        if "title" in data and not str(data["title"]).strip():
            return "An incident needs a title."
        return None

    @staticmethod
    def key(action: Action) -> str:
        """The `incident_key` of that declaration."""
        return f"cockpit-{action.id}"

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look whether an earlier attempt made it, and whether a colleague has declared one for the same ticket."""
        existing = await reach.pagerduty.find_by_key(self.key(action))
        if existing is not None:
            raise Already({"id": existing.id, "number": existing.number})
        wanted = _tickets(str(action.data.get("body") or ""))
        for other in await reach.pagerduty.open_incidents() if wanted else ():
            if wanted & _tickets(other.description):
                raise Held(
                    f"Not declared: #{other.number} “{one_line(other.title, 80)}” was declared for the same ticket at "
                    f"{other.created_at:%H:%M} UTC. Open it with `cockpit {other.number}`; if this is another outage, "
                    "declare it without that ticket."
                )
        return {}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        try:
            incident = await reach.pagerduty.create(
                title=str(action.data["title"]),
                service_id=str(action.data["service_id"]),
                priority=reach.process.words.priority,
                body=str(action.data.get("body") or ""),
                key=self.key(action),
            )
        except Refused:
            # Its key is taken where an earlier attempt arrived after all, later than anyone looked.
            existing = await reach.pagerduty.find_by_key(self.key(action))
            if existing is None:
                raise
            incident = existing
        return {"id": incident.id, "number": incident.number}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By its `incident_key`."""
        existing = await reach.pagerduty.find_by_key(self.key(entry.action))
        if existing is None:
            return Absent()
        return Found({"id": existing.id, "number": existing.number}, "its key in PagerDuty")

    def settle(self, case: Case, action: Action, outcome: Data) -> Case:
        """The case has its incident now."""
        if "id" not in outcome:  # confirmed by hand: which one it is, `Desk.find` tells
            return case
        return replace(case, incident_id=outcome["id"], number=outcome["number"], title=str(action.data["title"]))

    def words(self, action: Action) -> str:
        """Its title."""
        return f"declare “{one_line(str(action.data['title']), 40)}”"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """⚑ Declared …"""
        return f"⚑ Declared PagerDuty incident #{outcome.get('number', case.number)}: {action.data['title']}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The incident's id and number."""
        return {name: outcome[name] for name in ("id", "number") if name in outcome}


def _tickets(text: str) -> set[str]:
    """The addresses of tickets in an incident's description."""
    return set(re.findall(r"https?://\S+/tickets/\d+", text))
