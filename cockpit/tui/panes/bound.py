"""What a reply was begun for. Whatever changes behind it until it goes is told in its review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.incident.facts import Conversation, Snapshot, Status, TicketFacts
from cockpit.incident.guards import Finding
from cockpit.incident.replies import Purpose

UNDER_WAY = {Purpose.FIRST_RESPONSE: "a first response", Purpose.UPDATE: "an update"}
"""What a reply is while the incident goes on. Nobody should read that we look into what is over."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The requester to whom a text was begun, and the newest that had been said in the ticket then (by its id)."""

    requester_id: str
    requester: str
    seen: int

    @classmethod
    def to(cls, facts: TicketFacts) -> Bound:
        """Bound to the ticket as it is on the screen."""
        who = facts.ticket.requester
        return cls(who.id, who.name, max((piece.id for piece in facts.conversations), default=0))

    @classmethod
    def of_draft(cls, data: Mapping[str, Any]) -> Bound | None:
        """As kept with a draft; None where it wasn't."""
        if not {"requester_id", "requester", "seen"} <= data.keys():
            return None
        return cls(str(data["requester_id"]), str(data["requester"]), int(data["seen"]))

    def as_data(self) -> dict[str, Any]:
        """What is kept with the draft."""
        return {"requester_id": self.requester_id, "requester": self.requester, "seen": self.seen}

    def findings(self, facts: TicketFacts) -> tuple[Finding, ...]:
        """Whether the ticket has become somebody else's."""
        who = facts.ticket.requester
        if who.id == self.requester_id:
            return ()
        words = f"Begun to {self.requester}, but ticket {facts.ticket.id} is {who.name}'s now: this would go to them."
        return (Finding(f"requester:{who.id}", words),)

    def news(self, facts: TicketFacts) -> tuple[Conversation, ...]:
        """What was said in public since."""
        return tuple(piece for piece in facts.conversations if piece.id > self.seen and not piece.private)


def overtaken(purpose: Purpose, snapshot: Snapshot) -> tuple[Finding, ...]:
    """Whether the incident came to its end since the text was begun."""
    facts = snapshot.pagerduty
    if purpose not in UNDER_WAY or facts is None or facts.incident.status is not Status.RESOLVED:
        return ()
    words = f"It is {UNDER_WAY[purpose]}, but the incident is resolved. ctrl+t in the text begins another one."
    return (Finding("resolved", words),)
