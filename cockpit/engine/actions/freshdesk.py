"""The kinds of action that the community sees: replies to its tickets, and their statuses.

Freshdesk has no idempotency key for replies: one is recognised by its author's side, time and content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import (
    CLOCKS_APART,
    ActionKind,
    Already,
    CantTell,
    Data,
    Found,
    Held,
    Reach,
    Recognition,
)
from cockpit.incident.facts import Source, TicketStatus
from cockpit.incident.markup import markdown_plain, to_html
from cockpit.incident.replies import problems
from cockpit.incident.text import one_line, squash

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View

PURPOSES = {
    "first_response": "first response",
    "update": "update",
    "resolution": "resolution",
    "need_more": "need more information",
    "report_link": "report",
    "plain": "reply",
}
"""How a note names a reply's purpose."""


class _OnTicket(ActionKind):
    """An action on one linked ticket. Each ticket is a lane of its own."""

    service = Source.FRESHDESK
    needs = frozenset({"ticket"})

    def destination(self, data: Data) -> str:
        """The ticket's lane."""
        return f"{Source.FRESHDESK}:{data['ticket']}"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The ticket must be one of the incident's."""
        if not view.snapshot.tickets:
            return "No ticket is linked yet."
        ticket = data.get("ticket")
        if ticket is not None and view.snapshot.ticket(int(ticket)) is None:
            return f"Ticket {ticket} isn't linked to this incident."
        return None

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket's number."""
        return {"ticket": action.data["ticket"]}


class Reply(_OnTicket):
    """A public reply to a ticket's requester, reviewed by a person word by word.

    `body` is light Markdown. `requester_id` and `seen` (the id of the newest conversation that was on the screen)
    bind it to what its writer looked at: if the requester changed or somebody wrote since, it is held back.
    """

    name = "reply"
    title = "reply to the community"
    friction = "review"
    needs = frozenset({"ticket", "purpose", "body", "to", "requester_id", "seen"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The ticket is linked and the text can be sent."""
        if reason := super().impossible(view, data, step):
            return reason
        if "body" in data:
            found = problems(str(data["body"]))
            return found[0] if found else None
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Hold it back if the ticket isn't what it was on the screen."""
        data = action.data
        number = int(data["ticket"])
        ticket = await reach.freshdesk.ticket(number)
        if ticket.deleted:
            raise Held(f"Not sent: ticket {number} was deleted.")
        if ticket.requester.id != data["requester_id"]:
            raise Held(f"Not sent: ticket {number} now belongs to {ticket.requester.name}, not to {data['to']}.")
        conversations = await reach.freshdesk.conversations(number)
        for said in conversations:
            if said.id > int(data["seen"]) and not said.private and str(said.id) not in reach.claimed:
                who = f"{said.author.name} wrote" if said.incoming else f"{said.author.name} replied"
                raise Held(
                    f"Held back: {who} at {said.at:%H:%M} UTC, after you began: “{one_line(said.text, 160)}”. "
                    "Read it, then send again or rewrite."
                )
        return {"newest": max((said.id for said in conversations), default=0)}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        said = await reach.freshdesk.reply(int(action.data["ticket"]), to_html(str(action.data["body"])))
        return {"conversation": said.id}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By content and time among what is newer than the baseline and isn't another action's."""
        number = int(entry.action.data["ticket"])
        wanted = squash(markdown_plain(str(entry.action.data["body"])))
        earliest = (entry.sent_at or entry.changed_at) - CLOCKS_APART
        others = 0
        for said in await reach.freshdesk.conversations(number):
            if (
                said.id <= int(entry.baseline.get("newest", 0))
                or str(said.id) in reach.claimed
                or not said.public_reply
            ):
                continue
            if said.at >= earliest and squash(said.text) == wanted:
                return Found({"conversation": said.id})
            others += 1
        return CantTell(
            f"Ticket {number} shows no reply of these words"
            + (f", but {others} other new {'reply' if others == 1 else 'replies'}" if others else "")
            + "."
        )

    def words(self, action: Action) -> str:
        """What and to which ticket."""
        purpose = PURPOSES.get(str(action.data["purpose"]), "reply")
        return f"{purpose} to ticket {action.data['ticket']} ({action.data['to']})"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✉ Told the community …, and none of the text itself."""
        purpose = PURPOSES.get(str(action.data["purpose"]), "reply")
        confirmed = ", arrival confirmed by hand" if outcome.get("confirmed_by_hand") else ""
        return f"✉ Told the community (ticket {action.data['ticket']}, {purpose}, to {action.data['to']}{confirmed})"

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket, the purpose and Freshdesk's id of the reply."""
        return {
            "ticket": action.data["ticket"],
            "purpose": action.data["purpose"],
            **({"conversation": outcome["conversation"]} if "conversation" in outcome else {}),
        }


class _SetTicketStatus(_OnTicket):
    """Set a ticket's status."""

    status: int

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look what it is now."""
        ticket = await reach.freshdesk.ticket(int(action.data["ticket"]))
        if ticket.deleted:
            raise Held(f"Ticket {ticket.id} was deleted.")
        if ticket.status == self.status:
            raise Already({})
        return {"before": ticket.status}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.freshdesk.set_status(int(action.data["ticket"]), self.status)
        return {}


class ResolveTicket(_SetTicketStatus):
    """Resolve a ticket: status 4, which sends the satisfaction survey; *closed* doesn't."""

    name = "resolve_ticket"
    title = "resolve the ticket"
    friction = "confirm"
    status = TicketStatus.RESOLVED

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Once is enough."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.ticket(int(data["ticket"])) if "ticket" in data else None
        if facts is not None and facts.ticket.status == TicketStatus.RESOLVED:
            return f"Ticket {facts.ticket.id} is resolved already."
        return None

    def words(self, action: Action) -> str:
        """Which ticket."""
        return f"resolve ticket {action.data['ticket']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✔ Resolved ticket …"""
        return f"✔ Resolved ticket {action.data['ticket']}"


class ReopenTicket(_SetTicketStatus):
    """Open a resolved ticket again."""

    name = "reopen_ticket"
    title = "reopen the ticket"
    friction = "confirm"
    status = TicketStatus.OPEN

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Only a resolved or closed ticket is reopened."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.ticket(int(data["ticket"])) if "ticket" in data else None
        if facts is not None and facts.ticket.status not in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            return f"Ticket {facts.ticket.id} is open."
        return None

    def words(self, action: Action) -> str:
        """Which ticket."""
        return f"reopen ticket {action.data['ticket']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """↺ Reopened ticket …"""
        return f"↺ Reopened ticket {action.data['ticket']}"
